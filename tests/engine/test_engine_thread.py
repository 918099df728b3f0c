"""The engine on its own thread: started, asked, stopped, also when a source hangs, a signal comes or it fails."""

import asyncio
import concurrent.futures
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.engine import port
from cockpit.engine.engine import Engine
from cockpit.engine.parts import BackendPart, Parts
from cockpit.engine.port import CommandError
from cockpit.engine.recorded import RecordingError
from tests.engine.fakes import FakeSource, instance, workload
from tests.engine.test_core import PROFILE, Hanging, good
from tests.patience import PATIENCE

WITHIN = PATIENCE


def parts(make: Any = good, **more: Any) -> Parts:
    def source(clock: Clock, _: Secrets) -> Any:
        return make(clock)

    return Parts(profile=PROFILE, profile_name="shop", backends=(BackendPart("good", source),), **more)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(parts())
    made.start()
    yield made
    assert made.stop(WITHIN)


def test_frames_come_to_another_thread(engine: Engine) -> None:
    news = threading.Event()
    engine.wake_by(news.set)
    while not engine.frame().snapshot.services or engine.frame().snapshot.services[0].ready != 1:
        assert news.wait(WITHIN)
        news.clear()
    assert engine.frame().snapshot.services[0].name == "web"
    threads = [thread.name for thread in threading.enumerate()]
    assert "engine" in threads


def test_commands_answer_without_a_loop_and_windows_without_waiting(engine: Engine) -> None:
    tail = engine.hand(port.OpenTail(services=("web",))).result(WITHIN)
    assert engine.log_window(tail, 0, 10).lines == ()
    assert engine.log_window("log-99", 3, 10).start == 3
    with pytest.raises(CommandError, match="this log is closed"):
        engine.hand(port.SetQuery("log-99", port.LogQuery())).result(WITHIN)


async def test_commands_answer_on_the_callers_loop(engine: Engine) -> None:
    async with asyncio.timeout(WITHIN):
        snapshot = await engine.board_until(lambda now: bool(now.services and now.services[0].ready), WITHIN)
        assert await engine.submit(port.Inspect(snapshot.services[0].workloads[0].id)) == "all of web"


def test_a_stop_ends_the_thread_and_lets_go_of_sources() -> None:
    sources: list[FakeSource] = []

    def keep(clock: Clock) -> FakeSource:
        sources.append(good(clock))
        return sources[0]

    engine = Engine(parts(keep))
    engine.start()
    assert engine.stop(WITHIN)
    assert engine.stop(WITHIN)
    assert sources[0].closed
    assert engine.failure is None
    with pytest.raises(CommandError, match="the engine has stopped"):
        engine.hand(port.Relist()).result(WITHIN)


def test_an_engine_that_never_started_is_stopped_at_once() -> None:
    engine = Engine(parts())
    assert engine.stop(WITHIN)
    with pytest.raises(CommandError, match="the engine has stopped"):
        engine.hand(port.Relist()).result(WITHIN)


def test_a_stop_is_bounded_though_a_source_hangs_when_it_is_closed() -> None:
    engine = Engine(parts(lambda clock: Hanging(clock, "good")))
    engine.start()
    assert engine.stop(WITHIN)


def test_a_source_that_blocks_the_engines_thread_does_not_block_its_stop() -> None:
    free = threading.Event()

    class Blocking(FakeSource):
        async def close(self) -> None:
            free.wait(WITHIN)

    engine = Engine(parts(lambda clock: Blocking(clock, "good")))
    engine.start()
    assert not engine.stop(within=0.05)
    free.set()
    assert engine.join(WITHIN)


def test_a_command_under_way_when_the_engine_stops_is_answered() -> None:
    engine = Engine(parts(_with_hanging_inspect))
    engine.start()
    news = threading.Event()
    engine.wake_by(news.set)
    while not (engine.frame().snapshot.services and engine.frame().snapshot.services[0].workloads):
        assert news.wait(WITHIN)
        news.clear()
    waiting = engine.hand(port.Inspect(instance("web").id))
    assert engine.stop(WITHIN)
    with pytest.raises(CommandError, match="the engine has stopped"):
        waiting.result(WITHIN)


def _with_hanging_inspect(clock: Clock) -> FakeSource:
    source = Hanging(clock, "good", workload("web", instance("web"), source="good"))
    source.observe = FakeSource.observe.__get__(source)  # type: ignore[method-assign]
    return source


def test_commands_handed_over_while_it_stops_are_all_answered() -> None:
    engine = Engine(parts())
    engine.start()
    futures: list[concurrent.futures.Future[Any]] = []
    begun = threading.Event()

    def hand() -> None:
        for number in range(2000):
            futures.append(engine.hand(port.Relist()))
            if number == 50:
                begun.set()

    thread = threading.Thread(target=hand)
    thread.start()
    assert begun.wait(WITHIN)
    assert engine.stop(WITHIN)
    thread.join(WITHIN)
    done, open_ones = concurrent.futures.wait(futures, WITHIN)
    assert open_ones == set()
    assert len(done) == 2000
    failures = [future.exception() for future in done if future.exception() is not None]
    assert failures
    assert all(isinstance(failure, CommandError) for failure in failures)


def test_a_stop_may_be_asked_for_from_a_signal_handler(engine: Engine) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: engine.request_stop())
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert engine.join(WITHIN)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_stop_asked_for_before_the_loop_runs_is_not_forgotten() -> None:
    engine = Engine(parts())
    engine.request_stop()
    engine.start()
    assert engine.join(WITHIN)


def test_an_engine_that_fails_says_why_to_who_started_it_and_on_the_screen(tmp_path: Path) -> None:
    record = tmp_path / "recording"
    record.touch()
    engine = Engine(parts(record=record))
    news = threading.Event()
    engine.wake_by(news.set)
    with pytest.raises(RecordingError, match="exists already"):
        engine.start()
    assert engine.join(WITHIN)
    assert news.is_set()
    assert engine.frame().notices[0].startswith("the engine stopped: RecordingError: ")
    with pytest.raises(CommandError, match="the engine has stopped"):
        engine.hand(port.Relist()).result(WITHIN)
