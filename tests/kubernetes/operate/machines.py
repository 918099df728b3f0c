"""Nodes of the emulated cluster through the door: what the tests of cordon and drain have in common."""

from msgspec.structs import replace

from cockpit.backends.change import Plan
from cockpit.board.model import Workload
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from tests.kubernetes.emulator.waiting import get, pods_of, until
from tests.kubernetes.operate.bridge import HOLD, Bridge

EMULATED = "close and empty machines: on another cluster people work on them"


def watched(pods: list[Json]) -> set[str]:
    """The uids of those in the namespace that the board watches."""
    return {pod["metadata"]["uid"] for pod in pods if pod["metadata"]["namespace"] == "shop"}


def on(bridge: Bridge, name: str) -> list[Json]:
    """The pods on a node as the cluster has them."""
    return [pod for pod in bridge.cluster.store.each("pods") if pod["spec"].get("nodeName") == name]


def host_of(bridge: Bridge, app: str) -> str:
    """A node with a pod of an application on it."""
    found = pods_of(bridge.cluster, app)[0]["spec"]["nodeName"]
    assert isinstance(found, str)
    return found


async def sees(bridge: Bridge, name: str) -> Workload:
    """A node, once the board shows it with all of its pods."""
    board = bridge.watch.board

    def shown() -> Workload | None:
        status = board.snapshot().find(f"node/{name}")
        return status.workloads[0] if status is not None else None

    await bridge.sees("checkout")
    await bridge.watch.until(lambda: (one := shown()) and one.node and one.node.pods == watched(on(bridge, name)))
    found = shown()
    assert found is not None
    return found


async def made(bridge: Bridge, verb: str, name: str, **arguments: str) -> Plan:
    """The plan of a verb on a node, judged after a short hold."""
    given = {key.replace("_", "-"): value for key, value in arguments.items()}
    plan = await bridge.operator.plan(verb, await sees(bridge, name), given)
    return replace(plan, service=f"node/{name}", hold=HOLD)


def naked(bridge: Bridge, name: str, node: str, **spec: object) -> None:
    """A pod that nothing keeps."""
    template = build.template(name, "shop", f"example.com/{name}:1")
    pod = {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {**template["spec"], "nodeName": node, **spec},
    }
    bridge.cluster.objects.create(BY_SHELF["pods"], pod)


def budget(bridge: Bridge, least: int) -> None:
    """Checkout's budget lets fewer go, or more."""
    old = get(bridge.cluster, "poddisruptionbudgets.policy", "checkout")
    new = {**old, "spec": {**old["spec"], "minAvailable": least}}
    bridge.cluster.objects.change(BY_SHELF["poddisruptionbudgets.policy"], old, new)


async def settled(bridge: Bridge, allowed: int) -> None:
    """Once the budget's controller says how many may go."""
    await until(
        bridge.cluster,
        lambda: (
            get(bridge.cluster, "poddisruptionbudgets.policy", "checkout")["status"]["disruptionsAllowed"] == allowed
        ),
    )
