"""All open logs of a session: how many, how much memory, and the lines kept of services in trouble."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from cockpit.board.model import Identity
from cockpit.engine import background
from cockpit.engine.port import CommandError, OpenTail
from cockpit.engine.tail import Tail
from cockpit.engine.tails import ALL_BYTES, MAX_TAILS
from cockpit.logs.ingest import SLICE_LINES
from cockpit.logs.ring import MAX_BYTES, Parsed
from tests.engine.fakes import START, instance, raw, workload
from tests.engine.stage import Stage, exited, stage

ONE, TWO = instance("web", 1), instance("web", 2)


async def test_eight_logs_are_the_most() -> None:
    async with stage(workload("web", ONE)) as on:
        opened = [await on.open() for _ in range(MAX_TAILS)]
        assert len(set(opened)) == MAX_TAILS
        with pytest.raises(CommandError, match="8 logs are open"):
            on.tails.open(OpenTail(services=("web",)))
        await on.tails.close_one(opened[0])
        assert await on.open() not in opened
        await on.tails.close_one("log-999")


async def test_rings_share_their_memory_and_give_it_back_at_once() -> None:
    async with stage(workload("web", ONE)) as on:
        tail = await on.open()
        batch = [raw(0, "x" * 10_000)] * 100
        for _ in range(20):
            on.source.stream("web-1-id").put_nowait(batch)
            await on.clock.advance(1)
        rings = [one.ring for one in on.tails._tails.values()]
        assert 12 * 2**20 < rings[0].size <= MAX_BYTES
        before = on.status(tail)
        for _ in range(7):
            await on.open()
        rings = [one.ring for one in on.tails._tails.values()]
        assert sum(ring.max_bytes for ring in rings) <= ALL_BYTES
        assert rings[0].size <= ALL_BYTES // 8
        after = on.status(tail)
        assert after.dropped > before.dropped
        assert after.version != before.version
        assert after.rows == after.lines == len(on.lines(tail)) or after.rows > 1000


async def test_a_log_that_nobody_opened_is_empty_and_closing_it_twice_is_nothing() -> None:
    async with stage(workload("web", ONE)) as on:
        assert on.tails.window("log-1", 5, 10).lines == ()
        tail = await on.open()
        await on.tails.close_one(tail)
        await on.tails.close_one(tail)
        assert on.tails.window(tail, 0, 10).rows == 0


async def test_lines_in_a_flood_wait_with_their_engine_and_none_is_lost() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        for number in (1, 2):
            queue = on.source.stream(f"web-{number}-id")
            for start in range(0, 30_000, 1000):
                queue.put_nowait([raw(n / 1000, f"{n} of {number}") for n in range(start, start + 1000)])
        held = 0
        while on.status(tail).lines < 60_000:
            held = max(held, len(on.tails._tails[tail]._merge))
            await on.clock.advance(0.05)
        assert held < 21_000
        assert on.status(tail).dropped == 0


# Background logs


def texts(kept: list[background.Kept]) -> list[str]:
    return [line.data.decode() for one in kept for line in one.lines]


async def turned_bad(on: Stage) -> None:
    """web-1 ends while nobody reads its log; its last lines are still with the engine."""
    on.put("web", exited(ONE, 1, 1))
    await on.clock.advance(0)
    await on.write("web-1", raw(0.5, "FATAL out of memory"), None, wait=1)


async def test_a_container_that_was_replaced_is_read_from_what_was_kept() -> None:
    async with stage(workload("web", ONE), background=10) as on:
        assert on.source.requests == []
        await turned_bad(on)
        on.put("web", TWO)
        await on.clock.advance(10)
        tail = await on.open()
        # Two read this stream by now, the open log and what keeps its lines: one line for each.
        await on.write("web-2", raw(20, "starting"), raw(20, "starting"), wait=1)
        assert on.texts(tail) == [
            "--- web-1, gone by now: its last lines, kept since the service turned bad ---",
            "FATAL out of memory",
            "--- web-1 ended: exit 1; nothing is writing any more ---",
            "starting",
        ]


async def test_instances_that_are_still_there_are_read_from_their_engine_alone() -> None:
    async with stage(workload("web", ONE), background=10) as on:
        await turned_bad(on)
        on.feed("web-1", raw(0.5, "FATAL out of memory"))
        on.feed("web-1", None)
        tail = await on.open()
        await on.clock.advance(1)
        assert on.texts(tail) == ["FATAL out of memory", "--- web-1 ended: exit 1; nothing is writing any more ---"]


async def test_what_was_kept_obeys_an_absolute_window() -> None:
    async with stage(workload("web", ONE), background=10) as on:
        await turned_bad(on)
        on.put("web", TWO)
        await on.clock.advance(10)
        tail = await on.open(since=START + timedelta(seconds=5), until=START + timedelta(seconds=9))
        await on.clock.advance(1)
        assert on.texts(tail) == []


async def test_services_in_trouble_are_kept_up_to_a_bound_and_well_ones_are_let_go() -> None:
    bad = [workload(name, exited(instance(name), 1, -1)) for name in ("web", "db", "api")]
    async with stage(*bad, background=2) as on:
        assert len(on.source.requests) == 2
        first = {request.instance.name for request in on.source.requests}
        (other,) = {"web", "db", "api"} - first
        on.put(min(first), instance(min(first)))
        await on.clock.advance(1)
        # One that is well again makes room for one that is not.
        assert {request.instance.name for request in on.source.requests} == first | {other}
        for name in ("web", "db", "api"):
            on.put(name, instance(name))
        await on.clock.advance(background.LINGER + 1)
        on.put("web", instance("web", 2))
        await on.clock.advance(8)
        assert on.source.open_streams == 0


async def test_what_is_kept_of_an_instance_is_bounded() -> None:
    async with stage(workload("web", exited(ONE, 1, -1)), background=1) as on:
        queue = on.source.stream("web-1-id")
        queue.put_nowait([raw(n / 1000, f"line {n}") for n in range(3000)])
        await on.clock.advance(1)
        kept = on.tails._background.kept(["web"], ())
        assert texts(kept) == [f"line {n}" for n in range(2500, 3000)]
        queue.put_nowait([raw(10 + n / 1000, "x" * 60_000) for n in range(40)])
        await on.clock.advance(1)
        kept = on.tails._background.kept(["web"], ())
        assert sum(len(text) for text in texts(kept)) <= background.BYTES
        assert on.tails._background.kept(["web"], {ONE.id}) == []
        assert on.tails._background.kept(["db"], ()) == []


async def test_many_replaced_containers_are_forgotten_oldest_first() -> None:
    async with stage(workload("web", exited(ONE, 1, -1)), background=1) as on:
        for number in range(1, 40):
            on.put("web", exited(replace(instance("web", number), restarts=number), 1, number))
            await on.write(f"web-{number}", raw(number, f"run {number}"), None, wait=8)
        kept = on.tails._background.kept(["web"], ())
        assert texts(kept)[-1] == "run 39"
        assert len(kept) == background.MOST_KEPT
        names: list[Identity] = [one.id for one in kept]
        assert instance("web", 1).id not in names


async def test_closing_everything_is_bounded_though_a_source_hangs() -> None:
    async with stage(workload("web", ONE), background=1) as on:
        hang = asyncio.Event()

        async def stubborn(*_: object) -> None:
            while not hang.is_set():
                try:
                    await hang.wait()
                except asyncio.CancelledError:
                    continue

        await on.open()
        log = next(iter(on.tails._tails.values())).streams._logs[ONE.id]
        log._task = task = asyncio.create_task(stubborn())
        await on.clock.advance(0)
        closing = asyncio.create_task(on.tails.close())
        await on.clock.advance(5)
        assert closing.done()
        assert not task.done()
        hang.set()
        await task


async def test_many_streams_that_pour_in_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, one turn of the engine's loop reads one slice of lines, so that all else goes on."""
    read: dict[int, int] = {}
    turn = 0

    def counted(self: Tail, lines: Sequence[Parsed]) -> None:
        read[turn] = read.get(turn, 0) + len(lines)
        put(self, lines)

    put = Tail.put
    monkeypatch.setattr(Tail, "put", counted)

    async def watch() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    instances = [instance("web", number) for number in range(1, 31)]
    async with stage(workload("web", *instances)) as on:
        for one in instances:
            batch = [raw(n / 1000, f"{n} of {one.name}") for n in range(1000)]
            on.source.stream(one.id.instance).put_nowait(batch)
        watching = asyncio.create_task(watch())
        tail, other = await on.open(), await on.open()
        while on.status(tail).lines + on.status(other).lines < 30_000:
            await on.clock.advance(0.1)
        watching.cancel()
    assert sum(read.values()) == 30_000
    assert max(read.values()) <= SLICE_LINES
