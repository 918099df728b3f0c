"""What several nodes leave to take pods when they are drained or cordoned together."""

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan
from cockpit.board.model import Identity, NodeFacts, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.mitigate.room import room_risks
from tests.board.fleet import START
from tests.mitigate.world import plan


def node(name: str, state: State = State.OK, *, cordoned: bool = False, scope: str = "c1") -> ServiceStatus:
    identity = Identity("kubernetes", scope, "", "node", name)
    work = Workload(id=identity, source="main", node=NodeFacts(cordoned=cordoned))
    return ServiceStatus(
        key=f"node/{name}", name=name, scope=SafeText(""), tier=3, state=state, since=None, since_exact=True,
        why=SafeText(""), workloads=(work,), node=True,
    )  # fmt: skip


def closing(*names: str) -> Plan:
    targets = (node(name).workloads[0].id for name in names)
    made = (
        Operation(verb=verb, title=SafeText(verb), target=target, done_when=done_when)
        for target in targets
        for verb, done_when in (("cordon", "cordoned"), ("evict", "emptied"))
    )
    return plan(*made, made_at=START)


ELSEWHERE = node("z", scope="c2")


@pytest.mark.parametrize(
    ("names", "nodes", "risk"),
    [
        (("a", "b"), (node("a"), node("b"), ELSEWHERE), "no node is left that takes pods"),
        (("a", "b"), (node("a"), node("b"), node("c", State.DOWN), node("d", cordoned=True)), "no node is left"),
        (("a", "b"), (node("a"), node("b"), node("c"), ELSEWHERE), "only c is left to take pods"),
    ],
)
def test_what_is_left_is_told(names: tuple[str, ...], nodes: tuple[ServiceStatus, ...], risk: str) -> None:
    (told,) = room_risks(closing(*names), nodes)
    assert risk in told


def test_room_enough_one_alone_and_other_verbs_are_no_risk_of_several() -> None:
    four = tuple(map(node, "abcd"))
    assert room_risks(closing("a", "b"), four) == []
    assert room_risks(closing("a"), (node("a"),)) == []
    both = closing("a", "b")
    opened = replace(both, operations=tuple(replace(one, done_when="uncordoned") for one in both.operations))
    assert room_risks(opened, (node("a"), node("b"))) == []
