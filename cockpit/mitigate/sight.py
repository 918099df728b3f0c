"""What the board shows of one operation's target, and what it showed before: what was good before is no evidence."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from cockpit.backends.change import DECLARED, Facts, Life, Operation, Plan
from cockpit.board.model import Freshness, Identity, Instance, Phase, ReadingState, SafeText, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class BoardView(Protocol):
    """As much of the board as the door needs."""

    def snapshot(self) -> Snapshot:
        """The board as it is; the same object while nothing changed."""
        ...

    async def until(self, predicate: "SnapshotTest", within: float) -> Snapshot:
        """The first snapshot of which `predicate` is true; TimeoutError after `within` seconds."""
        ...


class SnapshotTest(Protocol):
    """A question about a snapshot."""

    def __call__(self, snapshot: Snapshot, /) -> bool: ...


class Seen(Struct, frozen=True, kw_only=True):
    """One instance as it was before the operation."""

    id: Identity
    phase: Phase
    name: SafeText = SafeText("")
    started_at: datetime | None = None
    restarts: int | None = None
    exit_code: int | None = None


class SeenProbe(Struct, frozen=True, kw_only=True):
    """One probe as it was before the operation."""

    name: str
    state: ReadingState
    detail: SafeText
    service: str = ""


class Baseline(Struct, frozen=True, kw_only=True):
    """What was true before the first operation; stored in the intent, so that another cockpit can judge too."""

    at: datetime
    instances: tuple[Seen, ...] = ()
    probes: tuple[SeenProbe, ...] = ()

    def of(self, identity: Identity) -> Seen | None:
        """An instance as it was, None when it was not there."""
        return next((seen for seen in self.instances if seen.id == identity), None)

    def probe(self, name: str, service: str = "") -> SeenProbe | None:
        """A probe as it was; without a service the first of this name."""
        return next((one for one in self.probes if one.name == name and service in ("", one.service)), None)


class Sight(Struct, frozen=True, kw_only=True):
    """One operation seen through one snapshot. answered: when the backend's answer came, told: what stood in it.

    lives: those that it began, as far as the backend knows.
    """

    operation: Operation
    source: str
    baseline: Baseline
    answered: datetime
    snapshot: Snapshot
    told: Facts = ()
    lives: tuple[Life, ...] = ()

    @property
    def workload(self) -> Workload | None:
        """The target's workload."""
        return find_workload(self.snapshot, self.operation.target)

    @property
    def status(self) -> SourceStatus | None:
        """The source that the target is seen through: what the profile declares is done by it, but seen elsewhere."""
        workload = self.workload if self.source == DECLARED else None
        name = workload.source if workload else self.source
        return next((status for status in self.snapshot.sources if status.name == name), None)

    @property
    def blind(self) -> str:
        """Why nothing seen now may be believed; empty when it may."""
        status = self.status
        if status is None:
            return f"nothing is heard of {self.source}"
        if status.freshness is not Freshness.LIVE:
            return f"{status.label} is {status.freshness}: {status.why or 'no answer'}"
        return ""

    @property
    def heard_since(self) -> bool:
        """Whether the source spoke after the backend's answer."""
        status = self.status
        return status is not None and status.heard_at is not None and status.heard_at > self.answered

    def instances(self) -> tuple[Instance, ...]:
        """The instances that the operation is about: its one, those it names, or all of its workload."""
        workload, target = self.workload, self.operation.target
        if workload is None:
            return ()
        wanted = (target,) if target.instance else self.operation.instances
        return tuple(one for one in workload.instances if not wanted or one.id in wanted)

    def concerned(self) -> tuple[Instance, ...]:
        """As `instances`; for one that was replaced under a new id, the one that stands in for it.

        That has the old one's name where names are kept, else it is the first that came since.
        """
        found, workload, target = self.instances(), self.workload, self.operation.target
        if found or workload is None or not target.instance:
            return found
        came = [one for one in workload.instances if self.baseline.of(one.id) is None]
        before = self.baseline.of(target)
        same = [one for one in came if before is not None and one.name == before.name]
        return tuple((same or sorted(came, key=_age))[:1])

    def renewed(self, instance: Instance) -> bool | None:
        """Whether it started anew since the baseline; None: not known. By its own clock, so a skew is no matter."""
        before = self.baseline.of(instance.id)
        if before is None:
            return True
        if instance.started_at is None:
            return None
        if before.started_at is None:
            return instance.started_at > self.baseline.at
        return instance.started_at > before.started_at

    def life(self, instance: Identity) -> Life | None:
        """The one that the operation began; None: not known."""
        return next((life for life in self.lives if life.instance == instance), None)


def _age(instance: Instance) -> tuple[bool, datetime]:
    return instance.created_at is None, instance.created_at or _LONG_AGO


def workloads(snapshot: Snapshot) -> Iterator[Workload]:
    """Every workload of every service, and every node."""
    for service in (*snapshot.services, *snapshot.nodes):
        yield from service.workloads


def find_workload(snapshot: Snapshot, identity: Identity) -> Workload | None:
    """The workload that an identity belongs to."""
    wanted = identity.workload
    return next((workload for workload in workloads(snapshot) if workload.id == wanted), None)


def find_service(snapshot: Snapshot, key: str) -> ServiceStatus | None:
    """A service or node by its key."""
    return snapshot.find(key)


def concerned(snapshot: Snapshot, plan: Plan) -> tuple[ServiceStatus | None, ...]:
    """The services that a plan changes, None for one that is not known; then those whose instances it moves away."""
    found = [find_service(snapshot, key) for key in plan.services]
    moved = {
        one.workload
        for operation in plan.operations
        for one in operation.instances
        if one.workload != operation.target.workload
    }
    others = (one for one in snapshot.services if moved and any(work.id in moved for work in one.workloads))
    return (*found, *(one for one in others if one.key not in plan.services))


def baseline(snapshot: Snapshot, operations: tuple[Operation, ...], service: str, now: datetime) -> Baseline:
    """What is true now of the targets of these operations and of their services' probes."""
    wanted = {operation.target.workload for operation in operations}
    found: dict[Identity, Seen] = {}
    for workload in workloads(snapshot):
        if workload.id in wanted:
            for one in workload.instances:
                found[one.id] = Seen(
                    id=one.id, phase=one.phase, name=one.name, started_at=one.started_at, restarts=one.restarts,
                    exit_code=one.exit_code,
                )  # fmt: skip
    keys = dict.fromkeys(operation.service or service for operation in operations)
    probes = tuple(
        SeenProbe(name=one.reading.probe, state=one.reading.state, detail=one.reading.detail, service=status.key)
        for status in (find_service(snapshot, key) for key in keys)
        if status
        for one in status.probes
    )
    return Baseline(at=now, instances=tuple(found.values()), probes=probes)
