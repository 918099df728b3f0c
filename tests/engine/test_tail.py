"""A log follows the instances of its services: those that are there, that come, that end and that run again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.board.model import Phase
from cockpit.board.update import Gone
from cockpit.engine.instancelog import KNOWN_WITHIN
from cockpit.engine.streams import MAX_STREAMS
from cockpit.logs.line import Level, LogRequest, RawLine
from tests.engine.fakes import START, instance, raw, workload
from tests.engine.stage import exited, stage

ONE, TWO = instance("web", 1), instance("web", 2)


async def test_instances_of_a_service_are_merged_by_time() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        on.feed("web-1", raw(1, "one"))
        on.feed("web-1", raw(3, "three ERROR"))
        on.feed("web-2", raw(2, "two"))
        await on.write("web-2", raw(4, "four"))
        assert on.texts(tail) == ["one", "two", "three ERROR", "four"]
        assert [line.source for line in on.lines(tail)] == ["web-1", "web-2", "web-1", "web-2"]
        assert on.lines(tail)[2].level is Level.ERROR
        assert on.status(tail).sources == ("web-1", "web-2")
        assert on.status(tail).following


async def test_several_services_and_single_instances_share_a_log() -> None:
    async with stage(workload("web", ONE, TWO), workload("db", instance("db")), workload("api", instance("api"))) as on:
        tail = await on.open("web", instances=(instance("api").id,))
        on.feed("api-1", raw(1, "api"))
        on.feed("db-1", raw(2, "db"))
        await on.write("web-1", raw(3, "web"))
        assert on.texts(tail) == ["api", "web"]


async def test_one_instance_alone_is_not_held_back() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "now"), wait=0)
        assert on.texts(tail) == ["now"]


async def test_an_exit_is_told_with_its_time_and_that_nothing_writes_any_more() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "last words"), None)
        on.put("web", exited(ONE, 137, 2))
        await on.clock.advance(1)
        assert on.texts(tail) == [
            "last words",
            "--- web-1 ended: exit 137 (SIGKILL); nothing is writing any more ---",
        ]
        said = on.lines(tail)[1]
        assert (said.note, said.at, said.level) == (True, START + timedelta(seconds=2), Level.UNKNOWN)
        assert not on.status(tail).following


async def test_an_exit_that_the_board_knows_first_is_told_after_the_last_lines() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        on.put("web", exited(ONE, 1, 2, oom_killed=True), TWO)
        await on.write("web-1", raw(1.9, "last words"), None, wait=1)
        assert on.texts(tail) == ["last words", "--- web-1 ended: OOM killed, 1 ---"]


async def test_an_end_is_told_once_also_where_the_stream_stays_open() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        for restarts in (1, 2, 3):
            on.put("web", exited(ONE, 3, 2, restarts=restarts))
            await on.clock.advance(6)
        assert on.texts(tail) == ["--- web-1 ended: exit 3; nothing is writing any more ---"]
        assert on.source.open_streams == 1


async def test_a_run_that_was_over_before_is_read_and_its_end_told() -> None:
    async with stage(workload("web", exited(ONE, 0, -3600))) as on:
        on.feed("web-1", raw(-3601, "old"))
        on.feed("web-1", None)
        tail = await on.open()
        await on.clock.advance(1)
        assert on.texts(tail) == ["old", "--- web-1 ended: exit 0; nothing is writing any more ---"]


async def test_an_instance_restarted_in_place_is_followed_on_without_repetition() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "first run"), None)
        on.put("web", exited(ONE, 1, 2))
        await on.clock.advance(1)
        on.put("web", replace(ONE, started_at=START + timedelta(seconds=3)))
        await on.write("web-1", raw(1, "first run"), raw(4, "second run"), wait=1)
        assert on.texts(tail) == [
            "first run",
            "--- web-1 ended: exit 1; nothing is writing any more ---",
            "--- web-1 runs again ---",
            "second run",
        ]
        assert on.source.requests[1].since == START + timedelta(seconds=0.999)
        assert on.status(tail).following


async def test_a_restart_too_quick_for_the_board_to_see_the_end_is_one_note() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "first run"), None, wait=0.1)
        on.put("web", replace(ONE, started_at=START + timedelta(seconds=3)))
        await on.write("web-1", raw(4, "second run"), wait=1)
        assert on.texts(tail) == ["first run", "--- web-1 was restarted ---", "second run"]


async def test_a_crash_loop_is_read_run_by_run_also_when_no_look_finds_it_running() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        for run in (1, 2, 3):
            await on.write("web-1", raw(run * 10, f"run {run}"), None)
            at = START + timedelta(seconds=run * 10)
            on.put("web", replace(exited(ONE, 1, run * 10 + 1), phase=Phase.RESTARTING, started_at=at))
            await on.clock.advance(1)
        runs = [text for text in on.texts(tail) if text.startswith("run")]
        assert runs == ["run 1", "run 2", "run 3"]


async def test_a_new_instance_is_followed_and_a_removed_one_let_go() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "old container"))
        on.put("web", TWO)
        await on.write("web-2", raw(2, "new container"), wait=8)
        assert on.texts(tail) == ["old container", "--- web-1 is gone ---", "new container"]
        assert on.source.open_streams == 1


async def test_an_instance_that_is_only_created_is_opened_when_it_starts() -> None:
    async with stage(workload("web", replace(ONE, phase=Phase.CREATED, started_at=None))) as on:
        tail = await on.open()
        assert on.source.requests == []
        on.put("web", ONE)
        await on.write("web-1", raw(1, "up"))
        assert on.texts(tail) == ["up"]


async def test_a_stream_that_ends_while_the_board_says_running_is_opened_again() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "one"), None, wait=KNOWN_WITHIN + 1)
        await on.write("web-1", raw(1, "one"), raw(2, "two"), wait=1)
        assert on.texts(tail) == [
            "one",
            "--- log interrupted: the stream ended although it still runs ---",
            "--- reconnected: nothing lost, nothing twice ---",
            "two",
        ]


async def test_a_break_is_told_in_the_log_and_nothing_comes_twice() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "one"), SourceError("daemon gone"), wait=2)
        await on.write("web-1", raw(1, "one"), raw(5, "two"), wait=1)
        assert on.texts(tail) == [
            "one",
            "--- log interrupted: daemon gone ---",
            "--- reconnected: nothing lost, nothing twice ---",
            "two",
        ]


async def test_the_log_of_an_ended_instance_that_cannot_be_read_is_given_up() -> None:
    async with stage(workload("web", exited(ONE, 1, -5))) as on:
        for _ in range(20):
            on.feed("web-1", SourceError("the log of web-1 cannot be read here"))
        tail = await on.open()
        await on.clock.advance(300)
        assert len(on.source.requests) == 6
        assert on.texts(tail)[-1] == "--- log not read to its end: the log of web-1 cannot be read here ---"


async def test_the_run_before_is_a_window_that_ends_with_the_present_start() -> None:
    started = START + timedelta(seconds=100)
    async with stage(workload("web", replace(ONE, started_at=started))) as on:
        tail = await on.open(previous=True)
        (request,) = on.source.requests
        assert (request.previous, request.follow, request.until, request.tail) == (True, False, started, None)
        await on.write("web-1", raw(50, "before"), None, wait=5)
        assert on.texts(tail) == ["before"]
        on.put("web", replace(ONE, started_at=started + timedelta(seconds=9)))
        await on.clock.advance(1)
        assert len(on.source.requests) == 1


async def test_an_absolute_window_is_read_once_and_not_followed() -> None:
    since, until = START - timedelta(hours=2), START - timedelta(hours=1)
    async with stage(workload("web", ONE)) as on:
        tail = await on.open(since=since, until=until)
        (request,) = on.source.requests
        assert request == LogRequest(instance=ONE.id, since=since, until=until, tail=None, follow=False)
        await on.write("web-1", raw(-5000, "then"), None, wait=5)
        assert on.texts(tail) == ["then"]
        assert not on.status(tail).following
        assert len(on.source.requests) == 1


async def test_presets_count_back_from_when_the_log_was_opened() -> None:
    async with stage(workload("web", ONE)) as on:
        await on.clock.advance(60)
        await on.open(since_seconds=30.0, tail=None)
        await on.open(since_seconds=None, tail=None)
        first, second = on.source.requests
        assert (first.since, first.tail, first.follow) == (START + timedelta(seconds=30), None, True)
        assert (second.since, second.tail) == (None, 10_000)


async def test_losses_and_notes_of_a_backend_stand_where_they_happened() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        lines = [
            raw(1, "one"),
            replace(raw(2, "two"), lost=1200),
            replace(raw(3, "three"), note="the file was rotated"),
        ]
        await on.write("web-1", *lines)
        assert on.texts(tail) == [
            "one",
            "--- 1200 lines are missing here: they came faster than they were read ---",
            "two",
            "--- the file was rotated ---",
            "three",
        ]
        assert on.status(tail).lost == 1200


async def test_more_instances_than_can_be_followed_are_said() -> None:
    dead = [exited(instance("web", n), 1, -n) for n in range(1, 21)]
    alive = [instance("web", n) for n in range(21, 81)]
    async with stage(workload("web", *dead, *alive)) as on:
        tail = await on.open()
        assert len(on.source.requests) == MAX_STREAMS
        assert {request.instance for request in on.source.requests} <= {one.id for one in alive}
        assert on.status(tail).error == "50 of 80 instances are read, the most that one log can follow"
        on.put("web", *alive[:10], *dead)
        await on.clock.advance(8)
        assert on.status(tail).error == ""


async def test_secrets_are_masked_in_lines_and_notes() -> None:
    async with stage(workload("web", ONE), mask=lambda text: text.replace("hunter2", "***")) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, "password is hunter2"), SourceError("no route to hunter2"), wait=0.3)
        assert on.texts(tail) == ["password is ***", "--- log interrupted: no route to *** ---"]


async def test_declared_files_are_further_streams_of_a_service() -> None:
    asked: list[LogRequest] = []
    queue: asyncio.Queue[Sequence[RawLine]] = asyncio.Queue()

    async def read(request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        asked.append(request)
        while True:
            yield await queue.get()

    async with stage(workload("web", ONE), files=read, web="/var/log/web/app.log", db="/var/log/db.log") as on:
        tail = await on.open()
        assert [request.instance.instance for request in asked] == ["/var/log/web/app.log"]
        queue.put_nowait([raw(2, "from the file"), RawLine(None, "", b"  and its trace")])
        await on.write("web-1", raw(1, "from the container"), raw(3, "again"))
        assert on.texts(tail) == ["from the container", "from the file", "  and its trace", "again"]
        assert on.status(tail).sources == ("web-1", "app")


async def test_a_closed_log_lets_go_of_every_stream() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        assert on.source.open_streams == 2
        await on.tails.close_one(tail)
        assert on.source.open_streams == 0
        on.put("web", ONE, TWO, instance("web", 3))
        await on.clock.advance(1)
        assert len(on.source.requests) == 2


async def test_a_workload_that_goes_takes_its_streams_along() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        on.emit(Gone(source="fake", at=on.clock.now(), id=ONE.id.workload))
        await on.clock.advance(8)
        assert on.texts(tail) == ["--- web-1 is gone ---"]
        assert on.source.open_streams == 0


@pytest.mark.parametrize("text", ["\x1b]0;x\x07[/]", "\x9b31m\u202e", "[@click=app.quit]"])
async def test_hostile_lines_are_safe_and_stay_text(text: str) -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        await on.write("web-1", raw(1, f"a {text} b"))
        (line,) = on.lines(tail)
        assert line.text.isprintable()
        assert line.text.startswith("a ")
        assert line.text.endswith(" b")


async def test_what_prepares_an_instance_is_read_before_it_starts() -> None:
    waits = replace(ONE, phase=Phase.PENDING, started_at=None)
    prepares = replace(waits, preparing_at=START)
    async with stage(workload("web", waits)) as on:
        tail = await on.open()
        assert not on.source.requests
        on.put("web", prepares)
        await on.clock.advance(1)
        await on.write("web-1", raw(1, "migrating"), None)
        await on.clock.advance(KNOWN_WITHIN + 1)
        assert on.source.open_streams == 0
        on.put("web", replace(prepares, preparing_at=START + timedelta(seconds=8)))
        await on.write("web-1", raw(9, "migrating again"), None, wait=1)
        on.put("web", replace(ONE, started_at=START + timedelta(seconds=12)))
        await on.write("web-1", raw(13, "up"), wait=1)
        assert on.texts(tail) == ["migrating", "migrating again", "up"]


async def test_containers_of_one_instance_are_merged_by_time() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        for part, seconds in (("app", (1, 3)), ("mesh", (2, 4))):
            for second in seconds:
                on.feed("web-1", replace(raw(second, f"{part} {second}"), part=part))
        await on.clock.advance(1)
        assert on.texts(tail) == ["app 1", "mesh 2", "app 3", "mesh 4"]
