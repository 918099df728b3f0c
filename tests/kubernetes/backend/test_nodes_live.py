"""Nodes of the emulated cluster: seen, measured while they are looked at, described; and what pods say of theirs."""

from cockpit.board.model import Identity, State
from cockpit.board.snapshot import ServiceStatus
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.backend.test_observe import live
from tests.kubernetes.backend.watch import NAME, Watch
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get

NUMBERS = "GET /apis/metrics.k8s.io/v1beta1/nodes"


def nodes(watch: Watch) -> tuple[ServiceStatus, ...]:
    """As the board has them."""
    return watch.board.snapshot().nodes


def identities(watch: Watch) -> frozenset[Identity]:
    """Of all of them."""
    return frozenset(work.id for one in nodes(watch) for work in one.workloads)


def cordon(still: Kubernetes, name: str) -> None:
    """As kubectl does it."""
    old = get(still.cluster, "nodes", name, "")
    still.cluster.objects.change(BY_SHELF["nodes"], old, {**old, "spec": {**old["spec"], "unschedulable": True}})


async def test_they_are_listed_with_the_pods_that_are_watched(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and len(nodes(watch)) == 3)
        assert {one.state for one in nodes(watch)} == {State.OK}
        placed = {pod["metadata"]["uid"]: pod["spec"]["nodeName"] for pod in still.cluster.store.each("pods", "shop")}
        facts = {work.id.name: work.node for one in nodes(watch) for work in one.workloads}
        assert {uid: name for name, node in facts.items() if node is not None for uid in node.pods} == placed
        assert not any(one.node for one in watch.board.snapshot().services)


async def test_their_numbers_are_asked_for_while_they_are_looked_at_and_no_sooner(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and all(one.cpu is not None for one in watch.board.snapshot().services))
        assert NUMBERS not in still.cluster.faults.seen
        watch.source.focus(identities(watch))
        await watch.until(lambda: nodes(watch) and all(one.cpu and one.memory for one in nodes(watch)))
        assert NUMBERS in still.cluster.faults.seen


async def test_who_may_not_list_nodes_is_told_and_sees_the_rest(still: Kubernetes) -> None:
    kinds = ("pods", "deployments", "replicasets", "namespaces")
    still.cluster.policy.grants[ADMIN] = (Grant(("get", "list", "watch"), kinds),)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and "list and watch on nodes" in str(watch.board.source(NAME)))
        assert nodes(watch) == ()
        assert {one.name for one in watch.board.snapshot().services} == {"web", "checkout", "payments", "catalog"}


async def test_a_service_says_that_its_pods_are_on_a_cordoned_node(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and len(nodes(watch)) == 3)
        cordon(still, "node-001")
        await watch.assessed(
            "checkout", lambda one: any("on node-001, which is cordoned" in line for line in one.evidence)
        )
        await watch.until(lambda: any(one.state is State.PAUSED for one in nodes(watch)))


async def test_a_node_is_described_as_it_is(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and len(nodes(watch)) == 3)
        (first, *_) = sorted(identities(watch))
        text = await watch.source.inspect(first)
        assert "kubeletVersion" in text
        assert first.name in text
