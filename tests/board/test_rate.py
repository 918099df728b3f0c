"""How much went wrong, minute by minute: the most telling count that there is."""

from datetime import timedelta

from cockpit.board.model import ReadingState, Sample
from cockpit.board.rate import KEPT, Rates
from tests.board.fleet import START
from tests.board.scene import TCP, Scene, exited, profile, service, workload


def test_missing_instances_are_counted_where_nothing_else_is() -> None:
    scene = Scene().listed(workload("web", {}, {}, desired=2))
    scene.later(5).changed(workload("web", {}, exited(1, at=scene.at), desired=2))
    rate = scene["web"].rate
    assert rate is not None
    assert (rate.what, rate.holds, [value for _, value in rate.points]) == ("instances not ready", True, [0.0, 1.0])


def test_failing_answers_come_before_missing_instances_and_unknown_ones_do_not_count() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web"))
    for state in (ReadingState.OK, ReadingState.DOWN, ReadingState.DEGRADED, ReadingState.UNKNOWN):
        scene.probed("web", state)
    scene.later(61).probed("web", ReadingState.OK)
    rate = scene["web"].rate
    assert rate is not None
    assert (rate.what, [value for _, value in rate.points]) == ("failing probe answers a minute", [2.0, 0.0])


def test_a_number_that_counts_errors_comes_first() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web"))
    scene.probed("web", ReadingState.DOWN)
    for metric, value in (("latency", 9.0), ("errors", 3.0), ("http_5xx", 7.0), ("errors", 2.0)):
        scene.sampled(Sample("web", metric, value, "1/s"))
    rate = scene["web"].rate
    assert rate is not None
    assert (rate.what, rate.unit, [value for _, value in rate.points]) == ("errors", "1/s", [3.0])


def test_what_is_kept_is_bounded() -> None:
    rates = Rates()
    for minute in range(3 * KEPT):
        rates.probed(True, START + timedelta(minutes=minute))
        rates.stands(minute % 2, START + timedelta(minutes=minute))
    assert rates.best is not None
    assert len(rates.best.points) == KEPT
    assert rates._missing is not None
    assert len(rates._missing.points) <= 200
