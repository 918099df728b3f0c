"""Which pods a change takes away, and the same plan with what is known of them kept first."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan
from cockpit.backends.kubernetes.operate.capture import PodRef, keeping, refs
from cockpit.backends.kubernetes.operate.hands import Hands
from cockpit.backends.kubernetes.operate.nodes.evict import evicted
from cockpit.backends.kubernetes.operate.remove import named
from cockpit.board.model import Instance, Workload

Loses = Callable[[Workload, Sequence[Operation]], Sequence[PodRef]]


def kept_first(hands: Hands, workload: Workload, plan: Plan) -> Plan:
    """The plan with an operation before it that keeps what its pods leave behind; as it is when none goes."""
    loses = LOSES.get(plan.verb)
    pods = loses(workload, plan.operations) if loses else ()
    others = {one.workload for operation in plan.operations for one in operation.instances} - {workload.id}
    moved = [Workload(id=one, source=workload.source) for one in sorted(others)]
    return replace(plan, operations=(*keeping(hands, workload, pods, plan.verb, moved), *plan.operations))


def _all(workload: Workload, _: Sequence[Operation]) -> Sequence[PodRef]:
    return refs(workload.instances)


def _named(workload: Workload, operations: Sequence[Operation]) -> Sequence[PodRef]:
    uids = {uid for one in operations for _, uid in named(one)}
    return refs(one for one in workload.instances if one.id.instance in uids)


def _beyond(workload: Workload, operations: Sequence[Operation]) -> Sequence[PodRef]:
    """Of a StatefulSet the highest numbers go; of the others the cluster chooses, so all of them may be among those."""
    given, now = dict(operations[0].arguments), int(dict(operations[0].before)["replicas"])
    wanted = given.get("replicas") or given.get("max", "")
    count = int(wanted) if wanted.isdecimal() else now
    if count >= now:
        return ()
    if workload.id.kind == "statefulset":
        return refs(sorted(workload.instances, key=_number)[count:])
    return refs(workload.instances)


def _evicted(_: Workload, operations: Sequence[Operation]) -> Sequence[PodRef]:
    return [pod for one in operations for pod in evicted(one)]


def _number(one: Instance) -> int:
    last = str(one.name).rpartition("-")[2]
    return int(last) if last.isdecimal() else 0


LOSES: Mapping[str, Loses] = {
    "autoscale": _beyond,
    "drain": _evicted,
    "isolate": _all,
    "remove": _named,
    "restart": _all,
    "resume": _all,
    "rollback": _all,
    "set": _all,
    "scale": _beyond,
}
"""Verbs after which pods are gone, exchanged or out of reach."""
