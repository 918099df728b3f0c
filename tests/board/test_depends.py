"""Dependencies: both ways, transitive, in circles; and the one that failed first is named."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.depends import Dependencies
from cockpit.board.model import Phase, ReadingState, State
from cockpit.board.since import Onset
from tests.board.fleet import START
from tests.board.scene import TCP, Scene, exited, identity, profile, service, workload


def graph(**needs: tuple[str, ...]) -> Dependencies:
    made = Dependencies()
    for key, names in needs.items():
        made.declare(key, names)
    return made


def onset(state: State, ago: float) -> Onset:
    return Onset(state, START - timedelta(seconds=ago), True)


DOWN, DEGRADED, OK = State.DOWN, State.DEGRADED, State.OK


def test_both_ways() -> None:
    made = graph(web=("api", "web"), api=("db",), job=("db",))
    assert made.needs("web") == ("api",)
    assert made.dependents("db") == ("api", "job")
    assert made.all_dependents("db") == {"api", "job", "web"}
    assert made.declare("job", ()) == {"db"}
    assert made.dependents("db") == ("api",)


def test_the_earliest_is_named() -> None:
    made = graph(web=("api", "cache"), api=("db",))
    states = {"web": onset(DOWN, 10), "api": onset(DOWN, 60), "db": onset(DOWN, 300), "cache": onset(DOWN, 200)}
    assert made.first_failed("web", states.get) == "db"
    assert made.first_failed("api", states.get) == "db"
    assert made.first_failed("db", states.get) == ""


def test_of_those_that_failed_together_the_farthest_is_named() -> None:
    made = graph(web=("api",), api=("db",))
    states = {"web": onset(DOWN, 100), "api": onset(DOWN, 101), "db": onset(DOWN, 99)}
    assert made.first_failed("web", states.get) == "db"


def test_what_failed_later_is_not_the_cause() -> None:
    made = graph(web=("db",))
    assert made.first_failed("web", {"web": onset(DOWN, 300), "db": onset(DOWN, 100)}.get) == ""


def test_down_comes_before_degraded() -> None:
    made = graph(web=("slow", "db"))
    states = {"web": onset(DOWN, 10), "slow": onset(DEGRADED, 500), "db": onset(DOWN, 50)}
    assert made.first_failed("web", states.get) == "db"
    assert made.first_failed("web", {**states, "db": onset(OK, 9999)}.get) == "slow"


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4).map(tuple), max_size=6)
)
def test_circles_end(needs: dict[str, tuple[str, ...]]) -> None:
    made = graph(**needs)
    states = {name: onset(DOWN, 10) for name in "abcdefg"}
    for name in "abcdef":
        assert made.first_failed(name, states.get) != name
        assert name not in made.all_dependents(name)


def shop() -> Scene:
    services = {
        "db": service("db"),
        "api": service("api", needs=("db",), probes=TCP),
        "web": service("web", needs=("api",), probes=TCP),
    }
    scene = Scene(profile(services)).listed(workload("db"), workload("api"), workload("web"))
    return scene.probed("api", ReadingState.OK).probed("web", ReadingState.OK).later(10)


def test_the_board_names_the_first_and_takes_it_back() -> None:
    scene = shop()
    scene.changed(workload("db", exited(1, at=scene.at)))
    fell = scene.at
    scene.later(5).probed("api", ReadingState.DOWN, "503")
    scene.later(5).probed("web", ReadingState.DOWN, "502")
    for name in ("api", "web"):
        assert scene.why(name) == f"db is down since {fell:%H:%M:%S}Z"
        assert scene[name].cause == "db"
    assert "tcp 5432 502" in scene["web"].evidence
    scene.changed(workload("db", {"started_at": scene.at}))
    assert scene["api"].cause == ""
    assert scene["web"].cause == "api"
    assert scene.why("api") == "tcp 5432 503"


def test_a_kill_says_more_than_any_dependency() -> None:
    scene = shop()
    scene.changed(workload("db", exited(1, at=scene.at))).later(5)
    scene.changed(workload("api", exited(137, at=scene.at)))
    assert (scene.why("api"), scene["api"].cause) == ("exit 137 (SIGKILL)", "db")
    assert any(line.startswith("db is down") for line in scene["api"].evidence)


def test_needs_of_compose_are_followed_as_workloads_come_and_go() -> None:
    scene = Scene(profile({}, discover=True))
    scene.listed(workload("web", depends_on=("db",)))
    assert scene.needs("shop/web") == ()
    scene.changed(workload("db"))
    assert scene.needs("shop/web") == ("shop/db",)
    assert list(scene["shop/db"].dependents) == ["shop/web"]
    scene.changed(workload("db", {"phase": Phase.RESTARTING}))
    scene.changed(workload("web", exited(1), depends_on=("db",)))
    assert scene["shop/web"].cause == "shop/db"
    scene.gone(identity("db"))
    assert (scene.needs("shop/web"), scene["shop/web"].cause) == ((), "")
    scene.gone(identity("web"))
    scene.changed(workload("db"))
    assert list(scene["shop/db"].dependents) == []
