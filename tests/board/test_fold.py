"""Any news in any order: the board never lies, and what it keeps up step by step equals what it would work out anew."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.board.model import Freshness, Health, Identity, Phase, ReadingState, Sample, State, Workload
from cockpit.board.rollup import RANK
from cockpit.profile.schema import Backend, Selector, Service
from tests.board.fleet import START
from tests.board.scene import HOT, TCP, Scene, identity, instance, profile

NAMES = ("db", "api", "web", "extra")
SOURCES = ("main", "far")


def board() -> Scene:
    services = {
        "db": Service(workloads=(Selector(compose="db"),), thresholds=HOT),
        "api": Service(workloads=(Selector(compose="api", backend="main"),), probes=TCP, depends_on=("db",)),
        "web": Service(workloads=(Selector(compose="web"),), probes=TCP, depends_on=("api", "web")),
        "site": Service(probes=TCP, depends_on=("web",)),
        "idea": Service(),
    }
    backends = {name: Backend(kind="docker") for name in SOURCES}
    return Scene(profile(services, discover=True, backends=backends))


TIMES = st.none() | st.integers(-500, 0).map(lambda seconds: START + timedelta(seconds=seconds))
FIELDS = st.fixed_dictionaries(
    {
        "phase": st.sampled_from(Phase),
        "health": st.sampled_from(Health),
        "exit_code": st.sampled_from([None, 0, 1, 137]),
        "restarts": st.none() | st.integers(0, 9),
        "started_at": TIMES,
        "finished_at": TIMES,
        "health_since": TIMES,
        "restart_policy": st.sampled_from(["", "no", "always"]),
    }
)


@st.composite
def workloads(draw: Any, name: str, source: str) -> Workload:
    owner = Identity("docker", source, "shop", "compose", name)
    made = tuple(instance(owner, number, **draw(FIELDS)) for number in range(draw(st.integers(0, 2))))
    return Workload(
        id=owner,
        source=source,
        instances=made,
        desired=draw(st.none() | st.integers(0, 2)),
        maintenance=draw(st.sampled_from([False, False, False, True])),
        depends_on=draw(st.sampled_from([(), ("db",), ("api", "extra")])),
    )


NAME, SOURCE = st.sampled_from(NAMES), st.sampled_from(SOURCES)
STEPS = st.one_of(
    st.tuples(st.just("listed"), SOURCE, st.lists(NAME, unique=True)),
    st.tuples(st.just("changed"), SOURCE, NAME),
    st.tuples(st.just("gone"), SOURCE, NAME),
    st.tuples(st.sampled_from(["heard", "lost", "declared"]), SOURCE, st.none()),
    st.tuples(st.just("probed"), st.sampled_from(["api", "web", "site", "db"]), st.sampled_from(ReadingState)),
    st.tuples(st.just("sampled"), SOURCE, NAME),
    st.tuples(st.just("later"), st.just(""), st.sampled_from([1, 3, 25, 61])),
)


def take(scene: Scene, step: tuple[str, str, Any], data: Any) -> None:
    kind, about, what = step
    match kind:
        case "listed":
            scene.listed(*(data.draw(workloads(name, about)) for name in what), source=about)
        case "changed":
            scene.changed(data.draw(workloads(what, about)))
        case "gone":
            scene.gone(replace(identity(what), scope=about), source=about)
        case "probed":
            scene.probed(about, what, "said so")
        case "sampled":
            owner = replace(identity(what), scope=about)
            target = replace(owner, instance=f"{what}0")
            scene.sampled(Sample(target, "cpu", data.draw(st.floats(0, 200)), "%"), source=about)
        case "later":
            scene.later(what, heard=False)
        case _:
            getattr(scene, kind)(source=about)


def honest(scene: Scene) -> None:
    snapshot = scene.board.snapshot()
    live = {one.name for one in snapshot.sources if one.freshness is Freshness.LIVE}
    places = [(RANK[one.state], one.tier, one.name, one.key) for one in snapshot.services]
    assert places == sorted(places)
    assert len({one.key for one in snapshot.services}) == len(snapshot.services)
    for one in snapshot.services:
        assert one.since is None or one.since <= scene.at
        assert (one.state is State.OK) == (one.why == "")
        if one.state is State.OK:
            assert all(workload.source in live for workload in one.workloads)
            assert all(probe.freshness is Freshness.LIVE for probe in one.probes if probe.reading.critical)
            assert one.workloads or any(probe.reading.state is ReadingState.OK for probe in one.probes)
        if one.cause:
            assert one.state in (State.DOWN, State.DEGRADED, State.STARTING)
        for name in one.depends_on:
            other = next((each for each in snapshot.services if each.key == name), None)
            assert other is None or one.key in other.dependents


@given(st.lists(STEPS, max_size=12), st.data())
def test_it_is_honest_after_every_step_and_complete(steps: list[tuple[str, str, Any]], data: Any) -> None:
    scene = board()
    for step in steps:
        take(scene, step, data)
        honest(scene)
        before = scene.board.snapshot()
        # Everything anew: a service that was dirty and not marked so would differ now.
        scene.board._dirty.update(scene.board._roster.slots)
        after = scene.board.snapshot()
        assert {one.key: (one.state, one.why, one.cause, one.evidence) for one in after.services} == {
            one.key: (one.state, one.why, one.cause, one.evidence) for one in before.services
        }
        assert after is before
