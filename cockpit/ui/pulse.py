"""When a second has passed for the screen: together with the engine's beat, or by itself when that does not come."""

from collections.abc import Callable

from cockpit.board.clock import Clock

BEAT = 0.95
"""Seconds after which a frame is the next second's: the engine's beats are a little more than one second apart."""
LATE = 1.9


class Pulse:
    """Ages go on in the paint that the beat's frame costs anyway: two paints a second would be half of an idle
    screen's CPU. tick: a second has passed, with the newest frame; take: there is a new frame, and no more."""

    def __init__(self, clock: Clock, tick: Callable[[], None], take: Callable[[], None]) -> None:
        self._clock, self._tick, self._take = clock, tick, take
        self._at = clock.monotonic()

    def heard(self) -> None:
        """There is a new frame."""
        if not self._passed(BEAT):
            self._take()

    def overdue(self) -> None:
        """To be called each second: time goes on without the engine too."""
        self._passed(LATE)

    def _passed(self, seconds: float) -> bool:
        now = self._clock.monotonic()
        if now - self._at < seconds:
            return False
        self._at = now
        self._tick()
        return True
