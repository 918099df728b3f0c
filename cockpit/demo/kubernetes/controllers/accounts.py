"""Service accounts: every namespace has a default one."""

from cockpit.demo.kubernetes.cluster.basics import account
from cockpit.demo.kubernetes.cluster.cluster import Cluster


class Accounts:
    """Gives each namespace of one cluster its account."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, _: str, name: str) -> float | None:
        namespace = self._cluster.store.get("namespaces", "", name)
        if namespace is not None:
            account(self._cluster, name, namespace["metadata"]["creationTimestamp"])
        return None
