"""From the engine's thread into the screen's loop: at most one call is under way, however often it is rung."""

import asyncio
from collections.abc import Callable
from threading import Lock


class Wakeup:
    """`ring` may be called from any thread; `answer` runs in the loop that `attach` was called in."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self._answer = answer
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = False

    def attach(self) -> None:
        """Start listening, on the running loop."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Ask for one call of `answer`; asked again before it ran, it stays one."""
        with self._lock:
            if self._rung or self._loop is None:
                return
            self._rung = True
        try:
            self._loop.call_soon_threadsafe(self._take)
        except RuntimeError:  # the loop is closed: the screen has ended
            return

    def _take(self) -> None:
        with self._lock:
            self._rung = False
        self._answer()
