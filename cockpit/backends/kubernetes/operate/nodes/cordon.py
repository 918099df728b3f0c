"""Whether new pods are put on a node: cordon takes it out of the choice, uncordon puts it back. Pods on it stay."""

from typing import ClassVar

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.operate.change import Change, look, mark_of, patch
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, spec_of
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

_WORDS = {True: SafeText("cordoned: no new pods"), False: SafeText("takes new pods")}


class Marking(Change):
    """What cordon and uncordon have in common. cordons: what it makes of the node; inverse: the other one."""

    cordons: ClassVar[bool]
    inverse: ClassVar[str]
    risk: ClassVar[str]

    def offered(self, workload: Workload) -> bool:
        """Whether it is not so already, as far as the board shows."""
        return workload.node is not None and workload.node.cordoned is not self.cordons

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: it is so already."""
        verb = self.verb.name
        whole = await look(hands, workload, verb)
        if is_cordoned(whole) is self.cordons:
            raise PlanRefused(f"{workload.id.name} is {'cordoned already' if self.cordons else 'not cordoned'}")
        operation = self.operation(hands, workload, whole)
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        return make_plan(hands, verb, workload, (operation,), facts=facts, risks=[*risks, self.risk])

    def operation(self, hands: Hands, workload: Workload, whole: Json) -> Operation:
        """As an operation of this or another plan."""
        verb = self.verb.name
        return Operation(
            verb=verb,
            title=safe(f"{verb} node {workload.id.name}", 300),
            target=workload.id,
            before=(("node", _WORDS[not self.cordons]),),
            after=(("node", _WORDS[self.cordons]),),
            precondition=self.mark(whole),
            done_when="cordoned" if self.cordons else "uncordoned",
            inverse=(self.inverse, ()),
            command=kubectl(hands, workload, f"{verb} {workload.id.name}"),
        )

    def mark(self, whole: Json) -> str:
        """Whether it is cordoned; its kubelet writes the rest of it all the time."""
        return mark_of(is_cordoned(whole), whole)

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """A patch, refused by the API when the node is another version than the one read."""
        return patch("node", whole, {"unschedulable": True if self.cordons else None})


class Cordon(Marking):
    """No new pods."""

    verb = Verb(name="cordon", title="Cordon: no new pods on it")
    cordons, inverse = True, "uncordon"
    risk = "the pods on it stay; drain moves them"


class Uncordon(Marking):
    """New pods again."""

    verb = Verb(name="uncordon", title="Uncordon: new pods again")
    cordons, inverse = False, "cordon"
    risk = "pods that were moved away do not come back by themselves"


def is_cordoned(whole: Json) -> bool:
    """Whether no new pods are put on a node."""
    return bool(spec_of(whole).get("unschedulable"))
