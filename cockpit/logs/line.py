"""One line of a log, as it is kept and drawn."""

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from cockpit.board.model import Identity, SafeText


class Level(IntEnum):
    """Severity found in a line; UNKNOWN sorts below all so that "at least WARN" leaves it out."""

    UNKNOWN = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


class RawLine(Struct, frozen=True, gc=False):
    """A line as a backend delivers it: whole, without its newline, not yet made safe, at most 64 KiB.

    at: the backend's timestamp, None when it has none. stream: "out", "err" or "" (TTY, file).
    cut: bytes of the line that were dropped because it was longer. lost: lines before this one that the backend knows
    to have been lost (they came faster than they were read). note: what happened to the log before this line ("the file
    was rotated"). part: which of an instance's several writers it is from (a container of a pod), empty
    for the only one.
    """

    at: datetime | None
    stream: str
    data: bytes
    cut: int = 0
    lost: int = 0
    note: str = ""
    part: str = ""


class LogLine(Struct, frozen=True, gc=False):
    """A line in a ring. seq counts from 0 and never repeats within its ring, so a gap is what was lost.

    note: written by the cockpit itself (an exit, a reconnect, a loss), not by the service.
    """

    seq: int
    at: datetime | None
    source: str
    """The instance's short name, for the column and its colour ("hook-receiver-2")."""
    stream: str
    level: Level
    text: SafeText
    note: bool = False


class LogRequest(Struct, frozen=True, kw_only=True):
    """Which lines of an instance are wanted. tail: at most so many old lines (<= 10,000), None: all in the window."""

    instance: Identity
    since: datetime | None = None
    until: datetime | None = None
    tail: int | None = 500
    follow: bool = True
    previous: bool = False
