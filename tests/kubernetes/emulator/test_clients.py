"""The official Python package, as other programs use it: typed objects, a watch, a log, a command, changes."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from kubernetes import client as official
from kubernetes import config, watch
from kubernetes.stream import stream

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import pods_of, rolled_out, until

pytestmark = pytest.mark.emulated("tell numbers of pods at once, and say who it is")
client: Any = official  # its types allow everything to be missing
METRICS = ("metrics.k8s.io", "v1beta1", "shop", "pods")
WITHIN = 60
"""Seconds: a bound on hanging."""


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is named by the environment that the tests run in: the package always reads that."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def connected(kubeconfig: Path) -> Iterator[Any]:
    """The package's client, whose connections end with the block."""
    load: Any = config.new_client_from_config
    with load(str(kubeconfig)) as api:
        yield api
        api.rest_client.pool_manager.clear()


def read(kubeconfig: Path, name: str) -> dict[str, Any]:
    """What it reads of the shop and of one of its pods; it blocks."""
    with connected(kubeconfig) as api:
        core = client.CoreV1Api(api)
        pods, watching = core.list_namespaced_pod, cast(Any, watch.Watch)()
        with closing(watching.stream(pods, "shop", timeout_seconds=WITHIN)) as events:
            first = next(events)
        scalers = client.AutoscalingV2Api(api).list_namespaced_horizontal_pod_autoscaler("shop").items
        metrics = client.CustomObjectsApi(api).list_namespaced_custom_object(*METRICS)
        review = client.AuthenticationV1Api(api).create_self_subject_review(client.V1SelfSubjectReview())
        return {
            "pods": {one.metadata.name for one in pods("shop").items},
            "nodes": [one.status.node_info.kubelet_version for one in core.list_node().items],
            "bounds": [(one.spec.min_replicas, one.spec.max_replicas) for one in scalers],
            "measured": {one["metadata"]["name"] for one in metrics["items"]},
            "watched": (first["type"], first["object"].kind),
            "who": review.status.user_info.username,
            "log": core.read_namespaced_pod_log(name, "shop", tail_lines=2, _request_timeout=WITHIN).splitlines(),
        }


def printed(kubeconfig: Path, name: str) -> tuple[str, int]:
    """(output, exit code) of a command in a pod; it blocks."""
    with connected(kubeconfig) as api:
        run = client.CoreV1Api(api).connect_get_namespaced_pod_exec
        asked = {"command": ["sh", "-c", "hostname; exit 3"], "stdout": True, "stderr": True, "stdin": False}
        opened: Any = stream(run, name, "shop", tty=False, _preload_content=False, **asked)
        try:
            opened.run_forever(timeout=WITHIN)
            return opened.read_stdout(), opened.returncode
        finally:
            opened.sock.shutdown()


async def test_what_it_reads_is_what_there_is(kubernetes: Kubernetes) -> None:
    names = {pod["metadata"]["name"] for pod in kubernetes.cluster.store.each("pods", "shop")}
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    found = await asyncio.to_thread(read, kubernetes.kubeconfig, name)
    assert found["pods"] == found["measured"] == names
    assert found["nodes"] == ["v1.33.4"] * 3
    assert found["bounds"] == [(2, 6)]
    assert found["watched"] == ("ADDED", "Pod")
    assert found["who"] == "system:admin"
    assert len(found["log"]) == 2


async def test_a_command_in_a_pod_prints_and_ends(kubernetes: Kubernetes) -> None:
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    assert await asyncio.to_thread(printed, kubernetes.kubeconfig, name) == (f"{name}\n", 3)


async def test_what_it_changes_is_changed(kubernetes: Kubernetes) -> None:
    def change() -> int:
        with connected(kubernetes.kubeconfig) as api:
            apps = client.AppsV1Api(api)
            made = apps.patch_namespaced_deployment_scale("payments", "shop", {"spec": {"replicas": 3}})
            client.CoreV1Api(api).delete_namespaced_config_map("payments-config", "shop")
            return int(made.spec.replicas)

    assert await asyncio.to_thread(change) == 3
    await until(kubernetes.cluster, lambda: rolled_out(kubernetes.cluster, "payments"))
    assert len(pods_of(kubernetes.cluster, "payments")) == 3
    assert kubernetes.cluster.store.get("configmaps", "shop", "payments-config") is None
