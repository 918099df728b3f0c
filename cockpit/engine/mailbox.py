"""A one-slot mailbox from the engine's thread to the screen's: the newest frame wins, one wake-up until it is taken."""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from cockpit.engine.frame import Frame


class Mailbox:
    """Holds the newest frame. A reader that was away for 30 s finds one frame and was woken once."""

    def __init__(self, frame: Frame) -> None:
        self._lock = Lock()
        self._frame = frame
        self._wake: Callable[[], None] | None = None
        self._woken = False

    def put(self, frame: Frame) -> None:
        """Replace the frame; wake the reader unless it was woken since it last looked."""
        with self._lock:
            self._frame = frame
            wake = None if self._woken else self._wake
            self._woken = self._woken or wake is not None
        if wake is not None:
            # The screen may have ended, or be broken: the engine goes on without it.
            with suppress(Exception):
                wake()

    def take(self) -> Frame:
        """The newest frame; the next `put` wakes again."""
        with self._lock:
            self._woken = False
            return self._frame

    def wake_by(self, callback: Callable[[], None]) -> None:
        """Set who is woken, from the putting thread."""
        with self._lock:
            self._wake = callback
            self._woken = False
