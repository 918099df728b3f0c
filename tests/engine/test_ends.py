"""How runs end, in the log: each end where it belongs in time, and only the last one has left nobody."""

from datetime import timedelta

from msgspec.structs import replace

from cockpit.board.model import Phase
from cockpit.engine.streams import MAX_STREAMS
from tests.engine.fakes import START, instance, raw, workload
from tests.engine.stage import exited, stage

ONE, TWO = instance("web", 1), instance("web", 2)


async def test_a_log_that_is_opened_after_all_have_ended_stands_in_order_of_time() -> None:
    async with stage(workload("web", exited(ONE, 3, 10), exited(TWO, 0, 20))) as on:
        for second in (8, 9):
            on.feed("web-1", raw(second, f"one {second}"))
        on.feed("web-1", None)
        tail = await on.open()
        await on.clock.advance(2)
        assert on.texts(tail) == []
        # The other's log comes two seconds later, and began before.
        await on.write("web-2", raw(5, "two 5"), raw(18, "two 18"), None, wait=2)
        assert on.texts(tail) == [
            "two 5",
            "one 8",
            "one 9",
            "--- web-1 ended: exit 3 ---",
            "two 18",
            "--- web-2 ended: exit 0; nothing is writing any more ---",
        ]


async def test_what_runs_waits_a_while_for_the_log_of_one_that_has_ended_and_then_goes_on() -> None:
    async with stage(workload("web", exited(ONE, 3, -10), TWO)) as on:
        tail = await on.open()
        await on.write("web-2", raw(1, "two runs"), wait=2)
        assert on.texts(tail) == []
        await on.clock.advance(5)
        assert on.texts(tail)[-1:] == ["two runs"]
        await on.write("web-2", raw(8, "two goes on"), wait=1)
        assert on.texts(tail)[-1:] == ["two goes on"]


async def test_the_log_of_an_ended_one_that_stays_open_is_shown_at_once() -> None:
    async with stage(workload("web", exited(ONE, 3, -10), exited(TWO, 3, -8))) as on:
        tail = await on.open()
        on.feed("web-1", raw(-11, "one"))
        await on.write("web-2", raw(-9, "two"), wait=1)
        assert [text for text in on.texts(tail) if not text.startswith("---")] == ["one", "two"]
        assert on.source.open_streams == 2
        # Another process may go on with the file of one that is gone: its lines are not held back for long.
        for second in range(20):
            await on.write("web-1", raw(second / 10, f"still {second}"), wait=0.1)
        assert "still 5" in on.texts(tail)


async def test_the_last_line_may_be_stamped_after_the_end() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        on.put("web", exited(ONE, 1, 2), TWO)
        await on.write("web-1", raw(2.01, "last words"), None, wait=2)
        assert on.texts(tail) == ["last words", "--- web-1 ended: exit 1 ---"]


async def test_one_that_will_be_started_again_has_not_left_nobody() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        on.put("web", exited(ONE, 1, 2, phase=Phase.RESTARTING))
        await on.write("web-1", raw(1, "last words"), None, wait=2)
        assert on.texts(tail) == ["last words", "--- web-1 ended: exit 1 ---"]


async def test_an_end_is_told_before_the_lines_of_the_next_run() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        on.put("web", exited(ONE, 1, 2))
        on.put("web", replace(ONE, started_at=START + timedelta(seconds=3)))
        await on.write("web-1", raw(1, "first run"), raw(4, "second run"), wait=6)
        assert on.texts(tail) == [
            "first run",
            "--- web-1 ended: exit 1 ---",
            "--- web-1 runs again ---",
            "second run",
        ]


async def test_kept_ends_stand_between_the_runs() -> None:
    async with stage(workload("web", ONE), background=10) as on:
        on.put("web", exited(ONE, 1, 1))
        await on.write("web-1", raw(0.5, "first run"), None, wait=1)
        on.put("web", replace(ONE, started_at=START + timedelta(seconds=3)))
        await on.write("web-1", raw(4, "second run"), wait=1)
        on.put("web", exited(replace(ONE, started_at=START + timedelta(seconds=3)), 2, 5))
        await on.write("web-1", None, wait=1)
        on.put("web", TWO)
        await on.clock.advance(6)
        tail = await on.open()
        await on.clock.advance(2)
        assert on.texts(tail)[1:] == [
            "first run",
            "--- web-1 ended: exit 1; nothing is writing any more ---",
            "--- web-1 runs again ---",
            "second run",
            "--- web-1 ended: exit 2; nothing is writing any more ---",
        ]


async def test_one_that_is_left_out_may_still_write() -> None:
    many = [instance("web", number + 1) for number in range(MAX_STREAMS + 1)]
    async with stage(workload("web", *many)) as on:
        tail = await on.open()
        ended = [exited(one, 0, 2) for one in many[:MAX_STREAMS]]
        on.put("web", *ended, many[MAX_STREAMS])
        for one in many[:MAX_STREAMS]:
            on.feed(one.name, None)
        await on.clock.advance(8)
        assert {text.partition(" ended")[2] for text in on.texts(tail)} == {": exit 0 ---"}


async def test_the_run_before_lasted_until_between_its_end_and_the_next_start() -> None:
    again = instance("web", started=3, finished_at=START + timedelta(seconds=1))
    async with stage(workload("web", again)) as on:
        await on.open(previous=True)
        (request,) = on.source.requests
        assert request.until == START + timedelta(seconds=2)
