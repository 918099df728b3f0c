"""Drives the app in this process, through the real paint path: what it writes goes into a terminal emulator.

    async with shown(port, (80, 24)) as screen:
        await screen.press("j")
        assert "postgres" in screen.line(4)

Every `settle` compares the terminal with what Textual thinks it shows, so a wrong byte fails any test.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.timer import Timer

from cockpit.board.clock import ManualClock
from cockpit.ui.app import CockpitApp
from cockpit.ui.settings import Settings
from tests.emulator import Emulator
from tests.patience import PATIENCE
from tests.ui.fakeport import AT, FakePort

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "COCKPIT_UPDATE_SNAPSHOTS"
TURNS = 30
"""Turns of the loop in which whatever a key sets off follows one from another; the longest takes a dozen."""


class CountingDriver(HeadlessDriver):
    """A driver without a terminal that keeps what is written."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        written = getattr(self._app, "written", None)
        if written is not None:
            written.append(data)


class DrivenApp(CockpitApp):
    """The app, writing into a list."""

    def __init__(self, port: FakePort, settings: Settings, clock: ManualClock) -> None:
        super().__init__(port, settings, clock, CountingDriver)
        self.written: list[str] = []

    def set_timer(self, delay: float, *words: Any, **more: Any) -> Timer:
        """What is said for some seconds stays: on a busy machine they are over before the next look."""
        return super().set_timer(delay if delay < 1 else 2 * PATIENCE, *words, **more)


@dataclass
class Shown:
    """A running app and the terminal it draws on."""

    app: DrivenApp
    pilot: Pilot[Any]
    port: FakePort
    clock: ManualClock
    emulator: Emulator
    bytes: int = 0
    raw: list[str] = field(default_factory=list)

    async def settle(self) -> None:
        """Until everything under way is drawn; the terminal must then show what Textual thinks it shows."""
        await self.pilot.pause()
        # Textual waits until this process uses no time, which may be because a busy machine gives it none.
        for _ in range(TURNS):
            await asyncio.sleep(0)
        await self.pilot.pause(0)
        self._drain()
        self.check()

    async def until(self, holds: Callable[[], object]) -> None:
        """Settle until it is so: for what comes only after a time of its own."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.settle()

    def _drain(self) -> None:
        written, self.app.written = self.app.written, []
        for data in written:
            encoded = data.encode()
            self.bytes += len(encoded)
            self.raw.append(data)
            self.emulator.feed(encoded)

    def model(self) -> list[str]:
        """What Textual thinks the terminal shows."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def check(self) -> None:
        """Terminal == model, but for lines with characters whose width emulators see differently."""
        for row, line in enumerate(self.model()):
            if cell_len(line) == len(line):
                assert self.emulator.line(row) == line, f"row {row}"

    async def press(self, *keys: str) -> None:
        """Press keys, then settle."""
        await self.pilot.press(*keys)
        await self.settle()

    async def push(self, **changes: Any) -> None:
        """A new frame, drawn."""
        self.port.push(**changes)
        await self.settle()

    async def pass_time(self, seconds: float) -> None:
        """Time passes on the app's clock (Textual's own timers do not follow it), then one tick."""
        await self.clock.advance(seconds)
        self.app.tick()
        await self.settle()

    def line(self, row: int) -> str:
        """One row of the terminal."""
        return self.emulator.line(row)

    def text(self) -> str:
        """The terminal's picture."""
        return self.emulator.text()

    @contextlib.contextmanager
    def cost(self) -> Iterator["Shown"]:
        """Count bytes from here on in `bytes`."""
        self._drain()
        self.bytes = 0
        self.raw = []
        yield self


@contextlib.asynccontextmanager
async def shown(
    port: FakePort, size: tuple[int, int] = (80, 24), settings: Settings | None = None
) -> AsyncIterator[Shown]:
    """The app on a port, at `AT`, with nothing that moves by itself."""
    clock = ManualClock(AT)
    app = DrivenApp(port, settings or Settings(ticking=False, theme="dark", ascii=False), clock)
    async with app.run_test(headless=False, size=size) as pilot:
        screen = Shown(app, pilot, port, clock, Emulator(*size))
        await screen.settle()
        yield screen


def golden(name: str, text: str) -> None:
    """Compare with tests/ui/snapshots/NAME.txt; with COCKPIT_UPDATE_SNAPSHOTS=1 the file is written instead."""
    path = SNAPSHOTS / f"{name}.txt"
    text = text.rstrip() + "\n"
    if os.environ.get(UPDATE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"no snapshot {path.name}: {UPDATE}=1 writes it"
    assert text == path.read_text(encoding="utf-8"), f"{name} looks different ({UPDATE}=1 accepts it)\n{text}"
