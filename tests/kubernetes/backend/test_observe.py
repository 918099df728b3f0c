"""What happens in the emulated cluster stands on the board, and nothing that is lost is believed."""

import socket
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends.kubernetes.follow import Follower
from cockpit.backends.kubernetes.kinds import OBSERVED
from cockpit.backends.kubernetes.observe import NAMESPACES_MOST
from cockpit.board.model import Freshness, Health, Phase, State, Workload
from cockpit.board.update import Changed, Declared, Listed
from cockpit.demo.kubernetes.cluster.access import Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.kubeconfig import kubeconfig, write
from tests.kubernetes.backend.made import condition, running, status, terminated, waiting
from tests.kubernetes.backend.watch import NAME, Watch
from tests.kubernetes.conftest import Kubernetes

SHOP = {"web": 3, "checkout": 3, "payments": 2, "catalog": 2}


def live(watch: Watch) -> bool:
    found = watch.board.source(NAME)
    return found is not None and found.freshness is Freshness.LIVE


def pod_of(still: Kubernetes, name: str) -> Any:
    """The first pod of a Deployment, as the cluster has it."""
    pods = [one for one in still.cluster.store.each("pods", "shop") if one["metadata"]["name"].startswith(name)]
    return min(pods, key=lambda one: str(one["metadata"]["name"]))


def crash(still: Kubernetes, name: str, code: int = 137, reason: str = "OOMKilled") -> str:
    """A pod of a Deployment is in a crash loop from now on; its name."""
    pod = pod_of(still, name)
    told = status(name, waiting("CrashLoopBackOff"), restarts=4, last=terminated(code, reason))
    state = {
        **pod["status"],
        "containerStatuses": [told],
        "conditions": [condition("Ready", "False", "ContainersNotReady")],
    }
    still.cluster.store.put("pods", {**pod, "status": state})
    return str(pod["metadata"]["name"])


async def lose(still: Kubernetes) -> Fault:
    """The API answers nobody from now on, and every connection is cut."""
    fault = still.cluster.faults.add(Fault(status=503, retry_after=0))
    await still.emulator.server.hang_up()
    return fault


def counted(watch: Watch) -> dict[str, int]:
    """How many pods each workload has; of nodes nothing."""
    return {one.id.name: len(one.instances) for one in watch.board.workloads().values() if one.node is None}


async def test_the_shop_is_listed_with_its_pods(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        assert isinstance(watch.updates[0], Declared)
        assert counted(watch) == SHOP
        assert {one.id.kind for one in watch.board.workloads().values()} == {"deployment", "node"}
        assert {one.state for one in watch.board.snapshot().services} == {State.OK}
        assert {(one.ready, one.desired) for one in watch.board.snapshot().services} == {(2, 2), (3, 3)}


async def test_a_pod_that_crashes_is_seen_with_its_reason(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        crash(still, "payments")
        one = await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        assert one.why.startswith("OOM killed, 137, restarted 4x")
        assert one.ready == 1


async def test_pods_that_come_and_go_are_seen(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        gone = pod_of(still, "web")
        still.cluster.store.remove("pods", "shop", gone["metadata"]["name"])
        await watch.sees("web", lambda one: len(one.instances) == 2)
        still.cluster.store.put("pods", gone)
        await watch.sees("web", lambda one: len(one.instances) == 3)


async def test_probes_that_fail_are_told_by_their_events(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        pod = pod_of(still, "catalog")
        started = "2026-01-01T00:00:00Z"
        state = {
            **pod["status"],
            "containerStatuses": [status("catalog", running(started))],
            "conditions": [condition("Ready", "False", "ContainersNotReady", at="2026-01-01T01:00:00Z")],
        }
        fallen = still.cluster.store.put("pods", {**pod, "status": state})
        words = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        still.cluster.events.warning("pods", fallen, "Unhealthy", words, "kubelet")

        def told(one: Workload) -> bool:
            return any(
                pod.health is Health.UNHEALTHY and pod.health_detail.startswith("readiness probe")
                for pod in one.instances
            )

        await watch.sees("catalog", told)


async def test_a_lost_cluster_is_never_green_and_comes_back_without_a_new_list(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    done: set[str] = set()
    original = Follower._list

    async def noted(self: Follower) -> None:
        begun.append(self.kind.plural)
        await original(self)
        done.add(self.kind.plural)

    monkeypatch.setattr(Follower, "_list", noted)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        await watch.until(lambda: len(done) == len(OBSERVED))
        begun.clear()
        await lose(still)
        await watch.until(lambda: (one := watch.board.source(NAME)) and one.freshness is Freshness.LOST)
        assert {one.state for one in watch.board.snapshot().services} == {State.UNKNOWN}
        assert watch.lost
        crash(still, "payments")
        still.cluster.faults.clear()
        await watch.until(lambda: live(watch))
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        await watch.assessed("web", lambda one: one.state is State.OK)
        assert begun == []


async def test_a_server_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port, and nobody answers on it
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        write(tmp_path / "kubeconfig", kubeconfig(url))
        async with Watch(tmp_path / "kubeconfig") as watch:
            await watch.until(lambda: watch.lost)
            assert watch.lost[0].startswith(f"Kubernetes {NAME} ({url}): the connection was refused")
            assert not live(watch)


async def test_what_happened_while_the_api_forgot_it_is_listed_again(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        await lose(still)
        crash(still, "payments")
        still.cluster.store.remove("pods", "shop", pod_of(still, "web")["metadata"]["name"])
        still.cluster.store.compact()
        still.cluster.faults.clear()
        await watch.until(lambda: live(watch))
        await watch.sees("web", lambda one: len(one.instances) == 2)
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)


async def test_a_kind_that_may_not_be_seen_is_said_and_the_rest_works(still: Kubernetes) -> None:
    kinds = ("pods", "deployments", "replicasets", "namespaces", "nodes")
    still.cluster.policy.grants["system:admin"] = (Grant(("get", "list", "watch"), kinds),)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: (one := watch.board.source(NAME)) and "events" in one.why)
        await watch.until(lambda: live(watch))
        assert {one.state for one in watch.board.snapshot().services} == {State.OK}
        found = watch.board.source(NAME)
        assert found is not None
        assert "needs list and watch on events in namespace shop" in found.why
        assert "needs list and watch on statefulsets.apps in namespace shop" in found.why


async def test_without_the_right_to_see_pods_nothing_is_green(still: Kubernetes) -> None:
    kinds = ("deployments", "replicasets", "namespaces")
    still.cluster.policy.grants["system:admin"] = (Grant(("get", "list", "watch"), kinds),)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        one = await watch.assessed("web", lambda one: "pods" in one.why)
        assert one.state is State.UNKNOWN
        assert one.why == "its pods cannot be seen: needs list and watch on pods in namespace shop"


async def test_many_namespaces_are_seen_one_by_one_where_all_may_not_be(still: Kubernetes) -> None:
    spaces = ("shop", *(f"shop-{number}" for number in range(NAMESPACES_MOST)))
    still.cluster.policy.grants["system:admin"] = (Grant(("get", "list", "watch"), namespaces=spaces),)
    async with Watch(still.kubeconfig, spaces=frozenset(spaces)) as watch:
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)
        await watch.assessed("web", lambda one: one.state is State.OK)


async def test_an_api_that_asks_to_wait_is_asked_again(still: Kubernetes) -> None:
    still.cluster.faults.add(Fault(status=429, where="/deployments", retry_after=0, times=2))
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        assert counted(watch) == SHOP


async def test_a_failing_api_is_lost_until_it_answers(still: Kubernetes) -> None:
    still.cluster.faults.add(Fault(status=503, where="/pods", times=2))
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        assert watch.lost
        assert {one.state for one in watch.board.snapshot().services} == {State.OK}


async def test_rows_come_with_the_first_page(still: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.backends.kubernetes.follow.FIRST_PAGE", 2)
    monkeypatch.setattr("cockpit.backends.kubernetes.follow.PAGE", 3)
    still.cluster.faults.add(Fault(where="/pods", seconds=0.3))
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        listed = next(number for number, one in enumerate(watch.updates) if isinstance(one, Listed))
        assert any(isinstance(one, Changed) for one in watch.updates[:listed])
        assert counted(watch) == SHOP


async def test_numbers_come_from_the_metrics_api_and_their_absence_is_said(still: Kubernetes) -> None:
    still.cluster.has_metrics = False
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: (one := watch.board.source(NAME)) and "CPU and memory are not known" in one.why)
        assert live(watch)


async def test_a_pod_is_described_without_secrets(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        still.cluster.events.warning("pods", pod_of(still, "web"), "BackOff", "it fell over", "kubelet")
        pods = watch.pods("web")
        first = min(pods, key=lambda one: one.name)
        text = await watch.source.inspect(first.id)
        assert "Warning BackOff (1x): it fell over" in text
        assert f"name: {first.name}" in text
        assert "managedFields" not in text
        whole = await watch.source.inspect(first.id.workload)
        assert "replicas: 3" in whole


async def test_phases_are_those_of_the_pods(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        name = crash(still, "checkout", 1, "Error")
        one = await watch.sees("checkout", lambda one: any(pod.phase is Phase.RESTARTING for pod in one.instances))
        assert {str(pod.name) for pod in one.instances if pod.phase is Phase.RESTARTING} == {name}


async def test_numbers_of_pods_are_shown_beside_them(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await watch.assessed("web", lambda one: one.cpu is not None and one.memory is not None)
        assert one.cpu is not None
        assert one.cpu > 0
        assert one.memory is not None
        assert one.memory > 1 << 20
