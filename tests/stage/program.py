"""The program on the stage: `python -m tests.stage.program RECORDING [options]`, in a terminal.

With `--control SOCKET` its time stands still but for what the test at that socket plays (words.py): what is written to
the terminal is the same each time. Without it time runs, from the recording's start on.
"""

import argparse
import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from cockpit.board.clock import Clock, ManualClock, SystemClock
from cockpit.board.secrets import Secrets
from cockpit.engine.engine import Engine
from cockpit.engine.parts import BackendPart, Parts
from cockpit.engine.port import AddNote
from cockpit.engine.reading import read_header
from cockpit.engine.replay import replay_clock
from cockpit.ui.environment import set_defaults

set_defaults()

from cockpit.ui.app import CockpitApp  # noqa: E402 the environment decides what it reads at import
from cockpit.ui.settings import Settings  # noqa: E402
from cockpit.ui.widgets.loglines import LogLines  # noqa: E402
from tests.stage.source import Script, StageOperator, StageSource  # noqa: E402
from tests.stage.words import Done, Give, Play, Say, Word  # noqa: E402

LONGEST_LINE = 64 << 20


class Timers:
    """The log's pace on the stage's clock instead of Textual's: a repaint comes at its moment, not when it may."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, Callable[[], None]]] = []

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        """What takes the place of `LogLines.set_timer`; it only asks whether it has got something."""
        self._due.append((self._clock.monotonic() + delay, callback))
        return self

    def fire(self) -> None:
        """Call what is due."""
        now = self._clock.monotonic() + 1e-6
        due, self._due = [one for one in self._due if one[0] <= now], [one for one in self._due if one[0] > now]
        for _, callback in due:
            callback()


class StagedApp(CockpitApp):
    """The cockpit, whose time a test plays."""

    def __init__(self, engine: Engine, clock: ManualClock, control: Path, theme: Any) -> None:
        super().__init__(engine, Settings(theme=theme, ascii=False, ticking=False), clock)
        self._engine, self._manual, self._control = engine, clock, control
        self._pilot: Pilot[int] = Pilot(self)
        self._log_timers = Timers(clock)
        setattr(LogLines, "set_timer", self._log_timers.set_timer)  # noqa: B010 a plain assignment has no type here

    def on_ready(self) -> None:
        """Listen to the test."""
        self.run_worker(self._listen(), exit_on_error=True)

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._control), limit=LONGEST_LINE)
        decode, words = msgspec.json.Decoder(Word).decode, self._words()
        while line := await reader.readline():
            word = decode(line)
            done = Done()
            try:
                await words[type(word)](word)
            except Exception as error:  # the test must learn of it
                done = Done(f"{type(error).__name__}: {error}")
            writer.write(msgspec.json.encode(done) + b"\n")
            await writer.drain()

    def _words(self) -> dict[type, Callable[[Any], Awaitable[None]]]:
        return {Play: self._play, Give: self._give, Say: self._say}

    async def _play(self, word: Play) -> None:
        each_second = round(1 / word.step)
        for step in range(1, round(word.seconds / word.step) + 1):
            await self._on_engine(self._manual.advance(word.step))
            self._log_timers.fire()
            if step % each_second == 0:
                self.tick()
            await self._pilot.pause(None if word.calm else 0)
        await self._pilot.pause()

    async def _give(self, word: Give) -> None:
        async def emit() -> None:
            assert self._engine._core is not None
            for update in word.updates:
                self._engine._core.emit(update)

        await self._on_engine(emit())
        await self._play(Play(0.2))

    async def _say(self, word: Say) -> None:
        await self._engine.submit(AddNote(text=word.text))
        await self._play(Play(0.2))

    async def _on_engine(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._engine._loop is not None
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._engine._loop))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("recording", type=Path)
    parser.add_argument("--control", type=Path, help="the socket of the test that plays its time")
    parser.add_argument("--state", type=Path, help="where the journal is")
    parser.add_argument("--rate", type=float, default=0, help="lines a second that each instance writes")
    parser.add_argument("--history", type=int, default=60, help="lines that each instance has written before")
    parser.add_argument("--script", type=Path, help="JSON: what each instance has written")
    parser.add_argument("--load", nargs="*", default=(), help="modules to import, for what they take of memory")
    parser.add_argument("--theme", default="dark")
    return parser.parse_args()


def main() -> int:
    """Run it until the reader quits."""
    options = _options()
    header = read_header(options.recording)
    script: Script = msgspec.json.decode(options.script.read_bytes(), type=Script) if options.script else {}
    clock: Clock = ManualClock(header.started) if options.control else replay_clock(options.recording, SystemClock())

    def source(clock: Clock, _: Secrets) -> StageSource:
        return StageSource(
            options.recording, header.started, clock, rate=options.rate, history=options.history, script=script
        )

    part = BackendPart("main", source, lambda clock, _: StageOperator(clock))
    parts = Parts(
        profile=header.profile,
        profile_name=header.profile_name,
        backends=(part,),
        state_dir=options.state,
        who="oncall",
    )
    engine = Engine(parts, clock)
    engine.start()
    for module in options.load:
        importlib.import_module(module)
    if isinstance(clock, ManualClock):
        return StagedApp(engine, clock, options.control, options.theme).run_on_terminal()
    return CockpitApp(engine, Settings(theme=options.theme, ascii=False), clock).run_on_terminal()


if __name__ == "__main__":
    sys.exit(main())
