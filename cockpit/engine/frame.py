"""What the engine shows at one moment: the frame, and the state and rows of open logs."""

from collections.abc import Mapping

from msgspec import Struct

from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.incident.entry import Entry
from cockpit.incident.temporary import Temporary
from cockpit.incident.timeline import Row
from cockpit.logs.line import LogLine
from cockpit.mitigate.progress import Progress


class TailStatus(Struct, frozen=True, kw_only=True):
    """An open log. rows: how many the query leaves; version changes whenever rows or lines do.

    Row numbers start at first_row and are absolute: a row keeps its number while lines fall off the head (first_row
    grows) and while a search finds older ones (first_row shrinks, even below 0). first_seq/last_seq span the ring;
    dropped counts lines lost to its bounds; searching is True until the query has been through the whole ring; error: a
    pattern that cannot be used, or why not all instances are read. lost: lines that backends say never got here.
    """

    id: str
    title: SafeText
    version: int
    rows: int
    first_row: int = 0
    lines: int
    dropped: int
    first_seq: int
    last_seq: int
    sources: tuple[SafeText, ...] = ()
    searching: bool = False
    following: bool = True
    error: SafeText = SafeText("")
    lost: int = 0


class LogWindow(Struct, frozen=True, kw_only=True):
    """Rows `start`..`start+len(lines)` of a log view; matched: for each line whether the query itself matched it."""

    start: int
    lines: tuple[LogLine, ...]
    matched: tuple[bool, ...]
    rows: int
    version: int


OperationStatus = Progress
"""A plan that is being done, or was: its steps, and the verdict when there is one."""


class Frame(Struct, frozen=True, kw_only=True):
    """Everything the screen draws from. beat: the engine's monotonic time; 3 s without a new one = all is stale."""

    snapshot: Snapshot
    timeline: tuple[Entry, ...] = ()
    """The newest 200 entries, oldest first."""
    rows: tuple[Row, ...] = ()
    """What tells the story of the newest 10,000 entries, as each reads now, in the order of what happened."""
    temporary: tuple[Temporary, ...] = ()
    """Changes that still stand and are meant to be taken back, oldest first: MakePlan with each one's inverse."""
    operations: tuple[OperationStatus, ...] = ()
    tails: Mapping[str, TailStatus] = {}
    beat: float = 0.0
    read_only: str = ""
    """Why nothing may be changed; empty when it may."""
    notices: tuple[SafeText, ...] = ()
    """What the reader must know: not recorded, recording lost, no lease."""
    demo: bool = False
    replay: SafeText = SafeText("")
