"""Nodes, as much of them as is used: of a node of 15 kB, most of it a list of images, some 500 bytes are kept."""

from collections.abc import Mapping

from msgspec import Struct

from cockpit.backends.kubernetes.wire import Condition, Meta, Wire
from cockpit.backends.kubernetes.wire_apps import Usage


class NodeMeta(Meta, frozen=True, kw_only=True, gc=False):
    """metadata with all labels: a role is a label's name."""

    labels: Mapping[str, str] | None = None


class Taint(Wire, frozen=True, kw_only=True, gc=False):
    """What keeps pods away. effect: NoSchedule, PreferNoSchedule, NoExecute."""

    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: str | None = None


class NodeSpec(Wire, frozen=True, kw_only=True, gc=False):
    """Whether new pods are put on it."""

    unschedulable: bool = False
    taints: list[Taint] | None = None


class NodeInfo(Wire, frozen=True, kw_only=True, gc=False):
    """What runs on the machine itself."""

    kubelet_version: str = ""


class NodeStatus(Wire, frozen=True, kw_only=True, gc=False):
    """Its conditions (Ready, MemoryPressure, DiskPressure, ...) and what it has for pods."""

    conditions: list[Condition] | None = None
    allocatable: Mapping[str, str | int | float] | None = None
    node_info: NodeInfo = NodeInfo()


class Node(Wire, frozen=True, kw_only=True, gc=False):
    """One of /api/v1/nodes."""

    metadata: NodeMeta = NodeMeta()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NodeMetrics(Struct, frozen=True, kw_only=True, gc=False):
    """One of metrics.k8s.io/v1beta1 nodes; timestamp: the end of the window that was measured."""

    metadata: Meta = Meta()
    timestamp: str | None = None
    usage: Usage = Usage()
