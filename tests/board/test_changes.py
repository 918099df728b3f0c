"""What changed about a service, and that the last change before a fault is named, never more than that."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cockpit.board.changes import GONE_MOST, KEPT
from cockpit.board.model import Change, ChangeKind, Phase, SafeText, State, Workload
from cockpit.board.update import Noted
from tests.board.fleet import START
from tests.board.scene import Scene, exited, identity, workload

OLD, NEW = "registry.example/shop/web:2.4.1", "registry.example/shop/web:2.5.0"


def ago(seconds: float) -> datetime:
    return START - timedelta(seconds=seconds)


def change(text: str, at: datetime, kind: ChangeKind = ChangeKind.ROLLOUT, subject: str = "web") -> Change:
    return Change(at, kind, SafeText(text), subject)


def told(*changes: Change, **fields: Any) -> Workload:
    """The service `web`, whose platform tells of these changes."""
    return workload("web", fields.pop("instance", {}), changes=changes, **fields)


def named(scene: Scene) -> list[str]:
    return [str(one.text) for one in scene["web"].changes]


def test_the_last_change_before_a_fault_is_named_with_how_long_before_it_was() -> None:
    rollout = change("rollout web:2.4.1 -> 2.5.0", ago(300))
    scene = Scene().listed(told(rollout)).changed(told(rollout, instance=exited(1)))
    assert scene.why("web") == "exit 1, 5 m after rollout web:2.4.1 -> 2.5.0"
    assert scene["web"].evidence[:2] == ("web-1: exit 1", "5 m after rollout web:2.4.1 -> 2.5.0")


@pytest.mark.parametrize(("seconds", "words"), [(3, "just after x"), (40, "40 s after x"), (1790, "30 m after x")])
def test_how_long_before_is_said_as_exactly_as_it_matters(seconds: float, words: str) -> None:
    one = change("x", ago(seconds))
    scene = Scene().listed(told(one)).changed(told(one, instance=exited(1)))
    assert scene.why("web") == f"exit 1, {words}"


def test_what_was_long_before_or_after_it_began_is_not_named() -> None:
    early, late = change("x", ago(1801)), change("y", START + timedelta(seconds=5))
    scene = Scene().listed(told(early)).changed(told(early, instance=exited(1)))
    scene.later(20).changed(told(late, early, instance=exited(1)))
    assert scene.why("web") == "exit 1"
    assert named(scene) == ["y", "x"]


def test_a_fault_that_nobody_saw_begin_has_no_change_before_it() -> None:
    one = change("x", ago(60))
    scene = Scene().listed(told(one, instance={"phase": Phase.EXITED, "exit_code": 1, "finished_at": None}))
    assert (scene["web"].since_exact, scene.why("web")) == (False, "exit 1")


def test_a_node_is_not_named_twice() -> None:
    node = change("node n-1 lost", ago(5), ChangeKind.NODE, "n-1")
    lost = {"phase": Phase.RESTARTING, "exit_code": 1, "error": SafeText("node n-1 lost")}
    scene = Scene().listed(told(node)).changed(told(node, instance=lost))
    assert "after" not in scene.why("web")
    assert named(scene) == ["node n-1 lost"]


def test_another_image_is_a_rollout_and_stays_one_with_what_the_platform_says_of_its_time() -> None:
    before = workload("web", {"image": SafeText(OLD)}, changed_at=ago(9000))
    scene = Scene().listed(before).later(60)
    made = scene.at - timedelta(seconds=1)
    fresh = {"image": SafeText(NEW), "created_at": made, "id": identity("web", "web9")}
    scene.changed(workload("web", fresh, changed_at=made))
    assert [(str(one.text), one.at) for one in scene["web"].changes] == [("rollout web:2.4.1 -> 2.5.0", made)]


def test_a_container_that_is_made_anew_is_a_rollout_though_it_was_gone_for_a_moment() -> None:
    scene = Scene().listed(workload("web", {"image": SafeText(OLD)}))
    scene.gone(identity("web")).later(2)
    scene.changed(workload("web", {"image": SafeText(NEW), "id": identity("web", "web9")}))
    assert named(scene) == ["rollout web:2.4.1 -> 2.5.0"]


def test_a_restart_by_somebody_is_a_change_and_one_that_the_platform_counts_is_not() -> None:
    scene = Scene().listed(workload("web", {"restarts": 0}))
    scene.later(5).changed(workload("web", {"restarts": 1, "started_at": scene.at}))
    assert named(scene) == []
    scene.later(5).changed(workload("web", {"restarts": 1, "started_at": scene.at}))
    assert [(one.kind, one.at) for one in scene["web"].changes] == [(ChangeKind.RESTART, scene.at)]


def test_one_that_is_started_anew_with_another_image_was_rolled_out() -> None:
    scene = Scene().listed(workload("web", {"image": SafeText(OLD)})).later(5)
    scene.changed(workload("web", {"image": SafeText(NEW), "started_at": scene.at}))
    assert [(one.kind, str(one.text), one.at) for one in scene["web"].changes] == [
        (ChangeKind.ROLLOUT, "rollout web:2.4.1 -> 2.5.0", scene.at)
    ]


def test_a_scaling_is_a_change_where_a_definition_is_counted() -> None:
    scene = Scene().listed(workload("web", desired=1, generation=1))
    scene.later(1).changed(workload("web", {}, {}, desired=2, generation=2))
    assert named(scene) == ["scaled 1 -> 2"]
    scene = Scene().listed(workload("web", desired=1)).changed(workload("web", {}, {}, desired=2))
    assert named(scene) == []


def test_a_scaling_that_the_platform_explains_is_told_once() -> None:
    scene = Scene().listed(told(desired=1, generation=1)).later(5)
    hpa = change("HPA web scaled to 2", scene.at - timedelta(seconds=3), ChangeKind.SCALE, "HPA web scaled to 2")
    scene.changed(told(hpa, desired=2, generation=2))
    assert named(scene) == ["HPA web scaled to 2"]


def test_who_scaled_it_is_told_though_the_number_was_seen_first() -> None:
    scene = Scene().listed(told(desired=1, generation=1)).later(5).changed(told(desired=2, generation=2))
    seen = scene.at
    hpa = change("HPA web scaled 1 -> 2", scene.at + timedelta(seconds=1), ChangeKind.SCALE, "HPA web scaled 1 -> 2")
    scene.later(2).changed(told(hpa, desired=2, generation=2))
    assert [(str(one.text), one.at) for one in scene["web"].changes] == [("HPA web scaled 1 -> 2", seen)]


def test_two_scalings_shortly_after_each_other_are_two() -> None:
    scene = Scene().listed(told(desired=1, generation=1)).later(5).changed(told(desired=2, generation=2))
    scene.later(5).changed(told(desired=4, generation=3))
    assert named(scene) == ["scaled 2 -> 4", "scaled 1 -> 2"]


def test_what_the_platform_tells_no_more_is_still_known() -> None:
    node = change("node n-1 lost", ago(5), ChangeKind.NODE, "n-1")
    scene = Scene().listed(told(node)).later(5).changed(told())
    assert named(scene) == ["node n-1 lost"]
    scene.at += timedelta(days=1)
    scene.changed(told(desired=1))
    assert named(scene) == []


def test_words_that_are_told_anew_replace_those_before() -> None:
    made = ago(5)
    scene = Scene().listed(told(change("rollout web:2.5.0", made)))
    scene.changed(told(change("rollout web:2.4.1 -> 2.5.0", made)))
    assert named(scene) == ["rollout web:2.4.1 -> 2.5.0"]


def test_mitigations_of_the_journal_belong_to_it_and_their_outcome_replaces_them() -> None:
    scene = Scene().listed(workload("web")).later(60)
    at = scene.at - timedelta(seconds=30)
    for words in ("restart web", "restart web: worked"):
        one = change(words, at, ChangeKind.MITIGATION, "run-1")
        scene.tell(Noted(at=scene.at, service="web", changes=(one,)))
    assert named(scene) == ["restart web: worked"]
    scene.changed(workload("web", exited(1, at=scene.at)))
    assert (scene.state("web"), scene.why("web")) == (State.DOWN, "exit 1, 30 s after restart web: worked")


def test_an_unknown_service_is_told_of_in_vain() -> None:
    scene = Scene().listed(workload("web")).tell(Noted(at=START, service="gone", changes=(change("x", START),)))
    assert scene.keys == ["web"]


def test_what_is_kept_is_bounded() -> None:
    many = tuple(change(f"rollout {number}", ago(100 * number)) for number in range(3 * KEPT))
    scene = Scene().listed(told(*many))
    assert named(scene) == [f"rollout {number}" for number in range(KEPT)]
    for number in range(2 * GONE_MOST):
        name = f"w{number}"
        scene.changed(workload(name)).gone(identity(name))
    assert len(scene.board._changes._last) <= GONE_MOST + 1
