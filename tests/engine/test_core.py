"""The core: no part that fails or hangs stops another, the heart beats on, frames are few and the newest wins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.base import Emit, SourceError
from cockpit.board.clock import Clock, ManualClock
from cockpit.board.model import Freshness, Identity, Phase, State
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.engine import port
from cockpit.engine.commands import DEADLINE, dispatch
from cockpit.engine.core import Core
from cockpit.engine.frame import Frame
from cockpit.engine.mailbox import Mailbox
from cockpit.engine.notices import KEPT
from cockpit.engine.parts import BackendPart, Context, Parts, Runner
from cockpit.engine.port import CommandError
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.engine.fakes import START, FakeSource, instance, raw, workload

PROFILE = Profile(
    version=1,
    name="shop",
    backends={"good": Backend(kind="docker"), "bad": Backend(kind="docker")},
    services={"web": Service(workloads=(Selector(compose="web", backend="good"),))},
)
ONE = instance("web")


class Hanging(FakeSource):
    """Says nothing, answers nothing and does not let go."""

    async def observe(self, emit: Emit) -> None:
        await asyncio.Event().wait()

    async def inspect(self, identity: Identity) -> Any:
        await asyncio.Event().wait()

    async def close(self) -> None:
        await asyncio.Event().wait()


class Failing(FakeSource):
    """Every call raises."""

    async def observe(self, emit: Emit) -> None:
        self.observed += 1
        raise ZeroDivisionError("ours")

    def focus(self, visible: frozenset[Identity]) -> None:
        raise ZeroDivisionError("focus")

    def relist(self) -> None:
        raise ZeroDivisionError("relist")

    async def close(self) -> None:
        raise ZeroDivisionError("close")


class Running:
    """A core that runs on a clock in a test's hand."""

    def __init__(self, parts: Callable[[ManualClock], Parts]) -> None:
        self.clock = ManualClock()
        self.mailbox = Mailbox(Frame(snapshot=Snapshot(version=0, at=START, profile="shop")))
        self.woken = 0
        self.mailbox.wake_by(self._wake)
        self.core = Core(parts(self.clock), self.clock, self.mailbox)
        self.task = asyncio.create_task(self.core.run())

    def _wake(self) -> None:
        self.woken += 1

    def frame(self) -> Frame:
        return self.mailbox.take()

    async def stop(self) -> None:
        self.core.stopping.set()
        await self.clock.advance(15)


@asynccontextmanager
async def running(*sources: Callable[[Clock], Any], **more: Any) -> AsyncIterator[Running]:
    """A core on the sources that these make, the first of them with a service that runs."""

    def part(make: Callable[[Clock], Any], number: int) -> BackendPart:
        def source(clock: Clock, _: Secrets) -> Any:
            return make(clock)

        return BackendPart("good" if number == 0 else "bad" if number == 1 else f"bad-{number}", source)

    made = Running(
        lambda _: Parts(
            profile=PROFILE,
            profile_name="shop",
            backends=tuple(part(make, number) for number, make in enumerate(sources)),
            **more,
        )
    )
    await made.clock.advance(0)
    try:
        yield made
    finally:
        await made.stop()
        assert made.task.done()
        await made.task


def good(clock: Clock) -> FakeSource:
    return FakeSource(clock, "good", workload("web", ONE, source="good"))


def service(frame: Frame) -> Any:
    return frame.snapshot.services[0]


@pytest.mark.parametrize("other", [Hanging, Failing])
async def test_a_bad_source_stops_no_other(other: type[FakeSource]) -> None:
    sources: list[FakeSource] = []

    def keep(clock: Clock) -> FakeSource:
        sources.append(good(clock))
        return sources[0]

    async with running(keep, lambda clock: other(clock, "bad")) as on:
        await on.clock.advance(2)
        assert service(on.frame()).state is State.OK
        sources[0].change(workload("web", replace(ONE, phase=Phase.EXITED, exit_code=137), source="good"))
        await on.clock.advance(0.2)
        assert service(on.frame()).state is State.DOWN
        await dispatch(on.core, port.Focus(frozenset({"web"})))
        await dispatch(on.core, port.Relist())
        assert sources[0].focused == {ONE.id.workload}
    assert sources[0].closed


async def test_a_source_that_cannot_even_be_made_is_lost_and_says_why() -> None:
    def broken(_: Clock) -> FakeSource:
        raise ModuleNotFoundError("No module named 'docker'")

    async with running(good, broken) as on:
        await on.clock.advance(1)
        frame = on.frame()
        states = {source.name: source for source in frame.snapshot.sources}
        assert states["good"].freshness is Freshness.LIVE
        assert states["bad"].freshness is Freshness.LOST
        assert states["bad"].why == "cannot be started: ModuleNotFoundError: No module named 'docker'"


async def test_a_lost_source_is_observed_again_and_at_once_when_asked() -> None:
    sources: list[FakeSource] = []

    def keep(clock: Clock) -> FakeSource:
        sources.append(good(clock))
        return sources[0]

    async with running(keep) as on:
        for _ in range(6):
            sources[0].fail.set()
            await on.clock.advance(0)
            await dispatch(on.core, port.Relist())
            await on.clock.advance(0)
        assert sources[0].observed == 7
        sources[0].fail.set()
        await on.clock.advance(0.2)
        assert on.frame().snapshot.sources[0].why == "fake engine: connection lost"
        assert sources[0].observed == 7


async def test_the_heart_beats_each_second_though_everything_hangs() -> None:
    async with running(lambda clock: Hanging(clock, "good")) as on:
        beats = []
        for _ in range(5):
            await on.clock.advance(1)
            beats.append(on.frame().beat)
        assert [round(after - before) for before, after in pairwise(beats)] == [1, 1, 1, 1]


async def test_a_fault_in_one_part_of_a_frame_leaves_the_others_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(good) as on:

        def broken(*_: object) -> None:
            raise KeyError("ours")

        source: Any = on.core.watched.sources["good"]
        with monkeypatch.context() as patch:
            patch.setattr(on.core.record, "watch", broken)
            source.change(workload("web", replace(ONE, phase=Phase.DEAD), source="good"))
            await on.clock.advance(1.2)
        frame = on.frame()
        assert service(frame).state is State.DOWN
        assert "record: KeyError: 'ours'" in frame.notices
        await on.clock.advance(KEPT + 2)
        assert on.frame().notices == ()


async def test_without_a_board_the_beat_stops_and_comes_back_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(good) as on:
        await on.clock.advance(1)
        before = on.frame().beat
        with monkeypatch.context() as patch:
            patch.setattr(on.core.board, "snapshot", lambda: 1 / 0)
            await on.clock.advance(4)
            assert on.frame().beat == before
        await on.clock.advance(2)
        assert on.frame().beat > before


async def test_frames_are_ten_a_second_then_five_and_the_newest_wins() -> None:
    sources: list[FakeSource] = []

    def keep(clock: Clock) -> FakeSource:
        sources.append(good(clock))
        return sources[0]

    async with running(keep) as on:
        await on.clock.advance(1)
        on.frame()
        woken = on.woken
        frames = []
        for step in range(200):
            sources[0].change(workload("web", replace(ONE, restarts=step), source="good"))
            await on.clock.advance(0.01)
            if on.woken > woken:
                woken = on.woken
                frames.append(step)
                on.frame()
        first, later = sum(step < 30 for step in frames), sum(step >= 100 for step in frames)
        assert 3 <= first <= 4
        assert 4 <= later <= 6
        await on.clock.advance(0.2)
        assert service(on.frame()).workloads[0].instances[0].restarts == 199
        quiet = on.woken
        await on.clock.advance(10)
        on.frame()
        assert on.woken - quiet <= 1


async def test_a_runner_that_fails_is_named_and_begun_again() -> None:
    runs = 0

    class Broken:
        async def run(self) -> None:
            nonlocal runs
            runs += 1
            raise ValueError("no such file")

    def probes(_: Context) -> Runner:
        return Broken()

    def host(_: Context) -> Runner:
        raise ImportError("psutil")

    async with running(good, runners=(probes, host)) as on:
        await on.clock.advance(3)
        assert runs >= 2
        assert {"probes: ValueError: no such file", "host: ImportError: psutil"} <= set(on.frame().notices)
        assert service(on.frame()).state is State.OK


async def test_a_reader_that_is_broken_does_not_stop_the_frames() -> None:
    async with running(good) as on:

        def broken() -> None:
            raise RuntimeError("Event loop is closed")

        on.mailbox.wake_by(broken)
        before = on.frame().beat
        await on.clock.advance(3)
        assert on.frame().beat > before


async def test_focus_follows_the_workloads_of_a_service() -> None:
    sources: list[FakeSource] = []

    def keep(clock: Clock) -> FakeSource:
        sources.append(FakeSource(clock, "good"))
        return sources[0]

    async with running(keep) as on:
        await dispatch(on.core, port.Focus(frozenset({"web"})))
        assert sources[0].focused == frozenset()
        sources[0].change(workload("web", ONE, source="good"))
        await on.clock.advance(0.2)
        assert sources[0].focused == {ONE.id.workload}


# Commands


async def failure(on: Running, command: port.Command, seconds: float = 0) -> str:
    """What a command that must fail says."""
    task = asyncio.create_task(dispatch(on.core, command))
    await on.clock.advance(seconds)
    with pytest.raises(CommandError) as caught:
        await task
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_commands_answer() -> None:
    async with running(good) as on:
        tail = await dispatch(on.core, port.OpenTail(services=("web",)))
        source: Any = on.core.watched.sources["good"]
        source.stream("web-1-id").put_nowait([raw(1, "ERROR one")])
        await on.clock.advance(0.3)
        assert on.frame().tails[tail].rows == 1
        await dispatch(on.core, port.SetQuery(tail, port.LogQuery(pattern="two")))
        assert await dispatch(on.core, port.FindLine(tail=tail, pattern="one", start=0)) is None
        assert (await dispatch(on.core, port.TopErrors(tail)))[0].count == 1
        await dispatch(on.core, port.CloseTail(tail))
        await on.clock.advance(0.2)
        assert on.frame().tails == {}
        assert await dispatch(on.core, port.Inspect(ONE.id)) == "all of web"
        assert await dispatch(on.core, port.ListFaults()) == ()


async def test_commands_that_fail_say_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(good) as on:
        gone = instance("other").id
        assert await failure(on, port.SetQuery("log-7", port.LogQuery())) == "this log is closed"
        assert await failure(on, port.Inspect(gone)) == "other: it is not on the board any more"
        assert await failure(on, port.Revisions(gone)) == "other: it is not on the board any more"
        assert await failure(on, port.Revisions(ONE.id)) == "web: a compose of good keeps no revisions"
        assert await failure(on, port.InjectFault(name="leak")) == "faults exist only in the demo: cockpit demo"
        assert "not known here" in await failure(on, Any)  # type: ignore[arg-type]

        async def broken(_: Identity) -> None:
            raise KeyError("two\nlines\x1b[2J")

        monkeypatch.setattr(on.core.watched.sources["good"], "inspect", broken)
        said = await failure(on, port.Inspect(ONE.id))
        assert said.startswith("Inspect failed: KeyError: ")
        assert said.isprintable()

        async def refused(_: Identity) -> None:
            raise SourceError("permission denied:\nadd yourself to the group docker")

        monkeypatch.setattr(on.core.watched.sources["good"], "inspect", refused)
        assert await failure(on, port.Inspect(ONE.id)) == "permission denied: add yourself to the group docker"


async def test_a_command_to_a_source_that_hangs_is_given_up() -> None:
    async with running(good) as on:
        on.core.watched.sources["good"].inspect = Hanging(on.clock, "good").inspect  # type: ignore[method-assign]
        said = await failure(on, port.Inspect(ONE.id), DEADLINE + 1)
        assert said == "Inspect: no answer within 15 s; it was given up, try again"


async def test_a_port_of_a_service_is_resolved_by_who_runs_it() -> None:
    async with running(good) as on:
        address = await on.core.watched.resolve("web", 8000)
        assert (address.host, address.port) == ("127.0.0.1", 8000)
        with pytest.raises(SourceError, match="no running instance"):
            await on.core.watched.resolve("db", 5432)
        assert on.core.watched.running_instance("web") == (on.core.watched.sources["good"], ONE)
        assert on.core.watched.running_instance("db") is None
