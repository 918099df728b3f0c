"""Ends the program on SIGHUP, SIGTERM and SIGINT even when the terminal does not read any more.

A stalled terminal blocks the screen's loop, so nothing here relies on it: the handler only tells the engine;
when the engine has ended (it went to a safe point and closed the journal) the screen is asked to exit; three seconds
later the terminal is restored from here and the process ends.
"""

import fcntl
import os
import signal
import sys
import termios
from collections.abc import Callable
from threading import Event, Thread
from types import FrameType
from typing import Any

from cockpit.engine.engine import Engine

SCREEN_WITHIN = 3.0
ENGINE_WITHIN = 12.0

# Synchronized output, mouse modes, bracketed paste, focus reports and keyboard protocol off; then the main screen, the
# cursor and the default colours.
_MODES_OFF = "".join(f"\x1b[?{mode}l" for mode in (2026, 1000, 1002, 1003, 1006, 1015, 2004, 1004))
_RESET = f"{_MODES_OFF}\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m\r\n".encode()


class Ending:
    """Watches for signals; `received` is the first one."""

    def __init__(self, engine: Engine, exit_screen: Callable[[], None]) -> None:
        self.received = 0
        self._engine, self._exit_screen = engine, exit_screen
        self._asked = Event()
        self._terminal = _attributes()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)
        Thread(target=self._wait, name="ending", daemon=True).start()

    def _handle(self, number: int, _: FrameType | None) -> None:
        self.received = self.received or number
        self._engine.request_stop()
        self._asked.set()

    def _wait(self) -> None:
        self._asked.wait()
        self._engine.join(ENGINE_WITHIN)
        self._exit_screen()
        Event().wait(SCREEN_WITHIN)
        # Still here: the screen waits in its writer's queue. What follows needs no other thread.
        restore(self._terminal)
        os._exit(128 + self.received)


def restore(attributes: list[Any] | None) -> None:
    """Put the terminal back as it was, without waiting for one that does not read."""
    try:
        if attributes is not None:
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, attributes)  # type: ignore[union-attr]
        handle = sys.__stderr__.fileno()  # type: ignore[union-attr]
        flags = fcntl.fcntl(handle, fcntl.F_GETFL)
        fcntl.fcntl(handle, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        try:
            os.write(handle, _RESET)
        finally:
            fcntl.fcntl(handle, fcntl.F_SETFL, flags)
    except (OSError, ValueError, AttributeError, termios.error):
        return  # the terminal is gone: nothing to restore


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError, termios.error):
        return None
