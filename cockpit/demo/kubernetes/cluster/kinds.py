"""The kinds that are served, as one table: group, version, resource, kind, scope, short names, subresources."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]
"""A decoded JSON object. What is stored is never changed in place: a change makes a new one that shares the rest."""


class Kind(NamedTuple):
    """One served resource. storage: the name of the shelf it lies on; two served versions may share one."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    shelf: str = ""
    singular: str = ""

    @property
    def storage(self) -> str:
        return self.shelf or self.qualified

    @property
    def api_version(self) -> str:
        """As in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As in messages: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def one(self) -> str:
        return self.singular or self.kind.lower()


VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_ALL = ("all",)
_RUNS = ("scale", "status")

KINDS: tuple[Kind, ...] = (
    Kind("", "v1", "configmaps", "ConfigMap", short=("cm",)),
    Kind("", "v1", "endpoints", "Endpoints", short=("ep",), singular="endpoints"),
    Kind("", "v1", "events", "Event", short=("ev",)),
    Kind("", "v1", "limitranges", "LimitRange", short=("limits",)),
    Kind("", "v1", "namespaces", "Namespace", False, ("ns",), ("status",)),
    Kind("", "v1", "nodes", "Node", False, ("no",), ("status",)),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short=("pvc",), subresources=("status",)),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",), ("status",)),
    Kind(
        "",
        "v1",
        "pods",
        "Pod",
        short=("po",),
        subresources=("attach", "eviction", "exec", "log", "portforward", "status"),
        categories=_ALL,
    ),
    Kind("", "v1", "replicationcontrollers", "ReplicationController", short=("rc",), categories=_ALL),
    Kind("", "v1", "resourcequotas", "ResourceQuota", short=("quota",), subresources=("status",)),
    Kind("", "v1", "secrets", "Secret"),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", short=("sa",), subresources=("token",)),
    Kind("", "v1", "services", "Service", short=("svc",), subresources=("status",), categories=_ALL),
    Kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        False,
        ("crd", "crds"),
        ("status",),
    ),
    Kind("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Kind("apps", "v1", "daemonsets", "DaemonSet", short=("ds",), subresources=("status",), categories=_ALL),
    Kind("apps", "v1", "deployments", "Deployment", short=("deploy",), subresources=_RUNS, categories=_ALL),
    Kind("apps", "v1", "replicasets", "ReplicaSet", short=("rs",), subresources=_RUNS, categories=_ALL),
    Kind("apps", "v1", "statefulsets", "StatefulSet", short=("sts",), subresources=_RUNS, categories=_ALL),
    Kind(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short=("hpa",),
        subresources=("status",),
        categories=_ALL,
    ),
    Kind(
        "autoscaling",
        "v1",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short=("hpa",),
        subresources=("status",),
        categories=_ALL,
    ),
    Kind("batch", "v1", "cronjobs", "CronJob", short=("cj",), subresources=("status",), categories=_ALL),
    Kind("batch", "v1", "jobs", "Job", subresources=("status",), categories=_ALL),
    Kind("coordination.k8s.io", "v1", "leases", "Lease"),
    Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    Kind("events.k8s.io", "v1", "events", "Event", short=("ev",), shelf="events"),
    Kind("networking.k8s.io", "v1", "ingresses", "Ingress", short=("ing",), subresources=("status",)),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short=("netpol",)),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short=("pdb",), subresources=("status",)),
    Kind("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False),
    Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Kind("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)),
    Kind("shop.example.com", "v1", "promotions", "Promotion", short=("promo",), subresources=("status",)),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",)),
)

BY_PATH: Mapping[tuple[str, str, str], Kind] = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
"""(group, version, resource) as they stand in a path."""

BY_SHELF: Mapping[str, Kind] = {kind.storage: kind for kind in reversed(KINDS) if not kind.shelf}
"""The version that is stored; where several share a shelf, the first of the table."""


def groups() -> dict[str, list[str]]:
    """Each named group with its versions, the preferred one first. The table's order is the order of discovery."""
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        if kind.group and kind.version not in found.setdefault(kind.group, []):
            found[kind.group].append(kind.version)
    return found
