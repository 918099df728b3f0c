"""What stands around a plan when it is made: whom it touches, who needs them, what they need, when it was done last."""

from collections.abc import Sequence

from msgspec import Struct

from cockpit.backends.change import Plan
from cockpit.board.model import Health, Identity, Instance, Phase, State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.frame import Frame
from cockpit.incident.timeline import Row
from cockpit.mitigate.sight import concerned, workloads
from cockpit.ui.lookup import services_near

FINE = frozenset({State.OK, State.NOT_WATCHED})
MOVED_MOST = 12
"""Services that are named because instances of theirs are moved, the most critical first; the rest is counted."""


class Touched(Struct, frozen=True, kw_only=True):
    """One service that a plan changes. instances: of all that it has, how many an operation names; None: unknown.

    pods: of a node, how many are on it.
    """

    key: str
    name: str
    tier: int | None = None
    state: State = State.UNKNOWN
    instances: int | None = None
    of: int | None = None
    ready: int | None = None
    desired: int | None = None
    dependents: tuple[str, ...] = ()
    pods: int | None = None
    failed: tuple[ServiceStatus, ...] = ()
    """What it needs and is not well."""


class Around(Struct, frozen=True, kw_only=True):
    """All of it, as it was when the plan was made. last: the newest verdict of this verb on this service."""

    touched: tuple[Touched, ...] = ()
    last: Row | None = None


def around(frame: Frame, plan: Plan) -> Around:
    """What the frame says about the services of a plan."""
    known = {one.key: one.tier for one in concerned(frame.snapshot, plan) if one is not None}
    others = sorted(known.keys() - set(plan.services), key=lambda key: (known[key], key))
    # A node's own line would say nothing that those of the services on it do not.
    keys = (*(() if others else plan.services), *others[:MOVED_MOST])
    touched = [_touched(frame.snapshot, plan, key) for key in keys]
    if beyond := len(others) - MOVED_MOST:
        touched += [Touched(key="", name=f"and {beyond} more services")] if beyond > 0 else []
    return Around(touched=tuple(touched), last=last_time(frame.rows, plan))


def _touched(snapshot: Snapshot, plan: Plan, key: str) -> Touched:
    named = services_near(snapshot, key)
    service = named.get(key)
    if service is None:
        return Touched(key=key, name=key)
    if service.node:
        pods = sum(len(work.node.pods) for work in service.workloads if work.node is not None)
        return Touched(key=key, name=service.name, state=service.state, pods=pods)
    targets = {one.target for one in plan.operations if (one.service or plan.service) == key}
    targets |= {one for operation in plan.operations for one in operation.instances}
    every = [instance.id for workload in service.workloads for instance in workload.instances]
    others = (named.get(name) for name in service.depends_on)
    return Touched(
        key=key, name=service.name, tier=service.tier, state=service.state,
        instances=sum(one in targets or one.workload in targets for one in every) if every else None,
        of=len(every), ready=service.ready, desired=service.desired, dependents=service.dependents,
        failed=tuple(one for one in others if one is not None and one.state not in FINE),
    )  # fmt: skip


def last_time(rows: Sequence[Row], plan: Plan) -> Row | None:
    """The newest verdict about the same verb on the same service."""
    for row in reversed(rows):
        if row.entry.kind == "verdict":
            facts = dict(row.entry.facts)
            if facts.get("verb") == plan.verb and facts.get("service") == plan.service:
                return row
    return None


Mark = tuple[object, ...]


def mark_of(snapshot: Snapshot, plan: Plan) -> Mark:
    """What of the board would make a plan another one: its targets' instances, what they are doing, how many."""
    wanted: set[Identity] = {plan.workload.workload, *(one.target.workload for one in plan.operations)}
    found: dict[Identity, Mark] = {}
    for work in workloads(snapshot):
        if work.id in wanted:
            pods = work.node.pods if work.node is not None else None
            found[work.id] = (work.desired, work.image, pods, *(_life(one) for one in work.instances))
    return tuple((identity.name, found.get(identity)) for identity in sorted(wanted, key=repr))


def _life(one: Instance) -> tuple[Identity, Phase, Health, object]:
    return (one.id, one.phase, one.health, one.started_at)
