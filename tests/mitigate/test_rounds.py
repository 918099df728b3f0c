"""What has to wait is asked for again, the less often the longer it lasts; a person may stop it between two rounds."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan
from cockpit.board.model import NodeFacts, Phase, SafeText, Workload
from cockpit.mitigate.answer import Answer
from cockpit.mitigate.emptied import emptied
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard, Need, Rule
from cockpit.mitigate.sight import Baseline, Sight, concerned
from tests.mitigate.world import SERVICE, WORKLOAD, Stage, World, instance_id, operation, plan


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "state")


def waiting(stage: Stage, *rounds: Outcome) -> tuple[Plan, list[float]]:
    """One restart that is answered by these in turn, the last of them again and again; and the times of these."""
    answers = list(rounds)
    asked: list[float] = []

    def act(_: Operation) -> Outcome:
        asked.append(stage.clock.monotonic())
        return answers.pop(0) if len(answers) > 1 else answers[0]

    stage.operator.acts["restart"] = act
    return plan(operation(1, deadline=120.0), made_at=stage.clock.now()), asked


def gaps(asked: list[float]) -> list[float]:
    """Seconds between the rounds."""
    return [round(after - before, 1) for before, after in pairwise(asked)]


def told(words: str) -> tuple[tuple[str, SafeText], ...]:
    return (("waits", SafeText(words)),)


async def test_it_is_asked_again_until_it_is_done_and_less_often_while_nothing_changes(stage: Stage) -> None:
    held = Outcome(True, facts=told("for a budget"), again=2.0)
    made, asked = waiting(stage, held)
    events: dict[float, Callable[[], None]] = {
        70: lambda: stage.world.change(1, phase=Phase.RUNNING, started_at=stage.clock.now())
    }
    verdict = await stage.play(made, at=events)
    assert verdict.result == "worked"
    first, second, third, fourth, *others = gaps(asked)
    assert first < second < third < fourth
    assert set(others) <= {fourth, others[-1]}
    assert max(gaps(asked)) < 32
    assert [line for line in stage.journal.lines() if line.startswith("result")] == [
        "result: step 1 of 1: restart hook-receiver-1: accepted"
    ]


async def test_another_answer_is_asked_about_soon_again(stage: Stage) -> None:
    held = [Outcome(True, facts=told(words), again=2.0) for words in ("7 wait", "6 wait", "5 wait", "5 wait")]
    made, asked = waiting(stage, *held)
    await stage.play(made)
    first, second, third, fourth, *_ = gaps(asked)
    assert first == second == third < fourth


async def test_a_round_that_is_refused_ends_it(stage: Stage) -> None:
    made, _ = waiting(stage, Outcome(True, again=2.0), Outcome(False, SafeText("not permitted any more")))
    verdict = await stage.play(made)
    assert verdict.result == "did not work"
    assert verdict.evidence[0] == "not permitted any more"


async def test_what_waits_to_the_deadline_did_not_work(stage: Stage) -> None:
    made, _ = waiting(stage, Outcome(True, again=2.0))
    verdict = await stage.play(made)
    assert (verdict.result, verdict.evidence[0]) == ("did not work", "0 of 1 ready: it still is the one from before")


async def test_a_person_stops_it_between_two_rounds(stage: Stage) -> None:
    made, _ = waiting(stage, Outcome(True, again=2.0))
    events: dict[float, Callable[[], None]] = {9: lambda: stage.door.halt(stage.told[-1].run, "oncall stopped it")}
    verdict = await stage.play(made, at=events)
    assert verdict.result == "did not work"
    assert verdict.evidence[0] == "stopped (oncall stopped it): restart hook-receiver-1"
    assert any(one.stoppable for one in stage.told)
    assert not stage.told[-1].stoppable
    with pytest.raises(Refused, match="not under way any more"):
        stage.door.halt(stage.told[-1].run, "again")


async def test_a_person_stops_a_plan_before_its_next_operation(stage: Stage) -> None:
    def halted(target: Operation) -> Outcome:
        stage.door.halt(stage.told[-1].run, "oncall stopped it")
        return stage.restart(target)

    stage.operator.acts["restart"] = halted
    verdict = await stage.play(plan(operation(1), operation(2), made_at=stage.clock.now()))
    assert verdict.evidence == (
        "stopped after step 1 of 2 (oncall stopped it); next would be: restart hook-receiver-2",
    )
    assert stage.operator.asked == ["restart hook-receiver-1"]
    # Others go on: it is one run that was stopped, not the door.
    stage.operator.acts["restart"] = stage.restart
    assert (await stage.play(plan(operation(2), made_at=stage.clock.now()))).result == "worked"


# A node that is emptied: its operation names instances of other workloads.

NODE = replace(WORKLOAD, kind="node", space="", name="worker-1")
EVICT = Operation(
    verb="evict", title=SafeText("evict"), target=NODE, instances=(instance_id(1), instance_id(2)), done_when="emptied"
)


def sight(stage: Stage, node: NodeFacts | None, *, unseen: str = "", facts: tuple[tuple[str, str], ...] = ()) -> Sight:
    """The node as the board shows it."""
    now = stage.world.snapshot()
    work = Workload(id=NODE, source="main", node=node)
    status = replace(now.services[0], key="node/worker-1", name="worker-1", node=True, workloads=(work,))
    return Sight(
        operation=replace(EVICT, arguments=(("unseen", unseen),)), source="main",
        baseline=Baseline(at=stage.clock.now()), answered=stage.clock.now(),
        snapshot=replace(now, nodes=(status,)), told=tuple((name, SafeText(value)) for name, value in facts),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("node", "unseen", "facts", "answer", "counts"),
    [
        (NodeFacts(cordoned=True), "", (), Answer.YES, (2, 2)),
        (NodeFacts(cordoned=True, pods=frozenset({"c2", "another"})), "", (), Answer.NO, (1, 2)),
        (NodeFacts(cordoned=False), "", (), Answer.NO, (2, 2)),
        (NodeFacts(cordoned=True), "c2", (), Answer.UNKNOWN, (0, 0)),
        (NodeFacts(cordoned=True), "c2", (("left", "c2"),), Answer.NO, (1, 2)),
        (NodeFacts(cordoned=True), "c2", (("left", ""),), Answer.YES, (2, 2)),
    ],
    ids=["gone", "one left", "opened meanwhile", "not seen", "not seen, there", "not seen, gone"],
)
def test_emptied_is_what_is_seen_of_the_named_ones(
    stage: Stage, node: NodeFacts, unseen: str, facts: tuple[tuple[str, str], ...], answer: Answer,
    counts: tuple[int, int],
) -> None:  # fmt: skip
    found = emptied(sight(stage, node, unseen=unseen, facts=facts))
    assert found.answer is answer
    assert (found.good, found.wanted) == counts


def test_a_node_that_is_not_seen_is_not_known_to_be_empty(stage: Stage) -> None:
    assert emptied(sight(stage, None)).answer is Answer.UNKNOWN


def test_whose_instances_move_has_its_policy_asked_and_the_nodes_name_is_typed(stage: Stage) -> None:
    world: World = stage.world
    world.tier = 1
    world.publish()
    made = replace(plan(EVICT, made_at=stage.clock.now(), danger="high"), service="node/worker-1", workload=NODE)
    now = sight(stage, NodeFacts()).snapshot
    services = concerned(now, made)
    assert [one.key for one in services if one is not None] == ["node/worker-1", SERVICE]
    rule = Rule(
        need=Need.DENY, verbs=frozenset({"drain", "evict"}), tiers=frozenset({1}), why="nobody moves the critical"
    )
    assert "nobody moves the critical" in Guard(rules=(rule,)).requirement(made, *services).denied
    assert Guard().requirement(made, *services).type_name == "worker-1"
    both = replace(made, operations=(replace(EVICT, service="node/worker-1"), replace(EVICT, service="node/worker-2")))
    assert Guard().requirement(both, *concerned(now, both)).type_name == "2 nodes"
