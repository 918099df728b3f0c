"""Several plans joined to one: what each operation keeps, what is refused, and a line for each in the verdict."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Outcome, Plan, PlanRefused
from cockpit.board.clock import ManualClock
from cockpit.board.model import Phase, SafeText
from cockpit.mitigate.bulk import join
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard, Need, Rule
from cockpit.mitigate.record import title
from cockpit.mitigate.sight import find_service
from tests.mitigate.world import SERVICE, FakeOperator, Stage, World, operation, plan

NOW = ManualClock().now()
ONE = plan(operation(1), made_at=NOW, risks=(SafeText("2 s without an answer"),))
OTHER = replace(plan(operation(2), made_at=NOW, danger="high", hold=20.0), service="web", source="second")


def test_each_operation_keeps_where_it_belongs() -> None:
    both = join([ONE, OTHER], "continue", NOW)
    assert [(one.service, one.source) for one in both.operations] == [(SERVICE, "main"), ("web", "second")]
    assert (both.services, both.danger, both.hold, both.on_failure) == ((SERVICE, "web"), "high", 20.0, "continue")
    assert both.risks == (f"{SERVICE}: 2 s without an answer",)
    assert title(both) == f"restart {SERVICE} (2 services)"
    assert join([ONE], "stop", NOW) is ONE


@pytest.mark.parametrize(
    ("plans", "why"),
    [
        ([], "nothing is marked"),
        ([ONE, replace(OTHER, verb="stop")], "one verb for all"),
        ([ONE, replace(OTHER, on_failure="step back")], "takes itself back when it fails"),
        ([ONE, replace(ONE, service="web")], f"web and {SERVICE} run in the same place"),
        ([ONE] * 101, "at most 100"),
    ],
)
def test_what_cannot_be_one_is_refused(plans: list[Plan], why: str) -> None:
    with pytest.raises(PlanRefused, match=why):
        join(plans, "stop", NOW)


def test_the_strictest_rule_of_all_services_counts() -> None:
    known = find_service(World(ManualClock()).snapshot(), SERVICE)
    assert known is not None
    critical = replace(known, key="web", name="web", tier=1)
    both = join([replace(ONE, danger="low"), replace(OTHER, danger="low")], "stop", NOW)
    assert Guard().requirement(both, known, known).type_name == ""
    assert Guard().requirement(both, known, critical).type_name == "2 services"
    with pytest.raises(Refused, match="type 2 services to confirm"):
        Guard().allow(both, known, "oncall", "web", critical)
    assert Guard().allow(both, known, "oncall", "2 services", critical).plan_hash == both.hash
    frozen = Guard(rules=(Rule(need=Need.DENY, tiers=frozenset({1}), why="frozen"),))
    assert "frozen" in frozen.requirement(both, known, critical).denied


@pytest.mark.parametrize(("goes_on", "asked"), [(False, 1), (True, 2)])
async def test_a_line_for_each_and_what_was_done(tmp_path: Path, goes_on: bool, asked: int) -> None:
    stage = Stage(tmp_path / "state", guard=Guard(rules=()))
    second = FakeOperator({"restart": stage.restart})
    stage.operator.acts["restart"] = lambda _: Outcome(False, SafeText("permission denied"))
    stage.door._operators = {"main": stage.operator, "second": second}
    # The second source is the same pretended engine: only who is asked differs.
    verdict = await stage.play(join([ONE, OTHER], "continue" if goes_on else "stop", NOW), typed="2 services")
    assert len(stage.operator.asked) + len(second.asked) == asked
    assert verdict.result == "did not work"
    assert "permission denied" in verdict.evidence[0]
    last = stage.journal.entries[-1]
    assert (("not done", f"restart {SERVICE}-2") in last.facts) is not goes_on
    assert (stage.world.instances[operation(2).target].phase, len(stage.told[-1].steps)) == (Phase.RUNNING, 2)


async def test_what_rests_on_a_failed_step_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state", guard=Guard(rules=()))
    stage.operator.acts["capture"] = lambda _: Outcome(False, SafeText("the dump is over its limit"))
    stage.operator.acts["remove"] = lambda _: Outcome(True)
    kept = replace(plan(operation(1, "capture"), operation(1, "remove"), made_at=NOW), verb="restart")
    verdict = await stage.play(join([kept, replace(OTHER, source="main")], "continue", NOW), typed="2 services")
    # What could not be kept is not removed; the other service has nothing to do with it.
    assert stage.operator.asked == [f"capture {SERVICE}-1", f"restart {SERVICE}-2"]
    assert operation(1).target in stage.world.instances
    assert verdict.result == "did not work"
    why = f"not done, for {SERVICE} is left as it is since this failed: capture {SERVICE}-1"
    assert verdict.evidence[1:3] == (f"remove {SERVICE}-1: {why}", f"restart {SERVICE}-2: done")
    steps = stage.told[-1].steps
    assert [(step.state, step.detail) for step in steps[1:2]] == [("waiting", why)]
    assert [step.state for step in steps] == ["failed", "waiting", "done"]
    facts = stage.journal.entries[-1].facts
    assert [value for name, value in facts if name == "not done"] == [f"remove {SERVICE}-1"]


async def test_an_engine_that_cannot_be_changed_refuses_all(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state", guard=Guard(rules=()))
    with pytest.raises(Refused, match="nothing here can change second"):
        await stage.play(join([ONE, OTHER], "stop", NOW))
    assert stage.operator.asked == []
