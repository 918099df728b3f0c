"""A terminal that answers and counts but draws nothing: drawing would slow down what is timed."""

import re
from typing import Any

import psutil

from tests.emulator import Emulator
from tests.program import CHECKOUT
from tests.terminal import Terminal

_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
_SYNC_QUERY = b"\x1b[?2026$p"


class Answering(Emulator):
    """Says that it knows synchronized output."""

    def feed(self, data: bytes) -> bytes:
        return b"\x1b[?2026;2$y" if _SYNC_QUERY in data else b""


def quick_terminal(argv: list[str], cols: int = 120, rows: int = 40, **options: Any) -> Terminal:
    """`Terminal(...)` whose `raw` bytes are what a test can wait for."""
    terminal = Terminal(argv, cols, rows, **{"cwd": CHECKOUT, **options})
    terminal.emulator = Answering(cols, rows)
    return terminal


def has_shown(terminal: Terminal, text: str) -> bool:
    """Whether `text` was written in one piece, whatever its colours."""
    return text.encode() in _COLOURS.sub(b"", terminal.raw)


def let_run(terminal: Terminal, seconds: float) -> int:
    """Read for so long; the bytes that came."""
    before = terminal.bytes
    terminal._pump(lambda: False, seconds)
    return terminal.bytes - before


def cpu_of(*pids: int) -> float:
    """Seconds of CPU that these processes have used, user and system together."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return float(sum(one.user + one.system for one in times))
