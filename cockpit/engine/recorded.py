"""The format of a recording of the engine's input, version 1: gzip, one JSON object a line, a header first."""

from datetime import datetime

from msgspec import Struct

from cockpit.board.model import Identity, SafeText
from cockpit.board.update import Update
from cockpit.profile.schema import Profile

VERSION = 1
FORMAT = "cockpit recording"


class RecordingError(Exception):
    """A recording that cannot be written or read. str(error) is one line, "file:line: what"."""


class Header(Struct, frozen=True, kw_only=True, tag="header"):
    """The first line of a recording."""

    format: str = FORMAT
    version: int = VERSION
    started: datetime
    profile_name: str
    profile: Profile


class Logged(Struct, frozen=True, kw_only=True, tag="log"):
    """Lines of an instance's log. Not written yet; readers of the board's input pass over it."""

    at: datetime
    instance: Identity
    stream: str = ""
    lines: tuple[SafeText, ...] = ()


class Ended(Struct, frozen=True, kw_only=True, tag="end"):
    """The last line of a recording that was closed. why: what ended it early, else empty."""

    at: datetime
    why: SafeText = SafeText("")
    dropped: int = 0
    """Updates that the disk was too slow for."""


Record = Header | Update | Logged | Ended
