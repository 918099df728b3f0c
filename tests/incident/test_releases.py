"""Which image ran when: noted at first sight, told when it changes, folded back for the way back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from cockpit.board.clock import ManualClock
from cockpit.board.model import Freshness, Identity, Instance, Phase, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.releases import AGAIN, MOST, ReleaseWatcher, ran
from cockpit.incident.timeline import raw, recorded

START = ManualClock().now()
WEB = Identity("docker", "engine-1", "shop", "compose", "web")
V1, V2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def web(image: str, minutes: float, *others: str, workload: Identity = WEB) -> Workload:
    """Its instances, one for each image, created then."""
    names = {V1: "app:v1", V2: "app:v2"}
    instances = tuple(
        Instance(
            id=replace(workload, instance=f"{number}-{minutes}"), name=SafeText(f"web-{number}"), phase=Phase.RUNNING,
            image=SafeText(names.get(one, one)), image_id=one, created_at=at(minutes),
        )
        for number, one in enumerate((image, *others))
    )  # fmt: skip
    return Workload(id=workload, source="main", instances=instances)


def seen(minutes: float, *workloads: Workload, state: State = State.OK, source: Freshness = Freshness.LIVE) -> Snapshot:
    services = tuple(
        ServiceStatus(
            key=workload.id.name, name=workload.id.name, scope=SafeText(""), tier=1, state=state, since=None,
            since_exact=False, why=SafeText(""), workloads=(workload,),
        )
        for workload in workloads
    )  # fmt: skip
    status = SourceStatus(
        name="main", label=SafeText("main"), kind="docker", freshness=source, since=START, heard_at=START
    )
    return Snapshot(version=1, at=at(minutes), profile="shop", services=services, sources=(status,))


def entries(drafts: Iterable[Draft]) -> list[Entry]:
    """As the journal gives them back."""
    return [
        Entry(
            id=number, happened=draft.happened or START, recorded=START, who="oncall", host="bastion", kind=draft.kind,
            text=draft.text, subject=draft.subject, facts=draft.facts, unique=draft.unique,
        )
        for number, draft in enumerate(drafts, 1)
    ]  # fmt: skip


def test_what_is_seen_first_is_noted_quietly_and_a_change_is_told() -> None:
    watcher = ReleaseWatcher("shop")
    (noted,) = watcher.look(seen(10, web(V1, 0)))
    assert noted.text == "what runs was noted, to roll back to: web"
    assert watcher.look(seen(11, web(V1, 0))) == ()
    # Both images stand side by side while it is rolled out: nothing is told of that.
    assert watcher.look(seen(12, web(V2, 12, V1), state=State.DEGRADED)) == ()
    (changed,) = watcher.look(seen(13, web(V2, 12, V2), state=State.DOWN))
    assert (changed.text, changed.happened) == ("web: image app:v1 111111111111 -> app:v2 222222222222", at(12))
    assert ("was last healthy", "2026-03-01 14:11:00Z") in changed.facts
    (again,) = ReleaseWatcher("shop", entries([noted])).look(seen(14, web(V2, 12, V2), state=State.DOWN))
    assert again.unique == changed.unique, "whoever sees it, it is told once"
    rows = list(raw(entries([noted, changed])))
    assert [row.superseded for row in rows] == [True, False]
    assert len(recorded(entries([noted, changed]))) == 2


def test_what_ran_when_and_was_healthy_when() -> None:
    watcher = ReleaseWatcher("shop")
    drafts = [
        *watcher.look(seen(1, web(V1, 0))),
        *watcher.look(seen(10, web(V1, 0), state=State.DOWN)),
        *watcher.look(seen(21, web(V2, 20), state=State.DOWN)),
    ]
    newest, before = ran(entries(drafts), WEB)
    assert (newest.id, newest.since, newest.until, newest.healthy) == (V2, at(20), None, None)
    assert (before.name, before.since, before.until, before.healthy) == ("app:v1", START, at(20), at(1))
    # The service's own entries say more: it was well until minute 9, when nobody looked at releases.
    facts = (("service", "web"), ("state", "down"), ("was", "ok"))
    down = Draft(kind="state", text=SafeText("web: down"), happened=at(9), facts=facts)
    other = replace(down, happened=at(15), facts=(("service", "db"), *facts[1:]))
    late = replace(down, happened=at(25))
    found = {one.id: one.healthy for one in ran(entries([*drafts, down, other, late]), WEB)}
    assert found == {V2: at(25), V1: at(9)}
    assert ran(entries(drafts), replace(WEB, scope="engine-2")) == ()


def test_what_runs_again_is_known_once_by_its_name() -> None:
    watcher = ReleaseWatcher("shop")
    by_id = web(V1, 30)
    by_id = replace(by_id, instances=tuple(replace(one, image=SafeText(V1)) for one in by_id.instances))
    looks = (seen(1, web(V1, 0)), seen(21, web(V2, 20), state=State.DOWN), seen(31, by_id, state=State.STARTING))
    drafts = [draft for look in looks for draft in watcher.look(look)]
    assert drafts[-1].text == "web: image app:v2 222222222222 -> 111111111111"
    found = ran(entries(drafts), WEB)
    assert [(one.id, one.name, one.until) for one in found] == [(V1, "app:v1", None), (V2, "app:v2", at(30))]
    assert found[0].healthy == at(1)
    assert watcher.healthy(WEB) == (V1, None)
    watcher.look(seen(32, by_id))
    assert watcher.healthy(WEB) == (V1, at(32))


def test_nothing_is_told_of_what_is_not_seen() -> None:
    watcher = ReleaseWatcher("shop")
    nameless = web("", 0)
    assert watcher.look(seen(1, web(V1, 0), nameless, source=Freshness.LOST)) == ()
    assert watcher.look(seen(2, nameless, replace(nameless, instances=()))) == ()
    many = [web(V1, 0, workload=replace(WEB, name=f"web-{number}")) for number in range(MOST + 1)]
    first, second = (watcher.look(seen(3, *many)) for _ in range(2))
    assert [len([name for name, _ in draft.facts if name == "release"]) for draft in (*first, *second)] == [MOST, 1]


def test_that_it_is_healthy_is_noted_now_and_then() -> None:
    watcher = ReleaseWatcher("shop")
    hours = AGAIN / timedelta(minutes=1)
    looks = [seen(minute, web(V1, 0)) for minute in (2, 3, 1 + hours, 2 + hours, 3 + hours)]
    drafts = [watcher.look(look) for look in (seen(1, web(V1, 0), state=State.UNKNOWN), *looks)]
    assert [len(one) for one in drafts] == [1, 1, 0, 0, 1, 0]
    (known,) = ran(entries(draft for one in drafts for draft in one), WEB)
    assert (known.since, known.healthy) == (START, at(2 + hours))


def test_services_that_are_the_same_are_not_looked_at_each_second() -> None:
    watcher, first = ReleaseWatcher("shop"), seen(1, web(V1, 0))
    watcher.look(first)
    for seconds, healthy in ((1, at(1)), (9, at(1)), (10, at(1) + timedelta(seconds=10))):
        watcher.look(replace(first, at=at(1) + timedelta(seconds=seconds)))
        assert watcher.healthy(WEB) == (V1, healthy)


def test_what_another_version_wrote_is_left_out() -> None:
    (noted,) = ReleaseWatcher("shop").look(seen(1, web(V1, 0)))
    broken = replace(noted, facts=(("release", "{"), ("release", '{"profile": 1}'), *noted.facts))
    assert [one.id for one in ran(entries([broken]), WEB)] == [V1]
    assert ReleaseWatcher("shop", entries([broken])).look(seen(2, web(V1, 0))) == ()
    assert len(ReleaseWatcher("other", entries([broken])).look(seen(2, web(V1, 0)))) == 1
