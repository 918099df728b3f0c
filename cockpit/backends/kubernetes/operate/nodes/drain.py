"""Emptying a node: it is cordoned, then its pods are evicted, as far and as fast as their disruption budgets allow."""

from collections.abc import Iterable, Sequence

import msgspec

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.operate.change import look
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan
from cockpit.backends.kubernetes.operate.hands import Hands
from cockpit.backends.kubernetes.operate.nodes.around import elsewhere, may_evict
from cockpit.backends.kubernetes.operate.nodes.budgets import blocked
from cockpit.backends.kubernetes.operate.nodes.cordon import Cordon, is_cordoned
from cockpit.backends.kubernetes.operate.nodes.evict import Evict
from cockpit.backends.kubernetes.operate.nodes.pods import OnNode, named, pods_on, refuse
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe
from cockpit.profile.checks import seconds

SHORTEST, LONGEST, USUAL = 1.0, 4 * 3600.0, 600.0
"""Seconds that the evictions may take."""
LINES = 60
"""Pods that are listed one by one; the rest is counted."""


class Drain:
    """The verb."""

    verb = Verb(
        name="drain", title="Drain: move its pods away", danger="high",
        options=(
            ("force", "yes: pods that nothing keeps too, they do not come back; left out: refused"),
            ("delete-emptydir-data", "yes: pods with an emptyDir too, its data is lost; left out: refused"),
            ("timeout", "how long it may take, as 90s or 15m; left out: 10m"),
        ),
    )  # fmt: skip

    def offered(self, workload: Workload) -> bool:
        """Whether it is a node."""
        return workload.node is not None

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """Two operations, of a cordoned node one. PlanRefused: nothing moves, or something would be lost for good."""
        name, verb = workload.id.name, self.verb.name
        force, scratch = (_yes(name, arguments, one) for one in ("force", "delete-emptydir-data"))
        timeout = _timeout(name, arguments.get("timeout", "").strip())
        whole, pods = await look(hands, workload, verb), await pods_on(hands, name)
        moving = [one for one in pods if not one.stays]
        if not moving:
            stay = f"its {len(pods)} stay: {named((one.place for one in pods), 2)}" if pods else "there is none"
            raise PlanRefused(f"drain {name}: no pod on it would move ({stay})")
        refuse(name, moving, force=force, scratch=scratch)
        first = None if is_cordoned(whole) else Cordon().operation(hands, workload, whole)
        evict = _evict(hands, workload, moving, pods, timeout or max(USUAL, 120.0 + max(one.grace for one in moving)))
        facts, risks = await may_evict(hands, name, moving)
        if first is not None:
            risks += (await hands.rehearse(await Cordon().request(hands, whole, first), verb))[1]
        risks = [*await blocked(hands, moving), *await elsewhere(hands, name), *_losses(moving), *risks]
        operations = (evict,) if first is None else (first, evict)
        return make_plan(hands, verb, workload, operations, facts=facts, risks=risks, danger="high")

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Its operations are cordon and evict."""
        return f"{operation.verb} is no operation by itself"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Its operations are cordon and evict."""
        return Outcome(accepted=False, detail=SafeText("drain is no operation by itself"))


def _evict(
    hands: Hands, workload: Workload, moving: Sequence[OnNode], pods: Sequence[OnNode], deadline: float
) -> Operation:
    stay = len(pods) - len(moving)
    on_board = workload.node.pods if workload.node is not None else frozenset()
    unseen = " ".join(one.ref.uid for one in moving if one.ref.uid not in on_board)
    return Operation(
        verb=Evict.verb.name,
        title=safe(f"evict {len(moving)} pod{'s' if len(moving) > 1 else ''} from {workload.id.name}", 300),
        target=workload.id,
        instances=tuple(one.owner.identity(workload.id.scope, one.ref.uid) for one in moving),
        before=(("pods on it", SafeText(str(len(pods)))),),
        after=(("pods on it", safe(f"{stay}, which stay" if stay else "none")),),
        arguments=(("pods", msgspec.json.encode([one.ref for one in moving]).decode()), ("unseen", unseen)),
        done_when="emptied",
        deadline=deadline,
        command=kubectl(hands, workload, _kubectl(workload.id.name, moving, deadline)),
        diff=tuple(_listed(moving, pods)),
    )


def _listed(moving: Sequence[OnNode], pods: Sequence[OnNode]) -> Iterable[SafeText]:
    """A line for each pod: what moves, then what stays and why."""
    lines = [f"- {one.place}: {one.owner.kind} {one.owner.name}, grace {one.grace:g} s" for one in moving]
    lines += [f"  {one.place} stays: {one.stays}" for one in pods if one.stays]
    yield from (safe(line, 300) for line in lines[:LINES])
    if len(lines) > LINES:
        yield safe(f"  and {len(lines) - LINES} more")


def _losses(moving: Sequence[OnNode]) -> list[str]:
    alone = [one.place for one in moving if one.alone]
    data = [one.place for one in moving if one.scratch]
    risks = [f"nothing keeps {named(alone)}: it does not come back"] if alone else []
    risks += [f"{named(data)} loses what is in its emptyDir"] if data else []
    return [*risks, "uncordon brings no pod back: they stay where they are by then"]


def _kubectl(name: str, moving: Sequence[OnNode], timeout: float) -> str:
    given = ["--force"] if any(one.alone for one in moving) else []
    given += ["--delete-emptydir-data"] if any(one.scratch for one in moving) else []
    return " ".join(["drain", name, "--ignore-daemonsets", *given, f"--timeout={timeout:.0f}s"])


def _yes(node: str, arguments: dict[str, str], name: str) -> bool:
    said = arguments.get(name, "").strip().lower()
    if said not in ("", "yes", "no"):
        raise PlanRefused(f"drain {node}: {name} is yes or no, not {safe(said, 40)}")
    return said == "yes"


def _timeout(node: str, said: str) -> float:
    """Seconds; 0 when it was left out."""
    found = seconds(said) if said else 0.0
    if found is None or (said and not SHORTEST <= found <= LONGEST):
        raise PlanRefused(f"drain {node}: timeout is a time from 1s to 4h (90s, 15m), not {safe(said, 40)}")
    return found
