"""What the reader must know of the engine itself: one line for each part that fails, gone a minute after it stopped."""

from collections.abc import Callable

from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe

KEPT = 60.0
"""Seconds: a part that goes on failing says so again at least every 18."""
MOST = 4


class Notices:
    """The newest line of each part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, SafeText]] = {}

    def say(self, part: str, why: str) -> None:
        """A part failed, and why."""
        self._said.pop(part, None)
        self._said[part] = (self._clock.monotonic(), safe(f"{part}: {why}", 300))
        while len(self._said) > MOST:
            del self._said[next(iter(self._said))]

    def guarded(self, part: str, work: Callable[..., object], *arguments: object) -> None:
        """Do something for one part: a fault in it is told, and keeps nothing else from going on."""
        try:
            work(*arguments)
        except Exception as error:
            self.say(part, f"{type(error).__name__}: {error}")

    def lines(self) -> tuple[SafeText, ...]:
        """Those of the last minute, oldest first."""
        oldest = self._clock.monotonic() - KEPT
        return tuple(line for at, line in self._said.values() if at >= oldest)
