"""The types of the fields that controllers, the kubelet and the tables read: an object that breaks one is refused.

Only those fields are named; whatever else an object says is kept as it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind

Words = dict[str, str] | None
Count = int | None
Either = int | str | None
"""A number or a percentage."""
Quantity = str | int | float


class Shape(msgspec.Struct):
    """What all of them are."""


class Owner(Shape):
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class Meta(Shape):
    name: str | None = None
    namespace: str | None = None
    generateName: str | None = None
    labels: Words = None
    annotations: Words = None
    ownerReferences: list[Owner] | None = None
    finalizers: list[str] | None = None


class Expression(Shape):
    key: str
    operator: str
    values: list[str] | None = None


class Selector(Shape):
    matchLabels: Words = None
    matchExpressions: list[Expression] | None = None


class Port(Shape):
    name: str | None = None
    containerPort: Count = None
    port: Count = None
    targetPort: Either = None
    protocol: str | None = None


class Variable(Shape):
    name: str
    value: str | None = None


class Resources(Shape):
    limits: dict[str, Quantity] | None = None
    requests: dict[str, Quantity] | None = None


class Container(Shape):
    name: str = ""
    image: str = ""
    args: list[str] | None = None
    ports: list[Port] | None = None
    env: list[Variable] | None = None
    resources: Resources | None = None
    readinessProbe: dict[str, Any] | None = None
    livenessProbe: dict[str, Any] | None = None
    startupProbe: dict[str, Any] | None = None


class Toleration(Shape):
    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class PodSpec(Shape):
    containers: list[Container] | None = None
    initContainers: list[Container] | None = None
    nodeName: str | None = None
    nodeSelector: Words = None
    tolerations: list[Toleration] | None = None
    restartPolicy: str | None = None
    terminationGracePeriodSeconds: Count = None
    readinessGates: list[dict[str, Any]] | None = None


class Template(Shape):
    metadata: Meta | None = None
    spec: PodSpec | None = None


class Rolling(Shape):
    maxSurge: Either = None
    maxUnavailable: Either = None
    partition: Count = None


class Strategy(Shape):
    type: str | None = None
    rollingUpdate: Rolling | None = None


class WorkloadSpec(Shape):
    """Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs alike."""

    replicas: Count = None
    selector: Selector | None = None
    template: Template | None = None
    strategy: Strategy | None = None
    updateStrategy: Strategy | None = None
    minReadySeconds: int = 0
    progressDeadlineSeconds: int = 600
    revisionHistoryLimit: int = 10
    paused: bool = False
    serviceName: str = ""
    podManagementPolicy: str = "OrderedReady"
    parallelism: int = 1
    completions: int = 1
    backoffLimit: int = 6
    suspend: bool = False


class BudgetSpec(Shape):
    selector: Selector | None = None
    minAvailable: Either = None
    maxUnavailable: Either = None


class Target(Shape):
    kind: str
    name: str


class MetricTarget(Shape):
    averageUtilization: Count = None


class ResourceMetric(Shape):
    name: str
    target: MetricTarget


class Metric(Shape):
    type: str
    resource: ResourceMetric | None = None


class ScalerSpec(Shape):
    scaleTargetRef: Target
    maxReplicas: int
    minReplicas: int = 1
    metrics: list[Metric] | None = None


class ServiceSpec(Shape):
    type: str | None = None
    selector: Words = None
    ports: list[Port] | None = None


class QuotaSpec(Shape):
    hard: dict[str, Quantity] | None = None


class Taint(Shape):
    key: str
    effect: str
    value: str | None = None


class NodeSpec(Shape):
    unschedulable: bool = False
    taints: list[Taint] | None = None


class Room(Shape):
    cpu: Quantity = 0
    memory: Quantity = 0
    pods: Quantity = 0


class Condition(Shape):
    type: str
    status: str


class Address(Shape):
    type: str
    address: str


class NodeStatus(Shape):
    allocatable: Room
    conditions: list[Condition] | None = None
    addresses: list[Address] | None = None
    nodeInfo: dict[str, Any] | None = None


class Object(Shape):
    """An object of which only the metadata is read."""

    metadata: Meta


class Workload(Object):
    spec: WorkloadSpec


class Pod(Object):
    spec: PodSpec


class Budget(Object):
    spec: BudgetSpec


class Scaler(Object):
    spec: ScalerSpec


class Service(Object):
    spec: ServiceSpec


class Quota(Object):
    spec: QuotaSpec


class Node(Object):
    status: NodeStatus
    spec: NodeSpec | None = None


_SHAPES: Mapping[str, type[Object]] = {
    "pods": Pod,
    "deployments.apps": Workload,
    "replicasets.apps": Workload,
    "statefulsets.apps": Workload,
    "daemonsets.apps": Workload,
    "jobs.batch": Workload,
    "poddisruptionbudgets.policy": Budget,
    "horizontalpodautoscalers.autoscaling": Scaler,
    "services": Service,
    "resourcequotas": Quota,
    "nodes": Node,
}


def shaped(kind: Kind, obj: Json) -> None:
    """ApiError 400 with the first field that is of another type than it must be."""
    try:
        msgspec.convert(obj, _SHAPES.get(kind.storage, Object))
    except msgspec.ValidationError as error:
        raise bad_request(f"{kind.kind} in version {kind.version!r} cannot be handled: {error}") from None
