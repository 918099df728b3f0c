"""How much went wrong, minute by minute: the most telling count that there is."""

from datetime import timedelta

from cockpit.board.model import ReadingState, SafeText, Sample
from cockpit.board.rate import KEPT, Rates
from cockpit.board.update import Counted
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


def log(scene: Scene, *counts: int, minutes_ago: int = 0, partly: str = "") -> Scene:
    """Error lines of consecutive minutes, the last of them so long ago."""
    last = scene.at.replace(second=0) - timedelta(minutes=minutes_ago)
    points = tuple((last - timedelta(minutes=back), count) for back, count in enumerate(reversed(counts)))
    return scene.tell(Counted(at=scene.at, service="web", minutes=points, partly=SafeText(partly)))


def leading(scene: Scene) -> tuple[str, list[float]]:
    rate = scene["web"].rate
    assert rate is not None
    return rate.what, [value for _, value in rate.points]


def test_errors_in_a_log_come_before_probes_once_they_reach_back_and_while_it_is_read() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web"))
    for _ in range(3):
        scene.later(60).probed("web", ReadingState.OK)
    assert leading(log(scene, 7))[0] == "failing probe answers a minute"
    assert leading(log(scene, 0, 2, 5, 7)) == ("error lines a minute", [0.0, 2.0, 5.0, 7.0])
    for _ in range(5):
        scene.later(60).probed("web", ReadingState.OK)
    assert leading(scene)[0] == "failing probe answers a minute"


def test_who_reads_less_of_a_log_takes_nothing_back() -> None:
    scene = Scene().listed(workload("web"))
    log(scene, *[0] * 12, 2, 5, partly="in 1 of 2 logs")
    rate = scene["web"].rate
    assert rate is not None
    assert rate.partly == "in 1 of 2 logs"
    assert leading(log(scene, 3, 1))[1][-2:] == [3.0, 5.0]


def test_what_is_kept_is_bounded() -> None:
    rates = Rates()
    for minute in range(3 * KEPT):
        rates.probed(True, START + timedelta(minutes=minute))
        rates.stands(minute % 2, START + timedelta(minutes=minute))
    assert rates.best is not None
    assert len(rates.best.points) == KEPT
    assert rates._missing is not None
    assert len(rates._missing.points) <= 200
