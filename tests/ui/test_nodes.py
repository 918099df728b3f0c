"""Nodes on the screen: the list, one of them with its pods, why there is none; a drain from its preview to its stop."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, Verb
from cockpit.board.model import Freshness, Health, Identity, Instance, NodeFacts, Phase, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import Focus, Halt, Inspect, MakePlan, Perform, Requirement, Step
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import AT, FakePort

SIZES = ((80, 24), (120, 40))
GIB = float(1 << 30)
CLUSTER = SourceStatus(
    name="prod", label=SafeText("kubernetes:prod"), kind="kubernetes", freshness=Freshness.LIVE, since=AT, heard_at=AT
)
VERBS = (
    Verb(name="cordon", title="Cordon: no new pods on it"),
    Verb(name="drain", title="Drain: move its pods away", danger="high"),
)


def pods_of(name: str, count: int) -> tuple[Instance, ...]:
    """Pods of a Deployment."""
    owner = Identity("kubernetes", "c1", "shop", "deployment", name)
    return tuple(
        Instance(
            id=replace(owner, instance=f"{name}-{number}"),
            name=SafeText(f"{name}-7d9f8b6c54-2xk{number}"),
            phase=Phase.RUNNING,
            health=Health.HEALTHY,
        )
        for number in range(count)
    )


def service(name: str, tier: int, count: int) -> ServiceStatus:
    """A Deployment whose pods are all ready."""
    pods = pods_of(name, count)
    work = Workload(id=pods[0].id.workload, source="prod", instances=pods, desired=count)
    return scene.service(name, tier, State.OK, 86400, ready=count, desired=count, workloads=(work,))


def node(name: str, state: State, since: float, why: str = "", **facts: Any) -> ServiceStatus:
    """One node of 16 cores."""
    identity = Identity("kubernetes", "c1", "", "node", name)
    one = Instance(id=replace(identity, instance=f"uid-{name}"), name=SafeText(name), phase=Phase.RUNNING)
    values: dict[str, Any] = {
        "roles": (SafeText("worker"),),
        "version": SafeText("v1.33.4"),
        "created_at": AT - timedelta(days=41),
        "cpu": 1600.0,
        "memory": 62 * GIB,
        "pods_most": 110,
    }
    where = (("cluster", SafeText("prod")),)
    work = Workload(
        id=identity, source="prod", where=where, instances=(one,), desired=1, node=NodeFacts(**(values | facts))
    )
    made = scene.service(
        name, 3, state, since, why=SafeText(why), evidence=(SafeText(why),) if why else (), workloads=(work,),
        cpu=400.0, memory=31 * GIB,
    )  # fmt: skip
    return replace(made, key=f"node/{name}", node=True)


SERVICES = (service("checkout", 1, 3), service("catalog", 3, 2))
ON_FIRST = frozenset({"checkout-0", "checkout-1", "catalog-0", "elsewhere-0"})
NODES = (
    node("worker-2", State.DOWN, 252, "unhealthy: does not answer since 14:27:48Z"),
    node(
        "worker-3", State.PAUSED, 3700, "cordoned since 13:30:20Z: takes no new pods", cordoned=True,
        taints=(SafeText("team=data:NoSchedule"),),
    ),
    node("worker-1", State.OK, 86400 * 9, pods=ON_FIRST),
)  # fmt: skip


def snapshot(**changes: Any) -> Snapshot:
    """A cluster of three nodes."""
    values: dict[str, Any] = {"profile": "shop", "services": SERVICES, "nodes": NODES, "sources": (CLUSTER,)}
    return scene.snapshot(**(values | changes))


def port() -> FakePort:
    """The cluster behind a port."""
    made = FakePort(snapshot())
    made.answers |= {"Verbs": VERBS, "Inspect": SafeText("kind: Node\n"), "MakePlan": DRAIN}
    return made


def drain() -> Plan:
    """As the Kubernetes backend makes it."""
    target = NODES[2].workloads[0].id
    pods = [*pods_of("checkout", 2), *pods_of("catalog", 1)]
    cordon = Operation(
        verb="cordon", title=SafeText("cordon node worker-1"), target=target,
        before=(("node", SafeText("takes new pods")),), after=(("node", SafeText("cordoned: no new pods")),),
        done_when="cordoned", inverse=("uncordon", ()), command=SafeText("kubectl cordon worker-1"),
    )  # fmt: skip
    evict = Operation(
        verb="evict", title=SafeText("evict 3 pods from worker-1"), target=target,
        instances=tuple(one.id for one in pods),
        before=(("pods on it", SafeText("4")),), after=(("pods on it", SafeText("1, which stay")),),
        done_when="emptied", deadline=600.0,
        command=SafeText("kubectl drain worker-1 --ignore-daemonsets --timeout=600s"),
        diff=(
            *(SafeText(f"- shop/{one.name}: deployment {one.id.name}, grace 30 s") for one in pods),
            SafeText("  kube-system/logger-9kx2p stays: daemonset logger"),
        ),
    )  # fmt: skip
    risks = (
        "PDB shop/checkout lets 1 of its 2 here go now (3 healthy, 2 must stay): the others wait until more are ready "
        "elsewhere",
        "only worker-4 takes them",
        "uncordon brings no pod back: they stay where they are by then",
    )
    return Plan(
        id="p1", verb="drain", service="node/worker-1", workload=target, source="prod",
        where=(("cluster", SafeText("prod")), ("server", SafeText("https://10.0.0.1:6443")),
               ("checked", SafeText("permitted (create pods/eviction in shop), dry run done"))),
        operations=(cordon, evict), made_at=AT, danger="high", risks=tuple(map(SafeText, risks)), deadline=630.0,
    )  # fmt: skip


DRAIN = drain()
NEEDED = Requirement(type_name="worker-1", why=("it destroys something", "tier 1"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_list_and_one_of_them(size: tuple[int, int]) -> None:
    async with shown(port(), size) as screen:
        await screen.press("colon", *"no", "enter")
        golden(f"nodes-{size[0]}x{size[1]}", screen.text())
        await screen.push(snapshot=snapshot())
        focus = [one for one in screen.port.sent if isinstance(one, Focus)][-1]
        assert focus.services == {one.key for one in NODES}
        await screen.press("G", "enter")
        golden(f"node-{size[0]}x{size[1]}", screen.text())


async def test_back_from_another_list_the_nodes_are_looked_at_again() -> None:
    async with shown(port()) as screen:
        await screen.press("colon", *"no", "enter")
        await screen.press("u")
        await screen.push(snapshot=snapshot())
        await screen.press("q")
        await screen.push(snapshot=snapshot())
        focus = [one for one in screen.port.sent if isinstance(one, Focus)][-1]
        assert focus.services == {one.key for one in NODES}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_drain_says_what_moves_whom_that_touches_and_what_holds_it(size: tuple[int, int]) -> None:
    made = port()
    made.answers["Require"] = NEEDED
    async with shown(made, size) as screen:
        await screen.press("colon", *"nodes", "enter", "G", "a", "down", "enter")
        golden(f"drain-{size[0]}x{size[1]}", screen.text())
        asked = [one for one in made.sent if isinstance(one, MakePlan)]
        assert [(one.verb, one.service) for one in asked] == [("drain", "node/worker-1")]
        await screen.press("pagedown")
        golden(f"drain-below-{size[0]}x{size[1]}", screen.text())


async def test_a_cordon_says_how_many_pods_are_on_it() -> None:
    made = port()
    made.answers["MakePlan"] = replace(DRAIN, verb="cordon", operations=DRAIN.operations[:1], danger="low", risks=())
    async with shown(made) as screen:
        await screen.press("colon", *"nodes", "enter", "G", "a", "enter")
        golden("cordon-80x24", screen.text())
        assert "touches  4 pods on it" in screen.text()


def two_nodes() -> Plan:
    """The same of a second node too: ten pods on each."""
    cordon, evict = DRAIN.operations
    steps = []
    for name in ("worker-1", "worker-2"):
        lines = tuple(SafeText(f"- shop/{one.name}: deployment web, grace 30 s") for one in pods_of("web", 10))
        steps.append(replace(cordon, title=SafeText(f"cordon node {name}")))
        steps.append(replace(evict, title=SafeText(f"evict 10 pods from {name}"), diff=lines))
    return replace(DRAIN, operations=tuple(steps))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_risks_come_before_long_lists(size: tuple[int, int]) -> None:
    made = port()
    made.answers |= {"MakePlan": two_nodes(), "Require": NEEDED}
    async with shown(made, size) as screen:
        await screen.press("colon", *"nodes", "enter", "G", "a", "down", "enter")
        golden(f"drain-lists-{size[0]}x{size[1]}", screen.text())
        assert "uncordon brings no pod back" in screen.text(), "every risk on the first page"
        assert "evict 10 pods from worker-2" in screen.text()
        await screen.press("pagedown")
        assert "grace 30 s" in screen.text()


def under_way() -> OperationStatus:
    """The drain while a budget holds it back."""
    waits = SafeText("1 of 3 gone: 1 waits (shop/checkout-7d9f8b6c54-2xk0): the disruption budget checkout needs 2")
    steps = (
        Step(title=DRAIN.operations[0].title, state="done", seconds=0.2),
        Step(title=DRAIN.operations[1].title, state="running", seconds=31.0, detail=waits, more=True),
    )
    return OperationStatus(run="r1", plan=DRAIN, steps=steps, started_at=AT, phase="running")


async def test_a_drain_that_was_left_running_is_found_among_the_actions_and_stopped() -> None:
    made = port()
    made.answers["Halt"] = None
    async with shown(made) as screen:
        await screen.push(operations=(under_way(),))
        await screen.press("colon", *"nodes", "enter", "G", "a")
        (first, *_) = [line for line in screen.model() if line.startswith(">")]
        assert first.split("  ")[0] == f"> See how it goes: drain {DRAIN.service}"
        await screen.press("enter")
        assert "1 of 3 gone: 1 waits" in screen.text()
        await screen.press("tab", "enter")
        assert [one for one in made.sent if isinstance(one, Halt)] == [Halt("r1")]
        await screen.press("escape")
        await screen.push(operations=(replace(under_way(), phase="ended"),))
        await screen.press("a")
        assert "See how it goes" not in screen.text()


async def test_a_drain_under_way_is_stopped_by_its_second_button() -> None:
    made = port()
    made.answers |= {"Halt": None, "Perform": made.answers["MakePlan"]}
    async with shown(made) as screen:
        await screen.press("colon", *"nodes", "enter", "G", "a", "down", "enter", "tab", "enter")
        assert any(isinstance(one, Perform) for one in made.sent)
        running = under_way()
        await screen.push(operations=(running,))
        golden("drain-under-way-80x24", screen.text())
        await screen.press("tab", "enter")
        assert [one for one in made.sent if isinstance(one, Halt)] == [Halt("r1")]
        # With nothing left to begin there is nothing to stop.
        first, second = running.steps
        await screen.push(operations=(replace(running, steps=(first, replace(second, more=False))),))
        assert "Stop" not in screen.text()


async def test_yaml_is_the_nodes_own_and_its_log_is_nowhere() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press("colon", *"nodes", "enter", "l")
        assert "a node's own log is not read from here" in screen.text()
        await screen.press("y")
        asked = [one for one in made.sent if isinstance(one, Inspect)]
        assert asked == [Inspect(NODES[0].workloads[0].id)]


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (scene.snapshot().sources, "no Kubernetes cluster is watched here, and only clusters have nodes"),
        ((replace(CLUSTER, why=SafeText("needs list nodes")),), "kubernetes:prod: needs list nodes"),
        ((CLUSTER,), "waiting for the first list of nodes"),
    ],
    ids=["no cluster", "not permitted", "not yet"],
)
async def test_an_empty_list_says_why(sources: tuple[SourceStatus, ...], words: str) -> None:
    async with shown(FakePort(snapshot(nodes=(), sources=sources))) as screen:
        await screen.press("colon", *"nodes", "enter")
        assert words in screen.text()


async def test_a_filter_leaves_some_and_a_node_that_goes_is_said_to_be_gone() -> None:
    async with shown(port()) as screen:
        await screen.press("colon", *"nodes", "enter", "slash", *"cordoned", "enter")
        assert "worker-3" in screen.text()
        assert "worker-1" not in screen.text()
        await screen.press("enter")
        await screen.push(snapshot=snapshot(nodes=NODES[:1]))
        assert "worker-3 is not on the board any more" in screen.text()
