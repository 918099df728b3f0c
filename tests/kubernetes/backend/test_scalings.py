"""Scalings of before: told from what controllers said, never what a rollout did by itself, and by whom where known."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.backends.kubernetes import scalings
from cockpit.backends.kubernetes.rollouts import Revision, Shape
from cockpit.backends.kubernetes.times import Writers
from cockpit.backends.kubernetes.wire import Meta
from cockpit.backends.kubernetes.wire_apps import Event, ObjectRef
from cockpit.board.model import ChangeKind
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.backend.watch import Watch
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
Words = tuple[float, str]
ROLLOUT: tuple[Words, ...] = (
    (100, "Scaled up replica set web-b from 0 to 1"),
    (100, "Scaled down replica set web-a from 3 to 2"),
    (104, "Scaled up replica set web-b from 1 to 3"),
    (108, "Scaled down replica set web-a from 2 to 0"),
)
RECREATED = ((100, "Scaled down replica set web-a from 3 to 0"), (102, "Scaled up replica set web-b from 0 to 3"))
BACK = ((500, "Scaled up replica set web-a from 0 to 3"), (502, "Scaled down replica set web-b from 3 to 0"))
REVISIONS = tuple(
    Revision(name, number, START + timedelta(seconds=made), Shape())
    for name, number, made in (("web-a", 1, -9000), ("web-b", 2, 100))
)


def events(*told: Words, count: int = 1) -> list[Event]:
    """In their order, each with the second in which it was told last."""
    return [
        Event(
            metadata=Meta(resource_version=str(1000 + number)), involved_object=ObjectRef(uid="uid-web", name="web"),
            message=words, count=count, first_timestamp=stamp(seconds - 300), last_timestamp=stamp(seconds),
        )
        for number, (seconds, words) in enumerate(told)
    ]  # fmt: skip


def stamp(seconds: float) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def told(*sets: Words, asked: tuple[Words, ...] = (), writers: Writers = ()) -> list[tuple[float, str]]:
    """(seconds, words) of each scaling."""
    found = scalings.changes(
        scalings.steps(events(*sets)), scalings.rescales(events(*asked)), "web", REVISIONS, writers
    )
    assert {one.kind for one in found} <= {ChangeKind.SCALE}
    return [((one.at - START).total_seconds(), str(one.text)) for one in found]


@pytest.mark.parametrize("rollout", [ROLLOUT, RECREATED, (*ROLLOUT, *BACK), (*RECREATED, *BACK), ROLLOUT[1:]])
def test_what_a_rollout_does_by_itself_is_no_scaling(rollout: tuple[Words, ...]) -> None:
    assert told(*rollout) == []


def test_a_scaling_says_from_what_to_what_also_beside_rollouts_and_to_nothing_and_back() -> None:
    before = (50, "Scaled up replica set web-a from 2 to 3")
    after = (
        (300, "Scaled up replica set web-b from 3 to 5"), (310, "Scaled down replica set web-b from 5 to 0"),
        (400, "Scaled up replica set web-b from 0 to 5"),
    )  # fmt: skip
    assert told(before, *ROLLOUT, *after) == [
        (50, "scaled 2 -> 3"), (300, "scaled 3 -> 5"), (310, "scaled 5 -> 0"), (400, "scaled 0 -> 5"),
    ]  # fmt: skip


def test_where_a_deployment_begins_is_no_scaling_and_what_soon_follows_is() -> None:
    begin, more = (100, "Scaled up replica set web-b from 0 to 3"), (120, "Scaled up replica set web-b from 3 to 5")
    assert told(begin) == []
    assert told(begin, more) == [(120, "scaled 3 -> 5")]
    assert told((600, begin[1])) == [(600, "scaled 0 -> 3")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Scaled up replica set web-b to 5 from 3", "scaled 3 -> 5"),
        ("Scaled up replica set web-b to 5", "scaled to 5"),
        ("Scaled up replica set web-b to 5 from 3\x1b[31m!", ""),
        ("Scaled up replica set web-b to 99999999", ""),
        ("anything else", ""),
    ],
)
def test_older_controllers_wrote_it_otherwise_and_what_is_not_understood_is_left_out(words: str, said: str) -> None:
    assert [text for _, text in told((300, words))] == ([said] if said else [])


def test_who_did_it_is_told_where_an_autoscaler_or_the_definition_says_so() -> None:
    step = (300, "Scaled up replica set web-b from 3 to 5")
    why = "cpu resource utilization (percentage of request) above target"
    asked = ((299, f"New size: 5; reason: {why}"), (900, "New size: 2; reason: All metrics below target"))
    assert told(step, asked=asked) == [
        (299, f"HPA web scaled 3 -> 5: {why}"), (900, "HPA web scaled to 2: All metrics below target"),
    ]  # fmt: skip
    writers = ((START + timedelta(seconds=100), "helm"), (START + timedelta(seconds=299), "kubectl"))
    assert told(step, writers=writers) == [(300, "scaled 3 -> 5 (kubectl)")]
    assert told(step, writers=writers[:1]) == [(300, "scaled 3 -> 5")]


def test_an_event_that_came_again_is_told_of_its_first_and_its_last_time() -> None:
    found = scalings.steps(events((300, "Scaled up replica set web-b from 3 to 5"), count=4))
    assert [(one.at - START).total_seconds() for one in found] == [0, 300]


@pytest.mark.emulated("scale before it is looked at")
async def test_what_was_scaled_before_the_cockpit_came_is_told_once_and_what_follows_too(
    kubernetes: Kubernetes,
) -> None:
    def scale(to: int) -> None:
        cluster, one = kubernetes.cluster, get(kubernetes.cluster, "deployments.apps", "checkout")
        cluster.objects.change(BY_SHELF["deployments.apps"], one, {**one, "spec": {**one["spec"], "replicas": to}})

    def said(watch: Watch) -> list[str]:
        found = watch.service("checkout")
        return [str(one.text) for one in found.changes if one.kind is ChangeKind.SCALE] if found else []

    async with Watch(kubernetes.kubeconfig) as first:
        await first.sees("checkout", lambda one: one.desired == len(one.instances) == 3)
        scale(5)
        await first.until(lambda: said(first) == ["scaled 3 -> 5"])
    async with Watch(kubernetes.kubeconfig) as later:
        await later.until(lambda: said(later) == ["scaled 3 -> 5"])
        scale(4)
        await later.until(lambda: said(later) == ["scaled 5 -> 4", "scaled 3 -> 5"])
