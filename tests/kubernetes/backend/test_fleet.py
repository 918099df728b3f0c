"""Pods, what keeps them and what stands around them become workloads; recorded and made objects go in."""

from datetime import UTC, datetime

import pytest

from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.kinds import (
    CRONJOBS,
    DEPLOYMENTS,
    EVENTS,
    HPAS,
    JOBS,
    NODES,
    PDBS,
    PODS,
    REPLICASETS,
    REVISIONS,
    STATEFULSETS,
)
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import Controller, Hpa, Pdb
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.board.model import Health, Identity, Phase, ReadingState, Workload
from tests.kubernetes.backend.made import (
    CREATED,
    IMAGE,
    LATER,
    MUCH_LATER,
    Json,
    condition,
    object_of,
    pod,
    running,
    status,
    terminated,
    waiting,
)
from tests.kubernetes.backend.recorded import body, decoded, exchanges

RS = ("ReplicaSet", "web-5d4f8")
OWNED = [{"kind": "Deployment", "name": "web", "uid": "uid-web", "controller": True}]
WEB = Identity("kubernetes", "c1", "shop", "deployment", "web")


def fleet(*pods: Pod, replicas: int = 1, status: Json | None = None, **spec: object) -> Fleet:
    """A Deployment `web` with its ReplicaSet and pods."""
    made = Fleet("main", "c1")
    counts = {"replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas}
    made.put(DEPLOYMENTS, "", [object_of(DEPLOYMENTS, "web", {"replicas": replicas, **spec}, status or counts)])
    made.put(REPLICASETS, "", [object_of(REPLICASETS, "web-5d4f8", ownerReferences=OWNED)])
    made.put(PODS, "", pods)
    return made


def web(made: Fleet) -> Workload:
    """What is known of `web` now."""
    return next(one for one in made.everything() if one.id == WEB)


def test_pods_are_under_the_owner_of_their_owner() -> None:
    made = fleet(pod(owner=RS), pod(owner=RS, name="web-5d4f8-fghij", uid="u2"), replicas=2)
    one = web(made)
    assert [str(instance.name) for instance in one.instances] == ["web-5d4f8-abcde", "web-5d4f8-fghij"]
    assert (one.desired, one.where) == (2, (("namespace", "shop"),))
    assert {instance.id.workload for instance in one.instances} == {WEB}


@pytest.mark.parametrize(
    "owner", [("Machine", "\x1b]0;gone\x07"), ("\x1b[2J", "a"), ("Deployment", "../../pods/x"), ("Machine", "")]
)
def test_an_owner_with_a_name_that_no_object_can_have_is_none(owner: tuple[str, str]) -> None:
    made = Fleet("main", "c1")
    made.put(PODS, "", [pod(owner=owner, name="alone")])
    assert [(one.id.kind, one.id.name) for one in made.everything()] == [("pod", "alone")]


def test_a_pod_that_comes_before_what_keeps_it_moves_when_that_is_known() -> None:
    made = Fleet("main", "c1")
    made.put(PODS, "", [pod(owner=("ReplicaSet", "lone-5d4f8"), name="lone-5d4f8-x")])
    assert [one.id.kind for one in made.everything()] == ["deployment"]
    made.put(REPLICASETS, "", [object_of(REPLICASETS, "lone-5d4f8", {"replicas": 1})])
    told = list(made.news())
    assert [one.id.kind for one in told if isinstance(one, Workload)] == ["replicaset"]
    assert [one.kind for one in told if isinstance(one, Identity)] == ["deployment"]
    (lone,) = made.everything()
    assert [str(one.name) for one in lone.instances] == ["lone-5d4f8-x"]


def test_what_a_list_does_not_name_is_gone() -> None:
    made = fleet(pod(owner=RS), pod(owner=RS, name="web-5d4f8-fghij", uid="u2"), replicas=2)
    made.everything()
    made.begin(PODS, "")
    made.put(PODS, "", [pod(owner=RS)])
    made.end(PODS, "")
    (changed,) = [one for one in made.news() if isinstance(one, Workload)]
    assert len(changed.instances) == 1


def test_a_pod_of_the_same_name_that_came_later_is_another() -> None:
    made = fleet(pod(owner=RS))
    made.everything()
    made.put(PODS, "", [pod(owner=RS, uid="u9")])
    (changed,) = [one for one in made.news() if isinstance(one, Workload)]
    assert [one.id.instance for one in changed.instances] == ["u9"]
    assert made.pod("u1") is None


def test_only_wanted_namespaces_are_kept() -> None:
    made = Fleet("main", "c1", wanted=frozenset({"other"}))
    made.put(PODS, "", [pod(owner=RS)])
    assert made.everything() == ()


def test_nothing_is_news_twice() -> None:
    made = fleet(pod(owner=RS))
    made.everything()
    made.put(PODS, "", [pod(owner=RS)])
    assert list(made.news()) == []


def test_an_evicted_pod_is_shown_only_while_its_replacement_is_missing() -> None:
    evicted = pod(owner=RS, name="web-5d4f8-gone", uid="u0", phase="Failed", reason="Evicted", message="low on memory")
    made = fleet(evicted)
    assert [str(one.error) for one in web(made).instances] == ["evicted: low on memory"]
    made.put(PODS, "", [pod(owner=RS)])
    assert [str(one.name) for one in web(made).instances] == ["web-5d4f8-abcde"]


def test_a_node_that_does_not_answer_makes_its_pods_unknown() -> None:
    made = fleet(pod(owner=RS))
    ready = condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", LATER)
    made.put(NODES, "", [object_of(NODES, "node-1", status={"conditions": [ready]}, namespace="")])
    (one,) = web(made).instances
    assert (one.phase, one.error) == (Phase.UNKNOWN, "node node-1 does not answer since 13:30:00Z")
    made.put(NODES, "", [object_of(NODES, "node-1", status={"conditions": [condition("Ready", "True")]}, namespace="")])
    (one,) = web(made).instances
    assert one.phase is Phase.RUNNING


def event(uid: str, reason: str, message: str, *, kind: str = "Pod", at: str = LATER, name: str = "") -> object:
    whole = {
        "metadata": {"name": name or f"e-{reason}", "namespace": "shop", "creationTimestamp": at},
        "involvedObject": {"kind": kind, "name": "x", "namespace": "shop", "uid": uid},
        "type": "Warning", "reason": reason, "message": message, "lastTimestamp": at, "count": 3,
    }  # fmt: skip
    return decoded(whole, EVENTS.type)


def test_a_probe_that_fails_is_told_by_its_event() -> None:
    fallen = pod(status("web", running()), owner=RS, conditions=[condition("Ready", "False", at=LATER)])
    made = fleet(fallen)
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    made.put(EVENTS, "", [event("u1", "Unhealthy", said)])
    (one,) = web(made).instances
    assert one.health is Health.UNHEALTHY
    assert one.health_detail == "readiness probe 503"


def test_an_event_from_before_the_present_run_says_nothing_of_it() -> None:
    fallen = pod(status("web", running(LATER)), owner=RS, conditions=[condition("Ready", "False", at=LATER)])
    made = fleet(fallen)
    made.put(EVENTS, "", [event("u1", "Unhealthy", "Liveness probe failed: x", at=CREATED)])
    (one,) = web(made).instances
    assert one.health_detail == "not ready"


def test_a_volume_that_is_missing_is_told_by_its_event() -> None:
    creating = pod(status("web", waiting("ContainerCreating")), owner=RS, phase="Pending", conditions=[])
    made = fleet(creating)
    made.put(EVENTS, "", [event("u1", "FailedMount", 'configmap "web" not found')])
    (one,) = web(made).instances
    assert (one.phase, one.error) == (Phase.PENDING, 'FailedMount: configmap "web" not found')


def test_why_an_image_cannot_be_pulled_outlives_the_event_that_only_repeats_the_state() -> None:
    waits = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"')
    made = fleet(pod(status("web", waits), owner=RS, phase="Pending", conditions=[]))
    made.put(EVENTS, "", [event("u1", "Failed", f'Failed to pull image "{IMAGE}": {IMAGE}: not found')])
    again = "Error: ImagePullBackOff"
    made.put(EVENTS, "", [event("u1", "Failed", again, at=MUCH_LATER, name="e-again")])
    (one,) = web(made).instances
    assert (one.phase, one.error) == (Phase.PENDING, "image not found: web:2.4.1 (registry.example.com/shop)")


def test_a_rollout_that_goes_bad_is_said_while_the_old_pods_still_serve() -> None:
    bad = pod(
        status("web", waiting("CrashLoopBackOff"), restarts=2, last=terminated(1)), owner=("ReplicaSet", "web-77777"),
        name="web-77777-zzzzz", uid="u2", template="77777",
    )  # fmt: skip
    progress = condition("Progressing", "True", "ReplicaSetUpdated")
    made = fleet(
        pod(owner=RS), bad,
        status={"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1, "conditions": [progress]},
    )  # fmt: skip
    one = web(made)
    assert one.rollout == "rollout: 1 old still to go"
    assert [(str(remark.text), remark.state) for remark in one.remarks] == [("exit 1 (new pod)", ReadingState.DEGRADED)]


def test_a_rollout_began_when_its_replicaset_was_made_however_often_its_pods_come_and_go() -> None:
    progress = condition("Progressing", "True", "ReplicaSetUpdated")
    flapping = {"replicas": 1, "updatedReplicas": 0, "conditions": [progress | {"lastUpdateTime": MUCH_LATER}]}
    made = fleet(pod(owner=RS), status=flapping)
    assert web(made).changed_at == moment(CREATED)
    newer = object_of(REPLICASETS, "web-77777", ownerReferences=OWNED, creationTimestamp=LATER)
    made.put(REPLICASETS, "", [newer])
    (changed,) = [one for one in made.news() if isinstance(one, Workload)]
    assert changed.changed_at == moment(LATER)
    made.drop(REPLICASETS, newer.metadata)
    assert web(made).changed_at == moment(CREATED)


def test_a_new_pod_that_is_not_ready_is_named_before_the_rollout_is_stuck() -> None:
    coming = pod(
        status("web", running()), owner=("ReplicaSet", "web-77777"), name="web-77777-zzzzz", uid="u2",
        template="77777", conditions=[condition("Ready", "False")],
    )  # fmt: skip
    counts = {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1}
    progress = condition("Progressing", "True", "ReplicaSetUpdated")
    made = fleet(pod(owner=RS), coming, status={**counts, "conditions": [progress]})
    assert web(made).remarks == ()
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    words = "readiness probe 503 (new pod)"
    made.put(EVENTS, "", [event("u2", "Unhealthy", said, at="2026-03-01T13:00:15Z")])
    assert [(str(one.text), one.state, one.standing) for one in web(made).remarks] == [(words, ReadingState.OK, True)]
    made.put(EVENTS, "", [event("u2", "Unhealthy", said, at="2026-03-01T13:01:05Z")])
    assert [(str(one.text), one.state) for one in web(made).remarks] == [(words, ReadingState.DEGRADED)]


def test_what_a_new_pod_lacks_comes_before_that_its_rollout_is_stuck() -> None:
    coming = pod(
        status("web", running()), owner=("ReplicaSet", "web-77777"), name="web-77777-zzzzz", uid="u2",
        template="77777", conditions=[condition("Ready", "False")],
    )  # fmt: skip
    stuck = condition("Progressing", "False", "ProgressDeadlineExceeded", at=LATER)
    made = fleet(pod(owner=RS), coming, status={"replicas": 2, "updatedReplicas": 1, "conditions": [stuck]})
    said = "Readiness probe failed: dial tcp: connection refused"
    made.put(EVENTS, "", [event("u2", "Unhealthy", said, at="2026-03-01T13:00:15Z")])
    assert [(str(one.text), one.state) for one in web(made).remarks] == [
        ("readiness probe dial tcp: connection refused (new pod)", ReadingState.DEGRADED),
        (str(web(made).rollout), ReadingState.DEGRADED),
    ]


def test_a_rollout_without_progress_and_a_quota_are_said() -> None:
    stuck = condition("Progressing", "False", "ProgressDeadlineExceeded", at=LATER)
    quota = condition("ReplicaFailure", "True", "FailedCreate", 'pods "web-x" is forbidden: exceeded quota: compute')
    made = fleet(replicas=5, status={"replicas": 5, "updatedReplicas": 2, "conditions": [stuck, quota]})
    one = web(made)
    assert one.rollout == "rollout stuck, 2 of 5 updated: no progress in time (ProgressDeadlineExceeded)"
    assert {str(remark.text) for remark in one.remarks} == {
        str(one.rollout),
        "exceeded quota: compute",
    }
    assert {remark.state for remark in one.remarks} == {ReadingState.DEGRADED}


def test_why_no_pod_can_be_made_comes_before_the_name_that_it_would_have() -> None:
    made = Fleet("main", "c1")
    counts = {"replicas": 1, "observedGeneration": 1, "currentReplicas": 1, "updatedReplicas": 1}
    made.put(STATEFULSETS, "", [object_of(STATEFULSETS, "db", {"replicas": 3}, counts)])
    said = 'create Pod db-1 in StatefulSet db failed error: pods "db-1" is forbidden: exceeded quota: small'
    made.put(EVENTS, "", [event("uid-db", "FailedCreate", said)])
    (one,) = made.everything()
    assert [str(remark.text) for remark in one.remarks] == ["exceeded quota: small (no pod can be made)"]


def test_more_pods_of_what_is_rolled_out_are_no_rollout() -> None:
    there = condition("Progressing", "True", "NewReplicaSetAvailable")
    for counts, words in (((3, 3), ""), ((3, 0), "rollout: 0 of 8 updated"), ((4, 1), "rollout: 1 of 8 updated")):
        status = {"replicas": counts[0], "updatedReplicas": counts[1], "conditions": [there]}
        assert web(fleet(replicas=8, status=status)).rollout == words


def test_an_autoscaler_at_its_maximum_and_a_budget_that_lets_nobody_go_are_told() -> None:
    made = fleet(pod(owner=RS), template={"metadata": {"labels": {"app": "web"}}})
    limited = condition("ScalingLimited", "True", "TooManyReplicas", at=LATER)
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 10}
    made.put(HPAS, "", [object_of(HPAS, "web", target, {"desiredReplicas": 10, "conditions": [limited]})])
    budget = {"selector": {"matchLabels": {"app": "web"}}}
    counts = {"expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}
    made.put(PDBS, "", [object_of(PDBS, "web", budget, counts)])
    assert [str(remark.text) for remark in web(made).remarks] == [
        "HPA web is at its maximum of 10 and wants more",
        "PDB web lets no pod go: 1 of 1 healthy, 1 must stay",
    ]
    assert {remark.state for remark in web(made).remarks} == {ReadingState.OK}


def test_recorded_budgets_and_autoscalers_have_nothing_to_say() -> None:
    made = Fleet("main", "c1")
    made.put(PDBS, "", body("pdb-hpa", Page[Pdb]).items or [])
    made.put(HPAS, "", body("pdb-hpa", Page[Hpa], 1).items or [])
    found = [one["response"]["body"] for one in exchanges("deployment") if one["response"]["status"] == 200]
    deployments = [decoded(one, Controller) for one in found if one.get("kind") == "Deployment"]
    assert deployments
    made.put(DEPLOYMENTS, "", deployments)
    assert all(one.remarks == () for one in made.everything())


def test_the_newest_run_of_a_cronjob_speaks_for_it() -> None:
    made = Fleet("main", "c1")
    made.put(CRONJOBS, "", [object_of(CRONJOBS, "nightly", {"schedule": "0 3 * * *"})])
    above = [{"kind": "CronJob", "name": "nightly", "uid": "uid-nightly", "controller": True}]
    runs = (("nightly-29000001", CREATED, "Failed", 1), ("nightly-29000002", LATER, "Succeeded", 0))
    for name, at, phase, code in runs:
        made.put(JOBS, "", [object_of(JOBS, name, ownerReferences=above)])
        ended = status("web", terminated(code))
        one = pod(
            ended, owner=("Job", name), name=f"{name}-x", uid=name, template="", phase=phase, conditions=[],
            meta={"creationTimestamp": at}, spec={"restartPolicy": "Never"},
        )  # fmt: skip
        made.put(PODS, "", [one])
    (nightly,) = made.everything()
    assert (nightly.id.kind, nightly.id.name) == ("cronjob", "nightly")
    assert [(str(one.name), one.exit_code) for one in nightly.instances] == [("nightly-29000002-x", 0)]


def test_without_the_right_to_see_pods_nothing_is_known_of_them() -> None:
    made = fleet(replicas=2)
    made.set_blind({"shop": "its pods cannot be seen: needs list and watch on pods"})
    told = {(one.phase, str(one.error)) for one in web(made).instances}
    assert told == {(Phase.UNKNOWN, "its pods cannot be seen: needs list and watch on pods")}
    assert len(web(made).instances) == 2
    made.set_blind({})
    assert web(made).instances == ()


def test_a_recorded_rollout_is_followed_change_by_change() -> None:
    made = Fleet("main", "c1")
    phases: set[Phase] = set()
    (stream,) = [one for one in exchanges("watch-during-rollout") if "/pods?" in one["request"]["path"]]
    for line in stream["response"]["body"]["stream"]:
        if line["type"] == "BOOKMARK":
            continue
        one = decoded(line["object"], Pod)
        if line["type"] == "DELETED":
            made.drop(PODS, one.metadata)
        else:
            made.put(PODS, "", [one])
        for told in made.news():
            if isinstance(told, Workload):
                phases |= {instance.phase for instance in told.instances}
    assert {Phase.PENDING, Phase.RUNNING, Phase.RESTARTING} <= phases
    (api,) = made.everything()
    assert (api.id.kind, api.id.name) == ("deployment", "api")


def test_times_are_aware() -> None:
    made = fleet(pod(owner=RS))
    (one,) = web(made).instances
    assert one.created_at == datetime(2026, 3, 1, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "words", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "-1", ""]
)
def test_what_is_no_time_of_a_cluster_is_none(words: str) -> None:
    assert moment(words) is None


def test_a_revision_without_its_time_stops_nothing() -> None:
    made = fleet(pod(owner=RS))
    for at in ("0001-01-01T00:00:00Z", CREATED, None):
        made.put(REVISIONS, "", [object_of(REVISIONS, "web-1", creationTimestamp=at, ownerReferences=OWNED)])
        assert len(web(made).instances) == 1
    made.drop(REVISIONS, object_of(REVISIONS, "web-1").metadata)
    assert len(web(made).instances) == 1
