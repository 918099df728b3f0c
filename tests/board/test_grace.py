"""The grace of a start: it excuses what has not been well yet, not what was and then turned bad."""

from cockpit.board.model import ReadingState, State
from cockpit.profile.probes import TcpProbe
from cockpit.profile.schema import Selector, Service
from tests.board.fleet import START
from tests.board.scene import Scene, profile, workload

OK, DOWN = ReadingState.OK, ReadingState.DOWN
WEB = Service(workloads=(Selector(compose="web"),), probes={"tcp": TcpProbe(port=5432)})


def started() -> Scene:
    return Scene(profile({"web": WEB})).listed(workload("web", {"started_at": START})).later(1)


def test_what_has_not_been_well_since_its_start_is_starting() -> None:
    scene = started().probed("web", DOWN).later(5).probed("web", DOWN)
    assert scene.state("web") is State.STARTING


def test_what_was_well_since_its_start_and_fails_is_down_at_once() -> None:
    scene = started().probed("web", OK).later(2).probed("web", OK).later(8).probed("web", DOWN)
    assert scene.state("web") is State.DOWN
    assert scene.later(5).probed("web", DOWN).state("web") is State.DOWN


def test_one_good_reading_proves_nothing_for_it_may_be_held_over() -> None:
    scene = started().probed("web", OK).later(2).probed("web", DOWN)
    assert scene.state("web") is State.STARTING


def test_good_readings_from_before_the_start_do_not_count() -> None:
    scene = started().probed("web", OK).later(2).probed("web", OK).later(20)
    scene.listed(workload("web", {"started_at": scene.at})).later(1)
    assert scene.probed("web", OK).later(2).probed("web", DOWN).state("web") is State.STARTING
