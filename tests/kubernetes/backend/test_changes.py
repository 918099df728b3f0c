"""What changed about a workload of a cluster: revisions and what differs, configuration, autoscalers, nodes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.follow import Follower
from cockpit.backends.kubernetes.kinds import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    HPAS,
    NODES,
    OBSERVED,
    PODS,
    REPLICASETS,
    REVISIONS,
    SECRETS,
    STATEFULSETS,
    Kind,
)
from cockpit.backends.kubernetes.times import moment
from cockpit.board.model import Change, ChangeKind, ReadingState, Workload
from cockpit.demo.kubernetes.cluster.access import Grant
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.backend import test_fleet
from tests.kubernetes.backend.made import (
    CREATED,
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
from tests.kubernetes.backend.recorded import decoded
from tests.kubernetes.backend.watch import Watch
from tests.kubernetes.conftest import Kubernetes

NOW = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
OLD, NEW = "registry.example.com/shop/web:2.4.1", "registry.example.com/shop/web:2.5.0"
OWNED = [{"kind": "Deployment", "name": "web", "uid": "uid-web", "controller": True}]


def template(image: str = OLD, **container: Any) -> Json:
    meta = {"annotations": container.pop("annotations", {})}
    return {"metadata": meta, "spec": {"containers": [{"name": "web", "image": image, **container}]}}


def revision(name: str, number: int, made: str, pods: Json) -> Any:
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    return object_of(
        REPLICASETS, name, {"replicas": 1, "template": pods}, ownerReferences=OWNED, creationTimestamp=made,
        annotations=annotations,
    )  # fmt: skip


def fleet(*revisions: Any, pods: Json | None = None, **meta: Any) -> Fleet:
    made = Fleet("main", "c1", now=lambda: NOW)
    made.put(DEPLOYMENTS, "", [object_of(DEPLOYMENTS, "web", {"replicas": 1, "template": pods or template()}, **meta)])
    made.put(REPLICASETS, "", revisions)
    return made


def web(made: Fleet) -> Workload:
    return next(one for one in made.everything() if one.id.name == "web")


def told(made: Fleet) -> list[tuple[ChangeKind, str, datetime]]:
    return [(one.kind, str(one.text), one.at) for one in web(made).changes]


def at(words: str) -> datetime:
    found = moment(words)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "kind", "words"),
    [
        (template(), template(NEW), ChangeKind.ROLLOUT, "rollout web:2.4.1 -> 2.5.0"),
        (template(), template("elsewhere/shop:1"), ChangeKind.ROLLOUT, "rollout web:2.4.1 -> shop:1"),
        (
            template(resources={"limits": {"memory": "512Mi"}}), template(resources={"limits": {"memory": "64Mi"}}),
            ChangeKind.ROLLOUT, "rollout: memory limit 512Mi -> 64Mi",
        ),
        (
            template(env=[{"name": "A", "value": "secret-1"}]), template(env=[{"name": "A", "value": "secret-2"}]),
            ChangeKind.ROLLOUT, "rollout: A changed",
        ),
        (template(), template(env=[{"name": "B", "value": "x"}]), ChangeKind.ROLLOUT, "rollout: B set"),
        (
            template(), template(annotations={"kubectl.kubernetes.io/restartedAt": LATER}),
            ChangeKind.RESTART, "restart (rollout)",
        ),
        (template(), template(args=["--new"]), ChangeKind.ROLLOUT, "rollout of the same image"),
    ],
)  # fmt: skip
def test_a_revision_says_what_it_changed(before: Json, after: Json, kind: ChangeKind, words: str) -> None:
    made = fleet(revision("web-1", 1, CREATED, before), revision("web-2", 2, LATER, after))
    assert told(made) == [(ChangeKind.ROLLOUT, "rollout web:2.4.1", at(CREATED)), (kind, words, at(LATER))]
    assert web(made).changed_at == at(LATER)
    assert "secret" not in str(web(made))


def test_a_rollback_that_is_seen_has_its_own_time_and_grace() -> None:
    made = fleet(revision("web-1", 1, CREATED, template()), revision("web-2", 2, LATER, template(NEW)))
    made.put(REPLICASETS, "", [revision("web-1", 3, CREATED, template())])
    assert told(made)[-1] == (ChangeKind.ROLLOUT, "rollback web:2.5.0 -> 2.4.1", NOW)
    assert (ChangeKind.ROLLOUT, "rollout web:2.4.1 -> 2.5.0", at(LATER)) in told(made)
    assert web(made).changed_at == NOW
    made.put(REPLICASETS, "", [revision("web-3", 4, "2026-03-01T15:10:00Z", template("r/web:3"))])
    assert web(made).changed_at == at("2026-03-01T15:10:00Z")


def test_a_rollback_before_anybody_looked_is_known_by_who_wrote_the_workload_last() -> None:
    edits = [
        {"manager": "kubectl-rollout", "operation": "Update", "time": MUCH_LATER},
        {"manager": "kube-controller-manager", "operation": "Update", "time": "2026-03-01T14:50:00Z"},
        {"manager": "kubectl", "operation": "Update", "time": "2026-03-01T14:55:00Z", "subresource": "scale"},
    ]
    revisions = (revision("web-2", 2, LATER, template(NEW)), revision("web-1", 3, CREATED, template()))
    made = fleet(*revisions, managedFields=edits)
    assert web(made).changed_at == at(MUCH_LATER)
    assert told(made)[-1] == (ChangeKind.ROLLOUT, "rollback web:2.5.0 -> 2.4.1", at(MUCH_LATER))


def test_a_statefulset_has_its_revisions_too() -> None:
    made = Fleet("main", "c1", now=lambda: NOW)
    made.put(STATEFULSETS, "", [object_of(STATEFULSETS, "web", {"replicas": 1, "template": template(NEW)})])
    owned = [{"kind": "StatefulSet", "name": "web", "uid": "uid-web", "controller": True}]
    for number, (name, when, image) in enumerate((("web-a", CREATED, OLD), ("web-b", LATER, NEW)), 1):
        meta = {"name": name, "namespace": "shop", "creationTimestamp": when, "ownerReferences": owned}
        data = {"spec": {"template": template(image)}}
        made.put(REVISIONS, "", [decoded({"metadata": meta, "data": data, "revision": number}, REVISIONS.type)])
    assert web(made).changed_at == at(LATER)
    assert told(made)[-1] == (ChangeKind.ROLLOUT, "rollout web:2.4.1 -> 2.5.0", at(LATER))


def config(kind: Any, name: str, version: str, edited: str = "") -> Any:
    edits = [{"manager": "kubectl", "operation": "Update", "time": edited}] if edited else []
    return object_of(kind, name, resourceVersion=version, managedFields=edits)


def test_configuration_that_its_pods_are_given_and_that_is_written_is_a_change() -> None:
    given = template(
        env=[{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}],
        envFrom=[{"configMapRef": {"name": "web"}}],
    )
    made = fleet(pods=given)
    for kind in (CONFIG_MAPS, SECRETS):
        made.put(kind, "", [config(kind, "web", "1", CREATED), config(kind, "db", "1", CREATED)])
    assert told(made) == []
    made.put(CONFIG_MAPS, "", [config(CONFIG_MAPS, "web", "2", LATER), config(CONFIG_MAPS, "db", "2", LATER)])
    assert told(made) == [(ChangeKind.CONFIG, "ConfigMap web changed", at(LATER))]
    made.put(SECRETS, "", [config(SECRETS, "db", "2")])
    assert told(made)[1:] == [(ChangeKind.CONFIG, "Secret db changed", NOW)]
    made.drop(SECRETS, config(SECRETS, "db", "2").metadata)
    assert len(told(made)) == 1


def test_mounted_configuration_counts_too() -> None:
    pods = template()
    sources = [{"configMap": {"name": "web"}}, {"secret": {"name": "db"}}]
    pods["spec"]["volumes"] = [{"projected": {"sources": sources}}, {"secret": {"secretName": "tls"}}, {"emptyDir": {}}]
    made = fleet(pods=pods)
    for kind, name in ((CONFIG_MAPS, "web"), (SECRETS, "db"), (SECRETS, "tls")):
        made.put(kind, "", [config(kind, name, "2", LATER)])
    assert {words for _, words, _ in told(made)} == {"ConfigMap web changed", "Secret db changed", "Secret tls changed"}


def test_what_an_autoscaler_did_and_what_befell_a_node_are_changes() -> None:
    made = fleet()
    made.put(PODS, "", [pod(owner=("ReplicaSet", "web-5d4f8"))])
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 9}
    made.put(HPAS, "", [object_of(HPAS, "web", target, {"desiredReplicas": 4, "lastScaleTime": LATER})])
    ready = condition("Ready", "Unknown", "NodeStatusUnknown", "", MUCH_LATER)
    made.put(NODES, "", [object_of(NODES, "node-1", status={"conditions": [ready]}, namespace="")])
    assert told(made) == [
        (ChangeKind.SCALE, "HPA web scaled to 4", at(LATER)),
        (ChangeKind.NODE, "node node-1 does not answer", at(MUCH_LATER)),
    ]
    made.put(HPAS, "", [object_of(HPAS, "web", target, {"desiredReplicas": 6, "lastScaleTime": MUCH_LATER})])
    assert (ChangeKind.SCALE, "HPA web scaled 4 -> 6", at(MUCH_LATER)) in told(made)


def named(watch: Watch, name: str) -> list[Change]:
    found = watch.service(name)
    return list(found.changes) if found else []


async def test_a_secret_that_is_written_is_a_change(still: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: set[Kind] = set()
    answers: list[bytes] = []
    asked = KubeClient.raw

    async def kept(self: KubeClient, path: str, *arguments: Any, **more: Any) -> bytes:
        data = await asked(self, path, *arguments, **more)
        answers.extend([data] if path.endswith("/secrets") else [])
        return data

    monkeypatch.setattr(KubeClient, "raw", kept)
    original = Follower._list

    async def noted(self: Follower) -> None:
        await original(self)
        listed.add(self.kind)

    monkeypatch.setattr(Follower, "_list", noted)
    async with Watch(still.kubeconfig) as watch:
        deployment = still.cluster.store.get("deployments.apps", "shop", "web")
        assert deployment is not None
        pods = deployment["spec"]["template"]
        (first, *_) = pods["spec"]["containers"]
        given = {**first, "envFrom": [{"secretRef": {"name": "web-db"}}]}
        spec = {**deployment["spec"], "template": {**pods, "spec": {**pods["spec"], "containers": [given]}}}
        still.cluster.objects.change(BY_SHELF["deployments.apps"], deployment, {**deployment, "spec": spec})
        await watch.until(lambda: SECRETS in listed)
        secret = still.cluster.store.get("secrets", "shop", "web-db")
        assert secret is not None
        assert answers
        assert all(b'"PartialObjectMetadataList"' in one and b'"data"' not in one for one in answers)
        still.cluster.objects.change(BY_SHELF["secrets"], secret, {**secret, "data": {"password": "bmV3"}})
        await watch.until(lambda: "Secret web-db changed" in [str(one.text) for one in named(watch, "web")])


async def test_configuration_that_may_not_be_seen_is_said_aside(still: Kubernetes) -> None:
    kinds = tuple(one.plural for one in OBSERVED if one is not SECRETS)
    still.cluster.policy.grants["system:admin"] = (Grant(("get", "list", "watch"), (*kinds, "namespaces")),)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: (one := watch.board.source("main")) and "secrets" in one.aside)
        found = watch.board.source("main")
        assert found is not None
        assert found.aside == "needs list and watch on secrets in namespace shop"
        assert "secrets" not in found.why


def test_a_crash_loop_of_a_new_pod_is_one_fault_though_it_runs_for_a_moment_each_time() -> None:
    progress = condition("Progressing", "True", "ReplicaSetUpdated")
    counts = {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1, "conditions": [progress]}
    ended = terminated(1)
    ended["terminated"]["message"] = "FATAL no configuration"
    for state in (waiting("CrashLoopBackOff"), running(), ended):
        crashed = pod(
            status("web", state, restarts=2, last=ended), owner=("ReplicaSet", "web-77777"), name="web-77777-zzzzz",
            uid="u2", template="77777", conditions=[condition("Ready", "False")],
        )  # fmt: skip
        made = test_fleet.fleet(pod(owner=test_fleet.RS), crashed, status=counts)
        assert [(str(remark.text), remark.state) for remark in test_fleet.web(made).remarks] == [
            ("exit 1: FATAL no configuration (new pod)", ReadingState.DEGRADED)
        ]
