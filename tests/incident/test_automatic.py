"""What the cockpit tells of changes by itself."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.clock import ManualClock
from cockpit.board.model import Freshness, Reading, ReadingState, SafeText, State
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, Snapshot, SourceStatus
from cockpit.board.text import safe
from cockpit.incident.automatic import Watcher, duration
from cockpit.incident.entry import Draft, Entry

START = ManualClock().now()


class Scene:
    """A service with a probe on one source; `at` moves time, every call gives a snapshot."""

    def __init__(self) -> None:
        self.at = START
        self.state, self.since = State.OK, START
        self.reading, self.reading_since = ReadingState.OK, START
        self.freshness, self.lost_since = Freshness.LIVE, START
        self.there = True

    def after(self, seconds: float, **change: object) -> Snapshot:
        self.at += timedelta(seconds=seconds)
        for name, value in change.items():
            since = {"state": "since", "reading": "reading_since", "freshness": "lost_since"}.get(name)
            if since:
                setattr(self, since, self.at)
            setattr(self, name, value)
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        reading = Reading(
            service="redis", probe="ping", kind="tcp", state=self.reading, at=self.at, target=SafeText("tcp 6379"),
            detail=SafeText("refused" if self.reading is ReadingState.DOWN else "open"),
        )  # fmt: skip
        service = ServiceStatus(
            key="redis", name="redis", scope=SafeText(""), tier=1, state=self.state, since=self.since,
            since_exact=True, why=safe("exit 137" if self.state is State.DOWN else ""), freshness=self.freshness,
            probes=(ProbeStatus(reading=reading, since=self.reading_since, freshness=Freshness.LIVE),),
        )  # fmt: skip
        source = SourceStatus(
            name="main", label=SafeText("docker prod-1"), kind="docker", freshness=self.freshness,
            since=self.lost_since, heard_at=self.at, why=safe("refused" if self.freshness is Freshness.LOST else ""),
        )  # fmt: skip
        services = (service,) if self.there else ()
        return Snapshot(version=1, at=self.at, profile="shop", services=services, sources=(source,))


def texts(drafts: tuple[Draft, ...]) -> list[str]:
    return [draft.text for draft in drafts]


def test_a_change_is_told_when_it_happened_and_how_it_ended() -> None:
    scene, watcher = Scene(), Watcher("shop")
    assert watcher.look(scene.snapshot()) == ()
    (down,) = watcher.look(scene.after(30, state=State.DOWN))
    assert (down.kind, down.text, down.happened) == ("state", "redis: down (exit 137)", scene.since)
    assert dict(down.facts)["service"] == "redis"
    assert watcher.look(scene.after(5)) == ()
    assert watcher.look(scene.after(5, state=State.STARTING)) == ()
    assert texts(watcher.look(scene.after(242, state=State.OK))) == ["redis: ok after 4m12s down"]


def test_a_probe_is_told_apart_from_its_service() -> None:
    scene, watcher = Scene(), Watcher("shop")
    watcher.look(scene.snapshot())
    (failed,) = watcher.look(scene.after(10, reading=ReadingState.DOWN))
    assert (failed.kind, failed.text) == ("probe", "redis ping: down (tcp 6379 refused)")
    assert texts(watcher.look(scene.after(9, reading=ReadingState.OK))) == [
        "redis ping: ok after 9 s down (tcp 6379 open)"
    ]


def test_a_lost_source_is_told_once_and_not_for_each_of_its_services() -> None:
    scene, watcher = Scene(), Watcher("shop")
    watcher.look(scene.snapshot())
    lost = watcher.look(scene.after(10, freshness=Freshness.LOST, state=State.UNKNOWN))
    assert texts(lost) == ["docker prod-1: lost (refused)"]
    back = watcher.look(scene.after(12, freshness=Freshness.LIVE, state=State.OK))
    assert texts(back) == ["docker prod-1: live after 12 s lost"]


def test_flapping_is_told_once_and_once_how_it_settled() -> None:
    scene, watcher = Scene(), Watcher("shop")
    watcher.look(scene.snapshot())
    told = []
    for number in range(10):
        told += texts(watcher.look(scene.after(5, state=State.DOWN if number % 2 == 0 else State.OK)))
    assert told == [
        "redis: down (exit 137)",
        "redis: ok after 5 s down",
        "redis: down (exit 137)",
        "redis: flapping, 4 changes in 60 s, now ok",
    ]
    assert watcher.look(scene.after(59)) == ()
    assert texts(watcher.look(scene.after(1))) == ["redis: settled at ok after 10 changes in 30 s"]
    assert texts(watcher.look(scene.after(100, state=State.DOWN))) == ["redis: down (exit 137)"]


def test_what_was_down_at_the_start_is_told_and_what_the_journal_knows_is_not() -> None:
    scene = Scene()
    (draft,) = Watcher("shop").look(scene.after(0, state=State.DOWN))
    assert draft.text == "redis: down when first seen (exit 137)"
    entry = Entry(
        id=1, happened=START, recorded=START, who="oncall", host="h", kind="state", text=draft.text, facts=draft.facts
    )
    again = Watcher("shop", [entry])
    assert again.look(scene.after(5)) == ()
    assert texts(again.look(scene.after(5, state=State.OK))) == ["redis: ok after 10 s down"]
    assert texts(Watcher("other", [entry]).look(scene.after(5, state=State.DOWN))) == [
        "redis: down when first seen (exit 137)"
    ]


def test_a_service_that_is_gone_is_told() -> None:
    scene, watcher = Scene(), Watcher("shop")
    watcher.look(scene.snapshot())
    assert watcher.look(scene.after(1, there=False, freshness=Freshness.STALE)) == ()
    assert texts(watcher.look(scene.after(1, freshness=Freshness.LIVE))) == [
        "redis: gone from every live source, was ok"
    ]
    assert watcher.look(scene.after(1)) == ()


states = st.sampled_from([State.OK, State.DOWN, State.DEGRADED, State.UNKNOWN, State.STARTING])


@given(st.lists(st.tuples(states, st.floats(0.5, 90)), max_size=40))
def test_two_cockpits_make_the_same_entries(steps: list[tuple[State, float]]) -> None:
    scene, one, two = Scene(), Watcher("shop"), Watcher("shop")
    keys: list[str] = []
    for state, seconds in steps:
        snapshot = scene.after(seconds, state=state) if state is not scene.state else scene.after(seconds)
        drafts = one.look(snapshot)
        assert drafts == two.look(snapshot)
        keys += [draft.unique for draft in drafts]
    assert len(keys) == len(set(keys))
    assert all(keys)


def test_durations_are_short() -> None:
    lengths = [9, 252, 7500, 90_000, -3]
    assert [duration(timedelta(seconds=one)) for one in lengths] == ["9 s", "4m12s", "2h05m", "1d", "0 s"]
