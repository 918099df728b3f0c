"""Error lines a minute of the logs that are open or kept: they reach the board, and say what they leave out."""

from cockpit.backends.base import SourceError
from cockpit.board.model import Phase
from cockpit.board.rate import Rate
from cockpit.engine.tallies import Tallies
from tests.engine.fakes import START, instance, raw, workload
from tests.engine.stage import Stage, exited, stage

ONE, TWO = instance("web", 1), instance("web", 2)


def counted(on: Stage, service: str = "web") -> Rate | None:
    """What the board knows once all that is new is told."""
    for update in on.tails.counted():
        on.emit(update)
    return next(one.rate for one in on.board.snapshot().services if one.key == service)


def known(rate: Rate | None) -> dict[float, float]:
    assert rate is not None
    assert rate.what == "error lines a minute", rate
    return {(at - START).total_seconds(): count for at, count in rate.points if count}


async def test_errors_of_an_open_log_are_counted_over_all_its_instances() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        await on.open()
        await on.write("web-1", raw(1, "ERROR a"), raw(2, "INFO b"))
        await on.write("web-2", raw(3, "FATAL c"))
        await on.clock.advance(6)
        assert known(counted(on)) == {0.0: 2.0}
        assert list(on.tails.counted()) == []
        await on.open("db")
        assert known(counted(on)) == {0.0: 2.0}


async def test_a_log_that_cannot_be_read_counts_nothing_and_one_of_two_is_said_to_be() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        await on.open()
        await on.write("web-1", raw(1, "ERROR a"))
        await on.write("web-2", SourceError("needs get on pods/log"))
        await on.clock.advance(6)
        rate = counted(on)
        assert known(rate) == {0.0: 1.0}
        assert rate is not None
        assert rate.partly == "in 1 of 2 logs"
        await on.write("web-1", SourceError("needs get on pods/log"))
        await on.clock.advance(70)
        assert list(on.tails.counted()) == []


async def test_a_service_in_trouble_is_counted_though_nobody_reads_its_log() -> None:
    async with stage(workload("web", ONE, TWO), background=1) as on:
        on.put("web", ONE, exited(TWO, 1, finished=1.0))
        await on.clock.advance(0.5)
        await on.write("web-1", raw(1, "ERROR a"), raw(2, "\x1b[31mERROR\x1b[0m b"))
        await on.clock.advance(6)
        assert known(counted(on)) == {0.0: 2.0}


async def test_single_instances_and_runs_before_are_not_taken_for_the_service() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        for more in ({"services": (), "instances": (ONE.id,)}, {"previous": True}):
            tail = on.tails._tails[await on.open(**more)]
            assert isinstance(tail.tallies, Tallies)
            assert list(tail.tallies.news(tail.streams)) == []
        assert ONE.phase is Phase.RUNNING
