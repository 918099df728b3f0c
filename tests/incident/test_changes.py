"""What the journal tells the board of changes: mitigations, with what came of them, and releases."""

from datetime import timedelta
from typing import Any

from cockpit.backends.history import Ran
from cockpit.board.clock import ManualClock
from cockpit.board.model import ChangeKind, SafeText
from cockpit.board.update import Noted, Update
from cockpit.incident.changes import Told
from cockpit.incident.entry import Entry
from tests.board.fleet import START
from tests.board.scene import Scene, exited, workload

PROFILE = "shop"


def entry(kind: str, text: str, ago: float = 60, unique: str = "", **facts: str) -> Entry:
    at = START - timedelta(seconds=ago)
    made = tuple({"service": "web", "profile": PROFILE, **facts}.items())
    return Entry(
        id=1, happened=at, recorded=at, who="oncall", host="bastion", kind=kind, text=SafeText(text), facts=made,
        unique=unique,
    )  # fmt: skip


def heard(*entries: Entry) -> list[tuple[ChangeKind, str, float]]:
    told: list[Update] = []
    Told(PROFILE, ManualClock(START), told.append).hear(entries)
    noted = [one for one in told if isinstance(one, Noted)]
    assert {one.service for one in noted} <= {"web"}
    return [(one.kind, str(one.text), (START - one.at).total_seconds()) for update in noted for one in update.changes]


def test_a_mitigation_is_told_of_the_moment_it_began_with_what_came_of_it() -> None:
    begun = entry("intent", "restart web", 90, "intent:r1", target="x")
    ended = entry("verdict", "restart web: worked", 60, "verdict:r1")
    assert heard(begun) == [(ChangeKind.MITIGATION, "restart web by oncall", 90)]
    assert heard(begun, ended)[-1] == (ChangeKind.MITIGATION, "restart web: worked", 90)


def test_what_is_no_change_or_not_of_this_profile_or_old_is_not_told() -> None:
    day = 86_400.0
    assert heard(
        entry("intent", "shell web", unique="intent:r1"),
        entry("intent", "restart web", unique="intent:r2", target="x", profile="other"),
        entry("intent", "restart web", day + 60, unique="intent:r3", target="x"),
        entry("verdict", "restart web: worked", unique="verdict:r4"),
        entry("note", "restart web", target="x"),
        entry("release", "what runs was noted", release="{}"),
        entry("release", "web: image", was="1", release="not JSON"),
    ) == []  # fmt: skip


def test_another_image_that_was_noted_is_a_rollout() -> None:
    from cockpit.incident.releases import Release, _encode

    def release(name: str, **more: Any) -> str:
        ran = Ran(id=f"sha256:{name}", name=name, since=START, **more)
        return _encode(Release(profile=PROFILE, service="web", workload=workload("web").id, ran=ran)).decode()

    facts = (("service", "web"), ("profile", PROFILE), ("was", "web:1"))
    both = (("release", release("r/web:1", until=START)), ("release", release("r/web:2")))
    one = entry("release", "web: image web:1 -> web:2", 300)
    one = Entry(
        id=1, happened=one.happened, recorded=one.recorded, who="", host="", kind="release", text=one.text,
        facts=(*facts, *both),
    )  # fmt: skip
    assert heard(one) == [(ChangeKind.ROLLOUT, "rollout web:1 -> 2", 300)]


def test_what_is_told_stands_on_the_board() -> None:
    scene = Scene().listed(workload("web"))
    Told(PROFILE, scene.clock, scene.board.apply).hear([entry("intent", "restart web", 90, "intent:r1", target="x")])
    scene.changed(workload("web", exited(1)))
    assert scene.why("web") == "exit 1, 2 m after restart web by oncall"
