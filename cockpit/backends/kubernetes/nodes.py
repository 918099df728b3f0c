"""Nodes: what is to be said of each, which pods are on it, and the workload of the board that it becomes. No I/O."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.kubernetes.quantity import quantity
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import Condition, condition
from cockpit.backends.kubernetes.wire_nodes import Node, Taint
from cockpit.board.model import (
    Health,
    Identity,
    Instance,
    NodeFacts,
    Phase,
    ReadingState,
    Remark,
    SafeText,
    Workload,
)
from cockpit.board.text import safe
from cockpit.board.why import moment as shown

_ROLE, _ROLE_LABEL = "node-role.kubernetes.io/", "kubernetes.io/role"
_CORDON = "node.kubernetes.io/unschedulable"
_OWN = "node.kubernetes.io/"
"""Taints of this prefix repeat what conditions and the cordon say."""
_PRESSURES = {"MemoryPressure": "memory", "DiskPressure": "disk", "PIDPressure": "process ids"}
TAINTS_MOST = 8
Where = tuple[tuple[str, SafeText], ...]


class NodeFact(Struct, frozen=True):
    """One node. unknown: nobody hears of it; ready: it takes part; why: in words what is wrong, of a well one nothing.

    cordoned: in words, empty while new pods may come. remarks: what to say besides.
    """

    unknown: bool = False
    ready: bool = True
    why: SafeText = SafeText("")
    since: datetime | None = None
    uid: str = ""
    cordoned: SafeText = SafeText("")
    remarks: tuple[Remark, ...] = ()
    facts: NodeFacts = NodeFacts()

    @property
    def well(self) -> bool:
        """Whether the pods on it have nothing to say of it."""
        return self.ready and not self.cordoned


def node(one: Node) -> NodeFact:
    """Its readiness, pressures, cordon, and what it is."""
    name, facts = one.metadata.name, _facts(one)
    ready = condition(one.status.conditions, "Ready")
    since = moment(ready.last_transition_time) if ready is not None else None
    cordoned = ""
    if facts.cordoned:
        when = f" since {shown(facts.cordoned_at)}" if facts.cordoned_at else ""
        cordoned = f"cordoned{when}: takes no new pods"
    fact = NodeFact(
        since=since, uid=one.metadata.uid, cordoned=safe(cordoned, 200), remarks=tuple(_pressures(one)), facts=facts
    )
    if ready is None or ready.status == "True":
        return fact
    when = f" since {shown(since)}" if since else ""
    if ready.status == "Unknown":
        return replace(fact, unknown=True, ready=False, why=safe(f"node {name} does not answer{when}", 200))
    words = f": {ready.message or ready.reason}" if ready.message or ready.reason else ""
    return replace(fact, ready=False, why=safe(f"node {name} is not ready{when}{words}", 300))


def _facts(one: Node) -> NodeFacts:
    labels, room = one.metadata.labels or {}, one.status.allocatable or {}
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)} | {labels.get(_ROLE_LABEL, "")}
    cpu, most = quantity(room.get("cpu")), quantity(room.get("pods"))
    return NodeFacts(
        roles=tuple(safe(role, 63) for role in sorted(roles - {""})),
        version=safe(one.status.node_info.kubelet_version, 63),
        created_at=moment(one.metadata.creation_timestamp),
        cordoned=one.spec.unschedulable,
        cordoned_at=next((moment(taint.time_added) for taint in one.spec.taints or () if taint.key == _CORDON), None),
        taints=_taints(one.spec.taints or ()),
        cpu=None if cpu is None else 100.0 * cpu,
        memory=quantity(room.get("memory")),
        pods_most=None if most is None else int(most),
    )


def _taints(taints: Sequence[Taint]) -> tuple[SafeText, ...]:
    own = [one for one in taints if not one.key.startswith(_OWN)]
    return tuple(
        safe(f"{one.key}{f'={one.value}' if one.value else ''}:{one.effect}", 200) for one in own[:TAINTS_MOST]
    )


def _pressures(one: Node) -> Iterator[Remark]:
    for name, words in _PRESSURES.items():
        found: Condition | None = condition(one.status.conditions, name)
        if found is not None and found.status == "True":
            said = f": {found.message}" if found.message else ""
            yield Remark(
                safe(f"short of {words}{said}", 300), ReadingState.DEGRADED, moment(found.last_transition_time)
            )


class Nodes:
    """The nodes of one cluster, and the pods on each by their uids. source: the backend's name."""

    def __init__(self, source: str, where: Where, scope: str) -> None:
        self._source, self._where, self._scope = source, where, scope
        self._facts: dict[str, NodeFact] = {}
        self._pods: dict[str, set[str]] = {}
        self._dirty: set[str] = set()

    def on(self, name: str) -> frozenset[str]:
        """The pods on a node that have not ended."""
        return frozenset(self._pods.get(name, ()))

    def change(self, name: str, fact: NodeFact | None) -> None:
        """A node as it is now; None: it is gone."""
        if fact is None:
            self._facts.pop(name, None)
        else:
            self._facts[name] = fact
        self._dirty.add(name)

    def come(self, name: str, pod: str) -> None:
        """A pod is on a node."""
        pods = self._pods.setdefault(name, set())
        if pod not in pods:
            pods.add(pod)
            self._dirty.add(name)

    def leave(self, name: str, pod: str) -> None:
        """A pod is on it no more, or has ended."""
        pods = self._pods.get(name)
        if pods is not None and pod in pods:
            pods.discard(pod)
            self._dirty.add(name)
            if not pods:
                del self._pods[name]

    def news(self) -> Iterator[tuple[Identity, Workload | None]]:
        """Nodes that may be other than last told; None: gone. What happens inside of a pod on it changes no node."""
        dirty = tuple(self._dirty)
        self._dirty.clear()
        for name in dirty:
            fact = self._facts.get(name)
            identity = Identity("kubernetes", self._scope, "", "node", name)
            yield identity, None if fact is None else self._workload(identity, fact)

    def _workload(self, identity: Identity, fact: NodeFact) -> Workload:
        remarks = fact.remarks
        if fact.cordoned and not fact.ready:
            remarks = (*remarks, Remark(fact.cordoned, ReadingState.OK, fact.facts.cordoned_at))
        return Workload(
            id=identity,
            source=self._source,
            where=self._where,
            instances=(_instance(identity, fact),),
            # One that takes no new pods is missed by nobody, and is no reason to call a service degraded.
            desired=0 if fact.cordoned and fact.ready else 1,
            remarks=remarks,
            node=replace(fact.facts, pods=self.on(identity.name)),
        )


def _instance(identity: Identity, fact: NodeFact) -> Instance:
    """The machine itself, as the one instance of its workload."""
    phase = Phase.PAUSED if fact.cordoned and fact.ready else Phase.RUNNING
    return Instance(
        id=replace(identity, instance=fact.uid),
        name=safe(identity.name, 253),
        phase=phase,
        health=Health.HEALTHY if fact.ready else Health.UNHEALTHY,
        health_detail=SafeText(fact.why.removeprefix(f"node {identity.name} ")),
        health_since=fact.since,
        error=fact.cordoned if phase is Phase.PAUSED else SafeText(""),
        created_at=fact.facts.created_at,
        version=fact.facts.version,
        cpu_limit=fact.facts.cpu,
        memory_limit=None if fact.facts.memory is None else int(fact.facts.memory),
    )
