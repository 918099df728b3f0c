"""What sources and probes tell the board. Recorded and replayed as they are, one JSON object a line."""

from datetime import datetime

from msgspec import Struct

from cockpit.board.machine import HostFacts
from cockpit.board.model import Change, Identity, Reading, SafeText, Sample, Workload


class Declared(Struct, frozen=True, tag="declared", kw_only=True):
    """A source exists and promises to speak every `interval` seconds: stale after twice, lost after five times that."""

    source: str
    at: datetime
    label: SafeText
    kind: str
    interval: float


class Listed(Struct, frozen=True, tag="listed", kw_only=True):
    """The whole truth of a source: what it does not name is gone.

    rough: details are still being asked for (how often a container that runs now was restarted); a list that is not
    rough follows.
    """

    source: str
    at: datetime
    workloads: tuple[Workload, ...]
    rough: bool = False


class Changed(Struct, frozen=True, tag="changed", kw_only=True):
    """One workload as it is now."""

    source: str
    at: datetime
    workload: Workload


class Gone(Struct, frozen=True, tag="gone", kw_only=True):
    """One workload no longer exists."""

    source: str
    at: datetime
    id: Identity


class Heard(Struct, frozen=True, tag="heard", kw_only=True):
    """The source answered and had nothing new. partly: what of it cannot be seen all the same ("needs list events").

    aside: the same of what nothing but changes is known from.
    """

    source: str
    at: datetime
    partly: SafeText = SafeText("")
    aside: SafeText = SafeText("")


class Lost(Struct, frozen=True, tag="lost", kw_only=True):
    """The source cannot be reached; `why` is one sentence that says what to do."""

    source: str
    at: datetime
    why: SafeText


class Sampled(Struct, frozen=True, tag="sampled", kw_only=True):
    """Numbers measured together."""

    source: str
    at: datetime
    samples: tuple[Sample, ...]


class Probed(Struct, frozen=True, tag="probed", kw_only=True):
    """One probe's result."""

    at: datetime
    reading: Reading


class HostSeen(Struct, frozen=True, tag="host", kw_only=True):
    """This machine's resources."""

    at: datetime
    facts: HostFacts


class Noted(Struct, frozen=True, tag="noted", kw_only=True):
    """Changes of one service (its key) that the journal tells of: mitigations, releases."""

    at: datetime
    service: str
    changes: tuple[Change, ...]


class Counted(Struct, frozen=True, tag="counted", kw_only=True):
    """Error lines in the log of one service (its key): (beginning of a minute, how many), as far as it was read.

    A minute that is told again has grown. partly: what of the log was not read ("8 of 42 instances").
    """

    at: datetime
    service: str
    minutes: tuple[tuple[datetime, int], ...]
    partly: SafeText = SafeText("")


class Tick(Struct, frozen=True, tag="tick", kw_only=True):
    """Time passed: freshness is recomputed. Recorded too, so that a replay goes stale as the original did."""

    at: datetime


Update = Declared | Listed | Changed | Gone | Heard | Lost | Sampled | Probed | HostSeen | Noted | Counted | Tick
