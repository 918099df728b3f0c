"""From pods as they are recorded, and in every state that matters, to instances of the board."""

from datetime import UTC, datetime

import pytest

from cockpit.backends.kubernetes.pods import instance_of
from cockpit.backends.kubernetes.pulls import pull_words
from cockpit.backends.kubernetes.quantity import quantity
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.board import why
from cockpit.board.history import Past
from cockpit.board.model import Health, Identity, Instance, Phase, Port
from tests.kubernetes.backend.made import (
    LATER,
    Json,
    condition,
    pod_json,
    running,
    status,
    terminated,
    waiting,
)
from tests.kubernetes.backend.recorded import body, decoded

WHO = Identity("kubernetes", "c1", "shop", "deployment", "web", "u1")
NOT_READY = [condition("Ready", "False", "ContainersNotReady")]
PULL = 'Back-off pulling image "registry.example.com/shop/web:2.4.1"'


def made(pod: Json, *, job: bool = False) -> Instance:
    return instance_of(decoded(pod, Pod), WHO, job=job)


def test_a_recorded_pod() -> None:
    pod = (body("pods-list-paged", Page[Pod]).items or [])[0]
    one = instance_of(pod, WHO)
    assert (one.phase, one.health, one.restarts) == (Phase.RUNNING, Health.HEALTHY, 0)
    assert (one.name, one.version) == ("api-5fb74b46c4-7sb84", "v1.10.8")
    assert one.ports == (Port(8080), Port(9090))
    assert one.addresses == ("10.244.35.14",)
    assert (one.memory_limit, one.cpu_limit) == (512 << 20, None)
    assert one.created_at == datetime(2026, 11, 19, 17, 30, 51, tzinfo=UTC)
    assert one.restart_policy == "always"


@pytest.mark.parametrize(
    ("pod", "phase", "error"),
    [
        (pod_json(), Phase.RUNNING, ""),
        (pod_json(status("web", waiting("ContainerCreating")), phase="Pending", conditions=[]), Phase.PENDING, ""),
        (
            pod_json(status("web", waiting("ImagePullBackOff", PULL)), phase="Pending", conditions=NOT_READY),
            Phase.PENDING,
            'image pull: Back-off pulling image "web:2.4.1"',
        ),
        (
            pod_json(status("web", waiting("ErrImagePull", "manifest unknown")), phase="Pending", conditions=[]),
            Phase.PENDING,
            "image not found: web:2.4.1 (registry.example.com/shop)",
        ),
        (
            pod_json(
                status("web", running(), ready=True),
                status("side", waiting("CreateContainerConfigError", 'secret "db" not found')),
                conditions=NOT_READY,
            ),
            Phase.PENDING,
            'side: CreateContainerConfigError: secret "db" not found',
        ),
        (
            pod_json(
                phase="Pending",
                spec={"nodeName": ""},
                conditions=[condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available")],
                containerStatuses=[],
            ),
            Phase.PENDING,
            "unschedulable: 0/3 nodes are available",
        ),
        (
            pod_json(
                phase="Pending",
                conditions=[],
                containerStatuses=[status("web", waiting("PodInitializing"))],
                initContainerStatuses=[status("migrate", waiting("CrashLoopBackOff"), restarts=4, last=terminated(1))],
            ),
            Phase.PENDING,
            "init container migrate: exit 1, restarted 4x",
        ),
        (
            pod_json(phase="Failed", reason="Evicted", message="The node was low on memory", containerStatuses=[]),
            Phase.EXITED,
            "evicted: The node was low on memory",
        ),
        (pod_json(meta={"deletionTimestamp": LATER}), Phase.STOPPING, ""),
        (
            pod_json(
                meta={"deletionTimestamp": LATER},
                conditions=[condition("DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting")],
            ),
            Phase.STOPPING,
            "evicted, as a drain does",
        ),
        (pod_json(phase="Unknown", containerStatuses=[]), Phase.UNKNOWN, "its node does not answer"),
    ],
)
def test_what_a_pod_does_and_why_it_does_not(pod: Json, phase: Phase, error: str) -> None:
    one = made(pod)
    assert (one.phase, one.error) == (phase, error)


@pytest.mark.parametrize(
    ("pod", "code", "oom"),
    [
        (pod_json(status("web", waiting("CrashLoopBackOff"), restarts=7, last=terminated(1))), 1, False),
        (
            pod_json(status("web", waiting("CrashLoopBackOff"), restarts=2, last=terminated(137, "OOMKilled"))),
            137,
            True,
        ),
        (pod_json(status("web", terminated(143), restarts=1)), 143, False),
        (
            pod_json(
                status("web", running(), ready=True),
                status("side", waiting("CrashLoopBackOff"), restarts=3, last=terminated(2)),
            ),
            2,
            False,
        ),
    ],
)
def test_a_pod_that_crashes_says_how(pod: Json, code: int, oom: bool) -> None:
    one = made(pod)
    assert (one.phase, one.exit_code, one.oom_killed) == (Phase.RESTARTING, code, oom)
    assert one.finished_at == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
    assert one.restarts


def test_a_pod_that_was_ready_is_unhealthy_and_one_that_never_was_is_starting() -> None:
    fallen = made(pod_json(status("web", running()), conditions=[condition("Ready", "False", at=LATER)]))
    assert (fallen.phase, fallen.health) == (Phase.RUNNING, Health.UNHEALTHY)
    assert fallen.health_since == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
    coming = made(pod_json(status("web", running()), conditions=NOT_READY))
    assert (coming.phase, coming.health) == (Phase.RUNNING, Health.STARTING)


def test_after_a_crash_the_last_end_is_known_until_it_is_ready_again() -> None:
    again = status("web", running(LATER), restarts=3, last=terminated(137, "OOMKilled"))
    one = made(pod_json(again, conditions=[condition("Ready", "False", at=LATER)]))
    assert (one.phase, one.health) == (Phase.RUNNING, Health.STARTING)
    assert (one.exit_code, one.oom_killed) == (137, True)


def test_a_pod_of_a_job_that_succeeded() -> None:
    ended = pod_json(
        status("web", terminated(0, "Completed")), phase="Succeeded", spec={"restartPolicy": "Never"}, conditions=[]
    )
    one = made(ended, job=True)
    assert (one.phase, one.exit_code, one.health) == (Phase.EXITED, 0, Health.NONE)
    assert (one.restart_policy, one.ports) == ("no", ())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", ""),
        ("cannot start\n", "cannot start"),
        ("starting\nFATAL configuration: no DSN\nexit status 1\n", "FATAL configuration: no DSN"),
        ("Traceback (most recent call last):\n  raise\nKeyError: 'DSN'", "KeyError: 'DSN'"),
        ("panic: nil pointer dereference\n\ngoroutine 1 [running]:\nmain.go:12", "panic: nil pointer dereference"),
    ],
)
def test_a_crash_loop_says_what_the_run_left_as_its_last_words(message: str, words: str) -> None:
    last = {"terminated": {**terminated(1)["terminated"], "message": message}}
    one = made(pod_json(status("web", waiting("CrashLoopBackOff"), restarts=7, last=last)))
    assert (one.phase, one.exit_code, one.error) == (Phase.RESTARTING, 1, words)


NAMED = "registry.example.com/shop/web:2.5.0"
SHORT = "web:2.5.0 (registry.example.com/shop)"
UNPACK = f'failed to pull and unpack image "{NAMED}": failed to resolve reference "{NAMED}": '


@pytest.mark.parametrize(
    ("said", "image", "words"),
    [
        (f"rpc error: code = NotFound desc = {UNPACK}{NAMED}: not found", NAMED, f"image not found: {SHORT}"),
        (
            f"{UNPACK}failed to do request: dial tcp: no such host",
            NAMED,
            f"image registry not reached: {SHORT}: failed to do request: dial tcp: no such host",
        ),
        (f'Back-off pulling image "{NAMED}": ErrImagePull: {NAMED}: denied', NAMED, f"image refused: {SHORT}: denied"),
        ("manifest for redis:99 not found", "redis:99", "image not found: redis:99"),
        ("ErrImagePull", "redis:99", "image pull: ErrImagePull: redis:99"),
        ("no image", "", "image pull: no image"),
    ],
)  # fmt: skip
def test_an_image_that_cannot_be_pulled_says_the_cause_first(said: str, image: str, words: str) -> None:
    assert pull_words(said, image) == words


@pytest.mark.parametrize(
    ("words", "value"),
    [("500m", 0.5), ("142524741n", 0.142524741), ("512Mi", 512.0 * 2**20), ("1", 1.0), ("1e3", 1000.0), (2, 2.0)],
)
def test_quantities(words: str | int, value: float) -> None:
    assert quantity(words) == pytest.approx(value)


@pytest.mark.parametrize("words", ["", "x", "1Zi", None])
def test_what_is_no_quantity(words: str | None) -> None:
    assert quantity(words) is None


def test_a_run_that_ended_keeps_its_start_while_it_waits_for_the_next() -> None:
    """Else its end is told a second time, as that of a run which never was."""
    ended = made(pod_json(status("web", terminated(137, "OOMKilled"), restarts=2)))
    waits = made(pod_json(status("web", waiting("CrashLoopBackOff"), restarts=2, last=terminated(137, "OOMKilled"))))
    again = made(pod_json(status("web", running(LATER), restarts=3, last=terminated(137, "OOMKilled"))))
    assert ended.started_at == waits.started_at == datetime(2026, 3, 1, 13, 0, 5, tzinfo=UTC)
    assert again.started_at == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(("several", "part"), [(False, ""), (True, "worker")])
def test_of_several_containers_the_one_that_crashed_is_named(several: bool, part: str) -> None:
    crashed = status("worker", waiting("CrashLoopBackOff"), restarts=3, last=terminated(1))
    others = [status("web", running(), ready=True)] if several else []
    one = made(pod_json(*others, crashed, conditions=NOT_READY))
    assert (one.phase, one.part) == (Phase.RESTARTING, part)
    now = Past(first_seen=datetime(2026, 3, 1, 14, 0, tzinfo=UTC))
    assert why.restarting(one, now) == f"{part + ': ' if part else ''}exit 1, restarted 3x"


@pytest.mark.parametrize(
    "state", [running(), terminated(1), waiting("CrashLoopBackOff")], ids=lambda one: next(iter(one))
)
def test_an_init_container_that_ran_is_known_until_the_pod_has_started(state: Json) -> None:
    prepares = status("migrate", state, restarts=1, last=terminated(1))
    waits = pod_json(containerStatuses=[status("web", waiting("PodInitializing"))], initContainerStatuses=[prepares])
    one = made(waits)
    assert (one.started_at, one.preparing_at) == (None, datetime(2026, 3, 1, 13, 0, 5, tzinfo=UTC))
    assert made(pod_json(initContainerStatuses=[prepares])).preparing_at is None
    assert made(pod_json(containerStatuses=[status("web", waiting("ContainerCreating"))])).preparing_at is None
