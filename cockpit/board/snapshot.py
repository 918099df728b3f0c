"""What a reader of the board gets: whole, immutable, shared structure with the snapshot before it."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from cockpit.board.machine import HostFacts
from cockpit.board.model import Change, Freshness, Reading, ReadingState, SafeText, State, Workload
from cockpit.board.rate import Rate


class SourceStatus(Struct, frozen=True, kw_only=True):
    """One source and how far it may be believed; `since` is when that freshness began."""

    name: str
    label: SafeText
    kind: str
    freshness: Freshness
    since: datetime
    heard_at: datetime | None
    why: SafeText = SafeText("")
    aside: SafeText = SafeText("")
    """What of changes cannot be seen ("needs list and watch on secrets"): the present is whole without it."""
    rough: bool = False
    """It has told what there is and not yet all of it: who can look only once should wait."""


class ProbeStatus(Struct, frozen=True, kw_only=True):
    """A probe of a service: its last reading, since when its state holds, and its recent past (oldest first)."""

    reading: Reading
    since: datetime
    freshness: Freshness
    history: tuple[tuple[ReadingState, float | None], ...] = ()
    """(state, latency in ms) of up to 30 readings."""


class Series(Struct, frozen=True):
    """Up to 60 values of one metric, oldest first, with the time of the last."""

    unit: str
    at: datetime
    values: tuple[float, ...]
    limit: float | None = None
    bad: ReadingState | None = None


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """The assessment of one service: what the screen's row and card and `check` show."""

    key: str
    """Unique: "scope/name", or the name alone when it has no scope."""
    name: str
    scope: SafeText
    """Project or namespace of a discovered service; empty for a declared one."""
    tier: int
    state: State
    since: datetime | None
    since_exact: bool
    """False: only the first sight is known; shown as ">= 4m"."""
    why: SafeText
    evidence: tuple[SafeText, ...] = ()
    """All reasons, most telling first; `why` is made of the first."""
    cause: str = ""
    """The dependency that failed first, if one did."""
    ready: int | None = None
    desired: int | None = None
    restarts: int | None = None
    cpu: float | None = None
    memory: float | None = None
    memory_limit: int | None = None
    freshness: Freshness = Freshness.LIVE
    freshness_since: datetime | None = None
    workloads: tuple[Workload, ...] = ()
    probes: tuple[ProbeStatus, ...] = ()
    series: Mapping[str, Series] = {}
    """By metric name, summed over instances: "cpu", "memory", ..., and the profile's own."""
    changes: tuple[Change, ...] = ()
    """What was changed about it within a day, newest first, at most 20; mitigations among them."""
    rate: Rate | None = None
    """How much went wrong, minute by minute; None while nothing is known."""
    depends_on: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    owner: str = ""
    description: str = ""
    notes: str = ""
    links: tuple[tuple[str, str], ...] = ()
    node: bool = False
    """It is no service, but a machine that services run on."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """The board at one moment. services are sorted worst first, then tier, then name; nodes, which are none, too."""

    version: int
    at: datetime
    profile: str
    services: tuple[ServiceStatus, ...] = ()
    nodes: tuple[ServiceStatus, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    host: HostFacts | None = None
    host_at: datetime | None = None

    def find(self, key: str) -> ServiceStatus | None:
        """A service or node by its key."""
        return next((one for one in (*self.services, *self.nodes) if one.key == key), None)
