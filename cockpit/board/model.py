"""The values of the board. All are immutable; a new truth is a new value (compare with `is`).

Text fields typed `SafeText` have been through `board.text.safe` where they entered. Times are aware UTC.
Units: seconds, bytes, CPU in per cent of one core (200.0 = two cores busy), rates in bytes a second.
"""

from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct

SafeText = NewType("SafeText", str)
"""Text with no control, bidi or zero-width characters, of bounded length: only `board.text` makes it."""


class State(StrEnum):
    """The state of a service, worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    STARTING = "starting"
    PAUSED = "paused"
    NOT_WATCHED = "not watched"
    OK = "ok"


class Phase(StrEnum):
    """What one instance is doing, over all backends."""

    PENDING = "pending"
    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    PAUSED = "paused"
    STOPPING = "stopping"
    EXITED = "exited"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """What the platform's own health check says of one instance."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Freshness(StrEnum):
    """How far a value may be believed."""

    LIVE = "live"
    STALE = "stale"
    LOST = "lost"


class Identity(Struct, frozen=True, order=True):
    """What a thing is, wherever it is looked at from. Names of contexts are not part of it.

    scope: what is stable about where it runs (Docker engine id, cluster UID + server, machine id).
    space: the project or namespace inside the scope, empty when there is none.
    instance: container id, pod UID or "pid:start time"; empty for a workload.
    """

    backend: str
    scope: str
    space: str
    kind: str
    name: str
    instance: str = ""

    @property
    def workload(self) -> "Identity":
        """The identity of the workload that an instance belongs to (itself for a workload)."""
        if not self.instance:
            return self
        return Identity(self.backend, self.scope, self.space, self.kind, self.name)


class Port(Struct, frozen=True):
    """A port of an instance. host_port is None when it is not published."""

    number: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int | None = None


class Instance(Struct, frozen=True, kw_only=True):
    """One container, pod or process. None means not known, never zero."""

    id: Identity
    name: SafeText
    phase: Phase
    health: Health = Health.NONE
    health_detail: SafeText = SafeText("")
    health_since: datetime | None = None
    exit_code: int | None = None
    oom_killed: bool | None = None
    error: SafeText = SafeText("")
    """Why it cannot run: a start error, an image that could not be pulled, a waiting reason."""
    restarts: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    preparing_at: datetime | None = None
    """When what runs before its start (an init container) began last; None once it has started."""
    finished_at: datetime | None = None
    image: SafeText = SafeText("")
    image_id: str = ""
    version: SafeText = SafeText("")
    ports: tuple[Port, ...] = ()
    addresses: tuple[str, ...] = ()
    cpu_limit: float | None = None
    memory_limit: int | None = None
    restart_policy: str = ""
    tty: bool = False
    part: SafeText = SafeText("")
    """Which of its containers exit code and error are about; empty when it has only one."""


class ReadingState(StrEnum):
    """The result of one probe."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class Remark(Struct, frozen=True):
    """What the platform says of a workload beside its instances: "HPA at its maximum of 10", "exceeded quota: ...".

    state: OK only tells, DEGRADED (or DOWN) makes its service degraded. standing: it is said on the service's row too,
    also while all is well.
    """

    text: SafeText
    state: ReadingState
    since: datetime | None = None
    standing: bool = False


class Autoscaler(Struct, frozen=True, kw_only=True):
    """What sets how many instances there are to be, by their load.

    percent: of the requested CPU that it aims at, None: it goes by something else. able: whether it can set the number,
    measures: whether it can tell what it wants; None: it has not said yet. why: its words where it cannot.
    """

    name: SafeText
    least: int
    most: int
    percent: int | None = None
    able: bool | None = None
    measures: bool | None = None
    why: SafeText = SafeText("")


class ChangeKind(StrEnum):
    """What kind of change it was."""

    ROLLOUT = "rollout"
    SCALE = "scale"
    RESTART = "restart"
    CONFIG = "config"
    NODE = "node"
    MITIGATION = "mitigation"


class Change(Struct, frozen=True):
    """Something that was changed about a service: "rollout web:2.4.1 -> 2.5.0". It is no proof of a cause.

    subject: what was changed ("web-5d4f8", "ConfigMap web"): with `at` it tells one change from another.
    """

    at: datetime
    kind: ChangeKind
    text: SafeText
    subject: str = ""


class NodeFacts(Struct, frozen=True, kw_only=True):
    """A machine that instances of other workloads run on. None: not told.

    cpu, memory, pods_most: what it has for them, in % of one core, bytes, instances. cordoned_at: since when no new
    ones are put on it. taints: as the platform writes them, without those that only repeat its state.
    pods: ids of those on it that have not ended, as far as they are watched.
    """

    roles: tuple[SafeText, ...] = ()
    version: SafeText = SafeText("")
    created_at: datetime | None = None
    cordoned: bool = False
    cordoned_at: datetime | None = None
    taints: tuple[SafeText, ...] = ()
    cpu: float | None = None
    memory: float | None = None
    pods_most: int | None = None
    pods: frozenset[str] = frozenset()


class Workload(Struct, frozen=True, kw_only=True):
    """What runs a service on one backend: container, Compose service, Swarm service, Deployment, unit, process."""

    id: Identity
    source: str
    where: tuple[tuple[str, SafeText], ...] = ()
    """Names for display, outermost first: (("engine", "prod-1"), ("project", "omninode"))."""
    instances: tuple[Instance, ...] = ()
    desired: int | None = None
    image: SafeText = SafeText("")
    maintenance: bool = False
    rollout: SafeText = SafeText("")
    """What a rollout in progress says; empty when none runs."""
    changed_at: datetime | None = None
    """When it was last rolled out, as far as the platform tells; what counts a rollout's grace."""
    depends_on: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    generation: int | None = None
    """The newest version of its definition that the platform acts on, where it counts them."""
    changes: tuple[Change, ...] = ()
    """What the platform still tells of its past, where it does."""
    autoscaler: Autoscaler | None = None
    isolated: bool | None = None
    """Whether somebody cut it, or some of it, off from the network; None: the platform does not tell."""
    paused: bool | None = None
    """Whether its rollouts wait for somebody to let them go on; None: it knows no such thing."""
    node: NodeFacts | None = None
    """Of a machine that others run on; its one instance is itself."""


class Component(Struct, frozen=True):
    """One part that a health answer lists."""

    name: SafeText
    state: ReadingState
    detail: SafeText = SafeText("")


class Reading(Struct, frozen=True, kw_only=True):
    """What one probe found.

    timings_ms: (("dns", 1.2), ("connect", 0.4), ("tls", 3.1), ("first byte", 8.0), ("total", 9.4)).
    """

    service: str
    probe: str
    kind: str
    state: ReadingState
    at: datetime
    critical: bool = True
    latency_ms: float | None = None
    detail: SafeText = SafeText("")
    target: SafeText = SafeText("")
    """What was asked, as shown: "GET 127.0.0.1:8001/health (published port of 8001)"."""
    timings_ms: tuple[tuple[str, float], ...] = ()
    components: tuple[Component, ...] = ()
    interval: float = 10.0
    held: bool = False
    """The state is that of earlier answers: this one says otherwise, and does not count yet."""


class Sample(Struct, frozen=True):
    """One measured number of a workload's instance, or of a service by name (probe metrics).

    metric is "cpu" (% of one core), "memory" (bytes), "net rx", "net tx", "disk read", "disk write" (bytes/s),
    or a name from the profile. bad: None when no threshold applies.
    """

    target: Identity | str
    metric: str
    value: float
    unit: str
    bad: ReadingState | None = None
