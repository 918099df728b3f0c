"""Which controller looks at what: every change of an object wakes those that it concerns."""

import asyncio
import contextlib
from collections.abc import Mapping

from cockpit.demo.kubernetes.api.selectors import matches
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.store import Change
from cockpit.demo.kubernetes.controllers.accounts import Accounts
from cockpit.demo.kubernetes.controllers.autoscaling import Autoscalers
from cockpit.demo.kubernetes.controllers.cronjob import CronJobs
from cockpit.demo.kubernetes.controllers.daemonset import DaemonSets
from cockpit.demo.kubernetes.controllers.deployment import Deployments
from cockpit.demo.kubernetes.controllers.disruption import Disruptions
from cockpit.demo.kubernetes.controllers.endpoints import EndpointSlices
from cockpit.demo.kubernetes.controllers.job import Jobs
from cockpit.demo.kubernetes.controllers.loop import Reconcile, WorkLoop
from cockpit.demo.kubernetes.controllers.quota import Quotas
from cockpit.demo.kubernetes.controllers.replicaset import ReplicaSets
from cockpit.demo.kubernetes.controllers.statefulset import StatefulSets

_BY_OWNER = {
    "ReplicaSet": "replicasets.apps",
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
}


class Manager:
    """Runs the controllers of one cluster, and whatever further reconcilers are handed in (the kubelet's)."""

    def __init__(self, cluster: Cluster, more: Mapping[str, Reconcile]) -> None:
        self._cluster = cluster
        reconcilers: dict[str, Reconcile] = {
            "deployments.apps": Deployments(cluster).reconcile,
            "replicasets.apps": ReplicaSets(cluster).reconcile,
            "statefulsets.apps": StatefulSets(cluster).reconcile,
            "daemonsets.apps": DaemonSets(cluster).reconcile,
            "jobs.batch": Jobs(cluster).reconcile,
            "cronjobs.batch": CronJobs(cluster).reconcile,
            "poddisruptionbudgets.policy": Disruptions(cluster).reconcile,
            "horizontalpodautoscalers.autoscaling": Autoscalers(cluster).reconcile,
            "resourcequotas": Quotas(cluster).reconcile,
            "services": EndpointSlices(cluster).reconcile,
            "namespaces": Accounts(cluster).reconcile,
            **more,
        }
        self._wakes = frozenset(reconcilers)
        self.loop = WorkLoop(cluster.clock, reconcilers)
        self._task: asyncio.Task[None] | None = None
        cluster.store.listen(self._changed)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.create_task(self.loop.run())

    async def stop(self) -> None:
        """End. What the loop died of, if it did, is raised here."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _changed(self, storage: str, change: Change) -> None:
        namespace, name = change.entry.key
        if storage in self._wakes and change.type != "DELETED":
            self.loop.add(storage, namespace, name)
        for obj in (change.entry.obj, change.old.obj if change.old else None):
            if obj is not None:
                self._wake_owner(obj, namespace)
        if storage == "pods":
            self._wake_choosers(change.entry.obj, namespace)
        if storage == "nodes":
            self._wake_all("daemonsets.apps")
            self._reschedule()
        if change.type == "DELETED":
            self._collect(storage, change.entry.obj)

    def _wake_owner(self, obj: Json, namespace: str) -> None:
        for owner in obj["metadata"].get("ownerReferences", ()):
            if owner.get("controller") and owner["kind"] in _BY_OWNER:
                self.loop.add(_BY_OWNER[owner["kind"]], namespace, owner["name"])

    def _wake_choosers(self, pod: Json, namespace: str) -> None:
        """Budgets, quotas and Services that count this pod; a quarter of a second gathers what happens to many."""
        labels = pod["metadata"].get("labels") or {}
        for budget in self._cluster.store.each("poddisruptionbudgets.policy", namespace):
            if matches(budget["spec"].get("selector"), labels):
                self.loop.add("poddisruptionbudgets.policy", namespace, budget["metadata"]["name"])
        for quota in self._cluster.store.each("resourcequotas", namespace):
            self.loop.add("resourcequotas", namespace, quota["metadata"]["name"], 0.25 * self._cluster.pace)
        for service in self._cluster.store.each("services", namespace):
            chosen = service["spec"].get("selector") or {}
            if chosen and chosen.items() <= labels.items():
                self.loop.add("services", namespace, service["metadata"]["name"], 0.25 * self._cluster.pace)

    def _wake_all(self, storage: str) -> None:
        for obj in self._cluster.store.each(storage):
            self.loop.add(storage, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])

    def _reschedule(self) -> None:
        """A node changed: pods that found none may find one now."""
        for pod in self._cluster.store.each("pods"):
            if not pod["spec"].get("nodeName"):
                self.loop.add("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _collect(self, storage: str, gone: Json) -> None:
        """What belongs to an object that is gone goes too."""
        objects, store = self._cluster.objects, self._cluster.store
        for kind in BY_SHELF.values():
            for obj in store.owned(kind.storage, gone["metadata"]["uid"]):
                objects.delete(kind, obj)
        if storage == "namespaces":
            for kind in BY_SHELF.values():
                if kind.namespaced:
                    for obj in list(store.each(kind.storage, gone["metadata"]["name"])):
                        objects.delete(kind, obj, grace=0)
