"""Controllers and kubelet: rollouts within bounds, the states that pods get into, nodes that go, numbers that fight."""

from typing import Any

import pytest

from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import Json, get, pods_of, rolled_out, until

pytestmark = pytest.mark.emulated("be the emulator, which this is about")
DEPLOYMENTS = "deployments.apps"


def change(cluster: Cluster, storage: str, name: str, **spec: Any) -> Json:
    """Change parts of an object's spec, as a client does."""
    old = get(cluster, storage, name)
    return cluster.objects.change(BY_SHELF[storage], old, {**old, "spec": {**old["spec"], **spec}})


def behave(cluster: Cluster, storage: str, name: str, behaviour: str, image: str = "") -> None:
    """Roll out a template whose containers behave so."""
    template = get(cluster, storage, name)["spec"]["template"]
    meta = {**template["metadata"], "annotations": {build.BEHAVIOUR: behaviour}}
    containers = [{**one, "image": image or one["image"]} for one in template["spec"]["containers"]]
    spec = {**template["spec"], "containers": containers}
    change(cluster, storage, name, template={"metadata": meta, "spec": spec})


def statuses(cluster: Cluster, app: str) -> list[Json]:
    return [one for pod in pods_of(cluster, app) for one in pod["status"].get("containerStatuses", ())]


def reasons(cluster: Cluster, app: str) -> set[str]:
    """Why containers wait, or ended."""
    return {str(state.get("reason", "")) for one in statuses(cluster, app) for state in one["state"].values()}


def events_of(cluster: Cluster, reason: str) -> list[str]:
    return [event["message"] for event in cluster.store.each("events", "shop") if event["reason"] == reason]


async def test_a_rollout_keeps_within_its_bounds(kubernetes: Kubernetes) -> None:
    cluster, seen = kubernetes.cluster, []
    change(cluster, DEPLOYMENTS, "checkout", replicas=8)
    await until(cluster, lambda: rolled_out(cluster, "checkout"))

    def look(storage: str, _: object) -> None:
        if storage == "pods":
            pods = pods_of(cluster, "checkout")
            ready = sum(1 for one in statuses(cluster, "checkout") if one["ready"])
            seen.append((len(pods), ready))

    stop = cluster.store.listen(look)
    behave(cluster, DEPLOYMENTS, "checkout", "steady", "registry.example.com/shop/checkout:3.9.0")
    await until(cluster, lambda: rolled_out(cluster, "checkout") and _images(cluster, "checkout") == {"3.9.0"})
    stop()
    # A quarter of eight, either way.
    assert max(pods for pods, _ in seen) <= 10
    assert min(ready for _, ready in seen) >= 6


def _images(cluster: Cluster, app: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in pods_of(cluster, app)}


@pytest.mark.parametrize(
    ("behaviour", "reason", "event"),
    [
        ("crash", "CrashLoopBackOff", "BackOff"),
        ("missing", "ImagePullBackOff", "Failed"),
        ("misconfigured", "CreateContainerConfigError", "Failed"),
    ],
)
async def test_a_bad_release_waits_for_its_reason(
    kubernetes: Kubernetes, behaviour: str, reason: str, event: str
) -> None:
    cluster = kubernetes.cluster
    behave(cluster, DEPLOYMENTS, "checkout", behaviour)
    await until(cluster, lambda: reason in reasons(cluster, "checkout") and events_of(cluster, event))
    assert sum(1 for one in statuses(cluster, "checkout") if one["ready"]) == 3


async def test_a_container_that_eats_its_memory_is_killed_with_137(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    behave(cluster, DEPLOYMENTS, "payments", "oom")
    await until(cluster, lambda: any(one["restartCount"] for one in statuses(cluster, "payments")))
    ended = [one["lastState"]["terminated"] for one in statuses(cluster, "payments") if one["lastState"]]
    assert {(one["exitCode"], one["reason"]) for one in ended} == {(137, "OOMKilled")}


async def test_a_rollout_that_does_not_move_is_told_at_its_deadline(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    change(cluster, DEPLOYMENTS, "payments", progressDeadlineSeconds=5)
    behave(cluster, DEPLOYMENTS, "payments", "unready")

    def progressing() -> Json:
        conditions = get(cluster, DEPLOYMENTS, "payments")["status"]["conditions"]
        return next(one for one in conditions if one["type"] == "Progressing")

    await until(cluster, lambda: progressing()["status"] == "False")
    assert progressing()["reason"] == "ProgressDeadlineExceeded"
    await until(cluster, lambda: events_of(cluster, "Unhealthy"))
    assert set(events_of(cluster, "Unhealthy")) == {"Readiness probe failed: HTTP probe failed with statuscode: 503"}


async def test_a_stateful_set_stays_stuck_until_its_broken_pod_is_deleted(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    pods = build.template("db", "shop", "registry.example.com/shop/db:15.1")
    cluster.objects.create(BY_SHELF["statefulsets.apps"], build.stateful_set("db", "shop", pods, 3))

    def ready() -> int:
        return int(get(cluster, "statefulsets.apps", "db").get("status", {}).get("readyReplicas", 0))

    await until(cluster, lambda: ready() == 3)
    assert [pod["metadata"]["name"] for pod in pods_of(cluster, "db")] == ["db-0", "db-1", "db-2"]
    good = get(cluster, "statefulsets.apps", "db")["spec"]["template"]
    behave(cluster, "statefulsets.apps", "db", "crash", "registry.example.com/shop/db:15.2")
    await until(cluster, lambda: any(one["restartCount"] for one in statuses(cluster, "db")))
    change(cluster, "statefulsets.apps", "db", template=good)
    generation = get(cluster, "statefulsets.apps", "db")["metadata"]["generation"]
    await until(cluster, lambda: get(cluster, "statefulsets.apps", "db")["status"]["observedGeneration"] == generation)
    broken = [pod for pod in pods_of(cluster, "db") if pod["spec"]["containers"][0]["image"].endswith("15.2")]
    assert [pod["metadata"]["name"] for pod in broken] == ["db-2"]
    cluster.objects.delete(BY_SHELF["pods"], broken[0])
    await until(cluster, lambda: ready() == 3 and _images(cluster, "db") == {"15.1"})
    assert len(list(cluster.store.each("controllerrevisions.apps", "shop"))) == 2


async def test_a_daemon_runs_on_every_node_and_is_replaced_node_by_node(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    pods = build.template("agent", "shop", "registry.example.com/shop/agent:1.0.0")
    cluster.objects.create(BY_SHELF["daemonsets.apps"], build.daemon_set("agent", "shop", pods))

    def counts() -> tuple[int, int]:
        status = get(cluster, "daemonsets.apps", "agent").get("status", {})
        return status.get("numberReady", 0), status.get("updatedNumberScheduled", 0)

    await until(cluster, lambda: counts() == (3, 3))
    assert {pod["spec"]["nodeName"] for pod in pods_of(cluster, "agent")} == {"node-000", "node-001", "node-002"}
    behave(cluster, "daemonsets.apps", "agent", "steady", "registry.example.com/shop/agent:1.1.0")
    await until(cluster, lambda: counts() == (3, 3) and _images(cluster, "agent") == {"1.1.0"})


@pytest.mark.parametrize(("behaviour", "ended"), [("done", "Complete"), ("fails", "Failed")])
async def test_a_job_ends_one_way_or_the_other(kubernetes: Kubernetes, behaviour: str, ended: str) -> None:
    cluster = kubernetes.cluster
    template = build.template("import", "shop", "registry.example.com/shop/import:1", behaviour=behaviour)
    template["spec"]["restartPolicy"] = "Never"
    job = {"metadata": {"name": "import", "namespace": "shop"}, "spec": {"template": template, "backoffLimit": 1}}
    cluster.objects.create(BY_SHELF["jobs.batch"], job)

    def conditions() -> list[str]:
        return [one["type"] for one in get(cluster, "jobs.batch", "import").get("status", {}).get("conditions", ())]

    await until(cluster, conditions)
    assert conditions() == [ended]


async def test_a_lost_node_makes_its_pods_unready_and_comes_back(kubernetes: Kubernetes) -> None:
    cluster, emulator = kubernetes.cluster, kubernetes.emulator
    emulator.nodes.lose("node-001")

    def ready_on(node: str) -> set[str]:
        return {
            one["status"]
            for pod in cluster.store.each("pods", "shop")
            if pod["spec"].get("nodeName") == node
            for one in pod["status"]["conditions"]
            if one["type"] == "Ready"
        }

    assert ready_on("node-001") == {"False"}
    assert {one["status"] for one in get(cluster, "nodes", "node-001", "")["status"]["conditions"]} == {"Unknown"}
    emulator.nodes.find("node-001")
    assert ready_on("node-001") == {"True"}


async def test_pods_leave_a_node_that_stays_silent(kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.demo.kubernetes.kubelet.nodes.EVICTED_AFTER", 2.0)
    cluster = kubernetes.cluster
    kubernetes.emulator.nodes.lose("node-001")
    await until(
        cluster,
        lambda: (
            rolled_out(cluster, "web")
            and "node-001" not in {pod["spec"]["nodeName"] for pod in pods_of(cluster, "web")}
        ),
    )
    assert len(pods_of(cluster, "web")) == 3


async def test_what_finds_no_node_says_why(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    huge = {"requests": {"cpu": "64", "memory": "1Gi"}}
    pods = build.template("huge", "shop", "registry.example.com/shop/huge:1", resources=huge)
    cluster.objects.create(BY_SHELF[DEPLOYMENTS], build.deployment("huge", "shop", pods))
    await until(cluster, lambda: events_of(cluster, "FailedScheduling"))
    assert events_of(cluster, "FailedScheduling") == ["0/3 nodes are available: 3 Insufficient cpu."]


async def test_a_quota_holds_pods_back(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    quota = {"metadata": {"name": "small", "namespace": "shop"}, "spec": {"hard": {"pods": "11"}}}
    cluster.objects.create(BY_SHELF["resourcequotas"], quota)
    change(cluster, DEPLOYMENTS, "payments", replicas=6)
    await until(cluster, lambda: events_of(cluster, "FailedCreate"))
    assert "exceeded quota: small" in events_of(cluster, "FailedCreate")[0]


async def test_an_autoscaler_fights_a_person_s_number(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    change(cluster, DEPLOYMENTS, "web", replicas=9)
    await until(cluster, lambda: get(cluster, DEPLOYMENTS, "web")["spec"]["replicas"] <= 6)
    cluster.behaviours.loads["shop", "web"] = 1.0

    def limited() -> bool:
        status = get(cluster, "horizontalpodautoscalers.autoscaling", "web").get("status", {})
        held = {one["type"]: one for one in status.get("conditions", ())}
        return "TooManyReplicas" in {one["reason"] for one in held.values()}

    await until(cluster, limited)
    assert get(cluster, DEPLOYMENTS, "web")["spec"]["replicas"] == 6


async def test_what_belongs_to_a_deployment_goes_with_it(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    cluster.objects.delete(BY_SHELF[DEPLOYMENTS], get(cluster, DEPLOYMENTS, "catalog"))

    def left() -> list[Json]:
        sets = cluster.store.each("replicasets.apps", "shop")
        return [*pods_of(cluster, "catalog"), *(one for one in sets if one["metadata"]["name"].startswith("catalog-"))]

    await until(cluster, lambda: not left())
    assert left() == []


async def test_a_quota_tells_what_is_used(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    hard = {"pods": "20", "requests.cpu": "4", "limits.memory": "8Gi"}
    quota = {"metadata": {"name": "room", "namespace": "shop"}, "spec": {"hard": hard}}
    cluster.objects.create(BY_SHELF["resourcequotas"], quota)
    await until(cluster, lambda: get(cluster, "resourcequotas", "room").get("status"))
    used = get(cluster, "resourcequotas", "room")["status"]["used"]
    assert used == {"pods": "10", "requests.cpu": "1450m", "limits.memory": "5120Mi"}


@pytest.mark.parametrize(("tag", "phase"), [("1", "Running"), ("1-fails", "Pending")])
async def test_init_containers_come_first(kubernetes: Kubernetes, tag: str, phase: str) -> None:
    cluster = kubernetes.cluster
    template = build.template("import", "shop", "registry.example.com/shop/import:1")
    first = {"name": "migrate", "image": f"registry.example.com/shop/migrate:{tag}"}
    template["spec"]["initContainers"] = [
        first,
        {**first, "name": "check", "image": "registry.example.com/shop/check:1"},
    ]
    cluster.objects.create(BY_SHELF[DEPLOYMENTS], build.deployment("import", "shop", template))

    def told() -> list[tuple[str, str]]:
        """(name, state) of the init containers."""
        found = [one for pod in pods_of(cluster, "import") for one in pod["status"].get("initContainerStatuses", ())]
        return [(one["name"], next(iter(one["state"].values())).get("reason", "")) for one in found]

    wanted = {
        "Running": [("migrate", "Completed"), ("check", "Completed")],
        "Pending": [("migrate", "CrashLoopBackOff"), ("check", "PodInitializing")],
    }[phase]
    await until(
        cluster, lambda: told() == wanted and {pod["status"]["phase"] for pod in pods_of(cluster, "import")} == {phase}
    )
    assert told() == wanted
