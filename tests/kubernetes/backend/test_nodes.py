"""Nodes become workloads of a kind of their own: what each is, what is wrong with it, and which pods are on it."""

from datetime import UTC, datetime, timedelta

from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.kinds import DEPLOYMENTS, NODES, PODS
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire_nodes import Node
from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.model import Health, Identity, Phase, ReadingState, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.update import Declared, Listed
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.kubernetes.backend.made import CREATED, LATER, Json, condition, object_of, pod
from tests.kubernetes.backend.recorded import decoded

CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": LATER}


def node(
    *conditions: Json,
    name: str = "worker-1",
    taints: tuple[Json, ...] = (),
    cordoned: bool = False,
    labels: Json | None = None,
) -> Node:
    """A node of four cores; without conditions a ready one."""
    whole = {
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": CREATED, "labels": labels or {}},
        "spec": {"taints": list(taints), "unschedulable": cordoned},
        "status": {
            "conditions": list(conditions) or [condition("Ready", "True")],
            "allocatable": {"cpu": "3800m", "memory": "7Gi", "pods": "110"},
            "nodeInfo": {"kubeletVersion": "v1.31.4"},
        },
    }
    return decoded(whole, Node)


def fleet(*nodes: Node) -> Fleet:
    """A cluster of these."""
    made = Fleet("main", "c1")
    made.begin(PODS, "")
    made.end(PODS, "")
    made.put(NODES, "", nodes)
    return made


def told(made: Fleet, name: str = "worker-1") -> Workload:
    """What is known of a node now."""
    return next(one for one in made.everything() if one.id == Identity("kubernetes", "c1", "", "node", name))


def assessed(made: Fleet, *services: tuple[str, Service]) -> Board:
    """The board after all of it was told."""
    clock = ManualClock()
    profile = Profile(
        version=1, name="p", discover=True, backends={"main": Backend(kind="kubernetes")}, services=dict(services)
    )
    board = Board(profile, clock)
    now = clock.now()
    board.apply(Declared(source="main", at=now, label=SafeText("kubernetes:main"), kind="kubernetes", interval=10.0))
    board.apply(Listed(source="main", at=now, workloads=made.everything()))
    return board


def only(board: Board) -> ServiceStatus:
    """The one node."""
    (one,) = board.snapshot().nodes
    return one


def test_a_node_says_what_it_is() -> None:
    taint = {"key": "team", "value": "data", "effect": "NoSchedule"}
    own = {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}
    roles = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/gpu": ""}
    one = told(fleet(node(taints=(taint, own), labels=roles)))
    assert one.node is not None
    assert one.node.roles == ("gpu", "worker")
    assert one.node.taints == ("team=data:NoSchedule",)
    assert (one.node.version, one.node.created_at) == ("v1.31.4", moment(CREATED))
    assert (one.node.cpu, one.node.memory, one.node.pods_most) == (380.0, 7 * 2.0**30, 110)
    assert one.instances[0].phase is Phase.RUNNING


def test_a_node_that_is_not_ready_is_down_since_then() -> None:
    bad = condition("Ready", "False", "KubeletNotReady", "container runtime is down", LATER)
    one = only(assessed(fleet(node(bad))))
    assert (one.state, one.since) == (State.DOWN, moment(LATER))
    assert one.why == "unhealthy: is not ready since 13:30:00Z: container runtime is down"


def test_a_node_that_nobody_hears_of_is_down() -> None:
    one = only(assessed(fleet(node(condition("Ready", "Unknown", at=LATER)))))
    assert (one.state, one.why) == (State.DOWN, "unhealthy: does not answer since 13:30:00Z")


def test_a_cordoned_node_is_set_aside_and_says_since_when() -> None:
    one = only(assessed(fleet(node(cordoned=True, taints=(CORDON,)))))
    assert (one.state, one.why) == (State.PAUSED, "cordoned since 13:30:00Z: takes no new pods")


def test_a_cordoned_node_that_fails_is_down_all_the_same() -> None:
    one = only(assessed(fleet(node(condition("Ready", "False", at=LATER), cordoned=True))))
    assert one.state is State.DOWN
    assert "cordoned: takes no new pods" in one.evidence


def test_pressure_is_told_and_makes_it_degraded() -> None:
    pressure = condition("DiskPressure", "True", message="12 % left", at=LATER)
    one = only(assessed(fleet(node(condition("Ready", "True"), pressure))))
    assert (one.state, one.why) == (State.DEGRADED, "short of disk: 12 % left")


def test_nodes_are_no_services_and_have_keys_of_their_own() -> None:
    board = assessed(fleet(node(), node(name="worker-2")))
    assert board.snapshot().services == ()
    assert [one.key for one in board.snapshot().nodes] == ["node/worker-1", "node/worker-2"]


def test_a_service_may_be_a_node() -> None:
    gateway = Service(workloads=(Selector(node="worker-1"),))
    board = assessed(fleet(node(condition("Ready", "False", at=LATER)), node(name="worker-2")), ("gateway", gateway))
    (service,) = board.snapshot().services
    assert (service.key, service.state, service.ready, service.desired) == ("gateway", State.DOWN, 0, 1)
    assert {one.key for one in board.snapshot().nodes} == {"node/worker-1", "node/worker-2"}


def test_one_cordoned_node_of_two_is_told_and_not_missed() -> None:
    both = Service(workloads=(Selector(node="worker-1"), Selector(node="worker-2")))
    board = assessed(fleet(node(cordoned=True), node(name="worker-2")), ("edge", both))
    (service,) = board.snapshot().services
    assert (service.state, service.desired) == (State.OK, 1)
    assert "worker-1: cordoned: takes no new pods" in service.evidence


def test_pods_come_and_go_and_what_happens_in_one_changes_no_node() -> None:
    made = fleet(node(name="node-1"))
    made.put(PODS, "", [pod(), pod(name="web-5d4f8-fghij", uid="u2")])
    assert (facts := told(made, "node-1").node) is not None
    assert facts.pods == {"u1", "u2"}
    made.put(PODS, "", [pod(conditions=[condition("Ready", "False")])])
    assert {one.id.kind for one in made.news() if isinstance(one, Workload)} == {"pod"}
    made.put(PODS, "", [pod(phase="Succeeded")])
    assert (facts := told(made, "node-1").node) is not None
    assert facts.pods == {"u2"}


def test_a_node_that_is_gone_is_gone() -> None:
    made = fleet(node())
    told(made)
    made.begin(NODES, "")
    made.end(NODES, "")
    assert list(made.news()) == [Identity("kubernetes", "c1", "", "node", "worker-1")]


def test_a_workload_says_that_its_pods_are_on_a_cordoned_node() -> None:
    made = fleet(node(name="node-1", cordoned=True))
    made.put(DEPLOYMENTS, "", [object_of(DEPLOYMENTS, "web", {"replicas": 1}, {"replicas": 1})])
    made.put(PODS, "", [pod(owner=("ReplicaSet", "web-5d4f8"))])
    one = next(one for one in made.everything() if one.id.name == "web")
    assert [(remark.text, remark.state) for remark in one.remarks] == [
        ("1 pod is on node-1, which is cordoned", ReadingState.OK)
    ]
    made.put(NODES, "", [node(name="node-1")])
    assert next(one for one in made.everything() if one.id.name == "web").remarks == ()


def test_a_pod_that_a_drain_evicts_says_so() -> None:
    evicted = condition("DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting")
    made = fleet(node(name="node-1", cordoned=True))
    made.put(
        PODS, "", [pod(owner=("ReplicaSet", "web-5d4f8"), meta={"deletionTimestamp": LATER}, conditions=[evicted])]
    )
    (service,) = assessed(made).snapshot().services
    assert "web-5d4f8-abcde: stopping: evicted, as a drain does" in service.evidence


def test_a_node_that_is_well_has_been_so_since_it_was_ready() -> None:
    made = fleet(node(condition("Ready", "True", at=LATER)))
    (instance,) = told(made).instances
    assert (instance.health, instance.health_since) == (Health.HEALTHY, datetime(2026, 3, 1, 13, 30, tzinfo=UTC))
    assert moment(LATER) == datetime(2026, 3, 1, 13, tzinfo=UTC) + timedelta(minutes=30)
