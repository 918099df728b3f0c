"""What is drawn where a letter is not enough. Every glyph is one cell wide in every terminal that was tried."""

import locale
import os
import sys
from collections.abc import Mapping

from msgspec import Struct

from cockpit.board.model import Phase, ReadingState, State


class Glyphs(Struct, frozen=True, kw_only=True):
    """One set of characters. steps: a sparkline's, lowest first."""

    down: str
    degraded: str
    unknown: str
    ok: str
    starting: str
    paused: str
    not_watched: str
    rule: str
    more: str
    dot: str
    cursor: str
    mark: str
    done: str
    running: str
    arrow: str
    steps: str
    bar: str
    rest: str
    lock: str

    def state(self, state: State) -> str:
        """The glyph of a service's state."""
        return str(getattr(self, state.name.lower()))

    def reading(self, state: ReadingState) -> str:
        """The glyph of a probe's state."""
        return str(getattr(self, state.name.lower()))

    def phase(self, phase: Phase) -> str:
        """The glyph of an instance's phase."""
        return str(getattr(self, _PHASES.get(phase, "starting")))


_PHASES = {
    Phase.RUNNING: "ok",
    Phase.EXITED: "down",
    Phase.DEAD: "down",
    Phase.PAUSED: "paused",
    Phase.RESTARTING: "degraded",
    Phase.UNKNOWN: "unknown",
}

UNICODE = Glyphs(
    down="✗",
    degraded="▲",
    unknown="?",
    ok="●",
    starting="◌",
    paused="◇",
    not_watched="·",
    rule="─",
    more="…",
    dot="·",
    cursor=">",
    mark="*",
    done="✓",
    running="◌",
    arrow="→",
    steps="▁▂▃▄▅▆▇█",
    bar="█",
    rest="░",
    lock="=",
)
ASCII = Glyphs(
    down="x",
    degraded="!",
    unknown="?",
    ok="o",
    starting=".",
    paused="-",
    not_watched=" ",
    rule="-",
    more="~",
    dot="-",
    cursor=">",
    mark="*",
    done="v",
    running=".",
    arrow="->",
    steps="_.-=+*%#",
    bar="#",
    rest=".",
    lock="=",
)


def speaks_utf8(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal can be expected to draw the Unicode set: the locale says UTF-8 and it is no console font."""
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if "utf-8" in named.lower() or "utf8" in named.lower():
        return environ.get("TERM") != "linux"
    if named in ("", "C", "POSIX"):
        # PEP 538/540: Python itself reads C as UTF-8; the terminal of a bare container usually does too.
        encoding = (getattr(sys.__stderr__, "encoding", "") or locale.getpreferredencoding(False)).lower()
        return "utf" in encoding and environ.get("TERM") not in ("linux", "vt100")
    return False


def glyphs(ascii_only: bool | None = None) -> Glyphs:
    """The set to use; None: what the terminal can draw."""
    return ASCII if (not speaks_utf8() if ascii_only is None else ascii_only) else UNICODE
