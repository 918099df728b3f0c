"""What every cluster has before anything is put on it: accounts, roles, classes of priority, leases of its nodes.

Roles are kept and shown; who may do what is said by `access.Policy`, which by itself allows everything.
"""

from collections.abc import Iterator, Mapping

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json

ACCOUNTS = "serviceaccounts"
ACCOUNT = "default"
LEASES = "kube-node-lease"
_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_VERBS: Mapping[str, tuple[str, ...]] = {"admin": ("*",), "cluster-admin": ("*",), "edit": ("*",), "view": _READ}
_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def put(cluster: Cluster, created: str) -> None:
    """Put them into a cluster that has its nodes. created: a timestamp."""
    for storage, obj in _all(cluster):
        cluster.objects.create(BY_SHELF[storage], obj, created=created)


def account(cluster: Cluster, namespace: str, created: str) -> None:
    """The account that the pods of a namespace have unless they name another."""
    if cluster.store.get(ACCOUNTS, namespace, ACCOUNT) is None:
        meta = {"name": ACCOUNT, "namespace": namespace}
        cluster.objects.create(BY_SHELF[ACCOUNTS], {"metadata": meta}, created=created)


def _all(cluster: Cluster) -> Iterator[tuple[str, Json]]:
    """(storage, object)."""
    for name, verbs in _VERBS.items():
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": list(verbs)}]
        yield f"clusterroles.{_RBAC}", {"metadata": {"name": name}, "rules": rules}
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
    group = {"apiGroup": _RBAC, "kind": "Group", "name": "system:masters"}
    meta = {"name": "cluster-admin"}
    yield f"clusterrolebindings.{_RBAC}", {"metadata": meta, "roleRef": role, "subjects": [group]}
    for name, value in _PRIORITIES.items():
        meta = {"name": name}
        yield (
            "priorityclasses.scheduling.k8s.io",
            {"metadata": meta, "value": value, "preemptionPolicy": "PreemptLowerPriority"},
        )
    for node in cluster.store.each("nodes"):
        name = node["metadata"]["name"]
        renewed = cluster.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed}
        yield "leases.coordination.k8s.io", {"metadata": {"name": name, "namespace": LEASES}, "spec": spec}
