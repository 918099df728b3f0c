"""Numbers: rings, sums over what runs, thresholds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.model import ReadingState, Sample, State
from cockpit.board.series import KEPT, METRICS_MOST
from cockpit.profile.probes import Threshold
from tests.board.scene import HOT, Scene, cpu, exited, memory, profile, service, workload

MIB = 1 << 20


def hot() -> Scene:
    return Scene(profile({"web": service("web", thresholds=HOT)}))


def test_sums_over_instances() -> None:
    scene = Scene().listed(workload("web", {"memory_limit": 512 * MIB}, {"memory_limit": 512 * MIB}))
    scene.sampled(cpu("web", 10), cpu("web", 30, 2), memory("web", 100.0 * MIB), memory("web", 50.0 * MIB, 2))
    status = scene["web"]
    assert (status.cpu, status.memory, status.memory_limit) == (40, 150 * MIB, 1024 * MIB)
    assert (status.series["cpu"].values, status.series["cpu"].unit) == ((40,), "%")
    assert status.series["memory"].limit == 1024 * MIB


def test_numbers_that_come_apart_make_one_point() -> None:
    scene = Scene().listed(workload("web", {}, {}))
    scene.sampled(cpu("web", 10)).sampled(cpu("web", 30, 2))
    assert list(scene.board.rings("web")["cpu"].values) == [40]
    scene.later(2).sampled(cpu("web", 20)).sampled(cpu("web", 30, 2))
    assert list(scene.board.rings("web")["cpu"].values) == [40, 50]


def test_an_instance_that_ended_is_not_counted_any_more() -> None:
    scene = Scene().listed(workload("web", {}, {})).sampled(cpu("web", 10), cpu("web", 30, 2))
    scene.changed(workload("web", {}, exited(1)))
    assert scene.cpu("web") == 10
    scene.changed(workload("web", exited(1), exited(1)))
    assert (scene.cpu("web"), scene["web"].series["cpu"].values) == (None, (40,))


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=150))
def test_a_ring_holds_the_last_sixty(values: list[float]) -> None:
    scene = Scene().listed(workload("web"))
    for value in values:
        scene.later(1).sampled(cpu("web", value))
    assert scene["web"].series["cpu"].values == tuple(values[-KEPT:])
    assert scene.board.rings("web")["cpu"].at == scene.at


def test_a_busy_moment_is_no_fault_but_a_busy_while_is() -> None:
    scene = hot().listed(workload("web", {}, {}))
    for _ in range(2):
        scene.later(2).sampled(cpu("web", 91))
        assert scene.state("web") is State.OK
    scene.later(2).sampled(cpu("web", 91))
    status = scene["web"]
    assert (status.state, status.why) == (State.DEGRADED, "cpu 91 % > 85 %")
    assert status.since is not None
    assert (scene.at - status.since).total_seconds() == 4
    assert status.series["cpu"].bad is ReadingState.DEGRADED
    scene.later(2).sampled(cpu("web", 20))
    assert (scene.state("web"), scene["web"].series["cpu"].bad) == (State.OK, None)


def test_however_bad_a_number_alone_takes_nobody_down() -> None:
    scene = hot().listed(workload("web"))
    for _ in range(3):
        scene.later(2).sampled(cpu("web", 400))
    assert (scene.state("web"), scene.why("web")) == (State.DEGRADED, "cpu 400 % > 95 %")
    assert scene["web"].series["cpu"].bad is ReadingState.DOWN


def test_memory_is_compared_with_the_limit_of_its_own_instance() -> None:
    scene = hot().listed(workload("web", {"memory_limit": 100 * MIB}, {"memory_limit": 900 * MIB}))
    scene.sampled(memory("web", 90.0 * MIB), memory("web", 90.0 * MIB, 2))
    assert (scene.state("web"), scene.why("web")) == (State.DEGRADED, "memory 90 % of limit > 85 % of limit")


def test_memory_without_a_limit_has_nothing_to_be_compared_with() -> None:
    scene = hot().listed(workload("web")).sampled(memory("web", 1e12))
    assert (scene.state("web"), scene["web"].memory_limit) == (State.OK, None)


def test_numbers_of_probes_come_by_the_services_name() -> None:
    made = profile({"web": service("web", thresholds={"queue": Threshold(warn_below=5)})})
    scene = Scene(made).listed(workload("web"))
    scene.sampled(Sample("web", "queue", 3, ""), source="probes")
    assert (scene.state("web"), scene.why("web")) == (State.DEGRADED, "queue 3 < 5")
    assert [one.name for one in scene.board.snapshot().sources] == ["main"]
    scene.sampled(Sample("web", "p95", 6.2, "s", ReadingState.DEGRADED), source="probes")
    assert "p95 6.2 s" in scene["web"].evidence


def test_the_number_of_metrics_is_bounded() -> None:
    scene = Scene().listed(workload("web"))
    scene.sampled(*(Sample("web", f"m{number}", 1, "") for number in range(500)), source="probes")
    assert len(scene["web"].series) == METRICS_MOST


@pytest.mark.parametrize("target", ["nobody", "web"])
def test_numbers_of_what_is_not_known_are_passed_over(target: str) -> None:
    scene = Scene().listed()
    scene.sampled(cpu(target, 5))
    assert scene.cpu("web") is None
