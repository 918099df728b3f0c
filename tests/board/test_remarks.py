"""What a platform says of a workload beside its instances."""

from cockpit.board.model import ReadingState, Remark, SafeText, State
from tests.board.scene import LONG_AGO, Scene, exited, workload


def told(scene: Scene, remark: Remark) -> Scene:
    return scene.declared().listed(workload("web", remarks=(remark,)))


def test_a_bad_remark_makes_a_service_degraded_and_says_why() -> None:
    scene = told(Scene(), Remark(SafeText("exceeded quota: pods"), ReadingState.DEGRADED))
    one = scene["web"]
    assert (one.state, one.why) == (State.DEGRADED, "exceeded quota: pods")


def test_a_remark_that_only_tells_stands_among_the_evidence() -> None:
    scene = told(Scene(), Remark(SafeText("HPA at its maximum of 10"), ReadingState.OK))
    one = scene["web"]
    assert (one.state, one.why) == (State.OK, "")
    assert "HPA at its maximum of 10" in one.evidence


def test_a_remark_that_only_tells_says_nothing_of_since_when_all_is_well() -> None:
    scene = Scene()
    told(scene, Remark(SafeText("readiness probe 503 (new pod)"), ReadingState.OK, scene.at))
    assert (scene["web"].state, scene["web"].since) == (State.OK, LONG_AGO)


def test_what_stands_is_said_on_the_row_while_all_is_well_and_beside_what_is_not() -> None:
    standing = Remark(SafeText("isolated by NetworkPolicy x"), ReadingState.OK, standing=True)
    scene = told(Scene(), standing)
    assert (scene["web"].state, scene["web"].why) == (State.OK, "isolated by NetworkPolicy x")
    scene.changed(workload("web", exited(1, at=scene.at), remarks=(standing,)))
    assert scene["web"].why == "exit 1, isolated by NetworkPolicy x"


def test_a_remark_of_a_source_that_is_lost_is_not_believed() -> None:
    scene = told(Scene(), Remark(SafeText("exceeded quota: pods"), ReadingState.DEGRADED)).lost()
    assert scene["web"].state is State.UNKNOWN
