"""StatefulSets: pods with numbers, made in order and replaced from the last.

As the real one (kubernetes#67250) it waits for every pod to be ready before it replaces another: a rollout of a broken
image stays stuck even when it is rolled back, until somebody deletes the broken pod.
"""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_available, is_going, is_over, is_ready, owner_reference, pod_from
from cockpit.demo.kubernetes.controllers import revisions

STORAGE = "statefulsets.apps"
_WHO = "statefulset-controller"


class StatefulSets:
    """Reconciles StatefulSets of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None or is_going(owner):
            return None
        update = revisions.sync(self._cluster, owner, "StatefulSet")
        pods = {_ordinal(pod): pod for pod in self._cluster.store.owned("pods", owner["metadata"]["uid"])}
        if not self._step(owner, update, pods):
            self._replace(owner, update, pods)
        return self._tell(owner, update)

    def _step(self, owner: Json, update: Json, pods: dict[int, Json]) -> bool:
        """Make or take away pods. Whether replacing has to wait."""
        wanted, ordered = owner["spec"]["replicas"], owner["spec"]["podManagementPolicy"] == "OrderedReady"
        waits = False
        for ordinal in range(wanted):
            pod = pods.get(ordinal)
            if pod is not None and is_over(pod) and not is_going(pod):
                self._cluster.objects.delete(BY_SHELF["pods"], pod, grace=0)
                pod = None
            if pod is None:
                pods.pop(ordinal, None)
                self._create(owner, update, ordinal)
            if pod is None or not is_ready(pod):
                waits = True
                if ordered:
                    return True
        for ordinal in sorted((number for number in pods if number >= wanted), reverse=True):
            waits = True
            if not is_going(pods[ordinal]):
                self._delete(owner, pods[ordinal])
            if ordered:
                break
        return waits

    def _create(self, owner: Json, update: Json, ordinal: int) -> None:
        name = f"{owner['metadata']['name']}-{ordinal}"
        revision = update if ordinal >= self._partition(owner) else self._current(owner, update)
        labels = {
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
            revisions.LABEL: revisions.name_of(revision),
        }
        template = {key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"}
        reference = owner_reference("StatefulSet", "apps/v1", owner)
        pod = pod_from(template, reference, owner["metadata"]["namespace"], name=name, labels=labels)
        spec = {**pod["spec"], "hostname": name, "subdomain": owner["spec"].get("serviceName", "")}
        self._cluster.objects.create(BY_SHELF["pods"], {**pod, "spec": spec})
        words = f"create Pod {name} in StatefulSet {owner['metadata']['name']} successful"
        self._cluster.events.normal(STORAGE, owner, "SuccessfulCreate", words, _WHO)

    def _delete(self, owner: Json, pod: Json) -> None:
        self._cluster.objects.delete(BY_SHELF["pods"], pod)
        words = f"delete Pod {pod['metadata']['name']} in StatefulSet {owner['metadata']['name']} successful"
        self._cluster.events.normal(STORAGE, owner, "SuccessfulDelete", words, _WHO)

    def _replace(self, owner: Json, update: Json, pods: dict[int, Json]) -> None:
        """One pod of another revision, the last first, and only while all are ready."""
        if owner["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return
        for ordinal in sorted(pods, reverse=True):
            if ordinal < self._partition(owner):
                return
            if _revision(pods[ordinal]) != revisions.name_of(update):
                self._delete(owner, pods[ordinal])
                return

    def _partition(self, owner: Json) -> int:
        return int(owner["spec"]["updateStrategy"].get("rollingUpdate", {}).get("partition", 0))

    def _current(self, owner: Json, update: Json) -> Json:
        wanted = owner.get("status", {}).get("currentRevision", "")
        known = self._cluster.store.get(revisions.STORAGE, owner["metadata"]["namespace"], wanted)
        return known or update

    def _tell(self, owner: Json, update: Json) -> float | None:
        meta = owner["metadata"]
        stored = self._cluster.store.get(STORAGE, meta["namespace"], meta["name"])
        if stored is None:
            return None
        pods = [pod for pod in self._cluster.store.owned("pods", meta["uid"]) if not is_going(pod)]
        name, least = revisions.name_of(update), owner["spec"].get("minReadySeconds", 0)
        updated = [pod for pod in pods if _revision(pod) == name]
        ready = [pod for pod in pods if is_ready(pod)]
        available = [pod for pod in ready if is_available(pod, least, self._cluster.now())]
        current = stored.get("status", {}).get("currentRevision", name)
        wanted = owner["spec"]["replicas"]
        if len(updated) == len(ready) == wanted and all(_revision(pod) == name for pod in ready):
            current = name
        status: Json = {
            "observedGeneration": meta["generation"],
            "replicas": len(pods),
            "readyReplicas": len(ready),
            "availableReplicas": len(available),
            "currentReplicas": sum(1 for pod in pods if _revision(pod) == current),
            "updatedReplicas": len(updated),
            "currentRevision": current,
            "updateRevision": name,
            "collisionCount": 0,
        }
        self._cluster.objects.set_status(STORAGE, stored, {k: v for k, v in status.items() if v or k in _ALWAYS})
        return 1.0 * self._cluster.pace if len(available) < len(ready) else None


_ALWAYS = frozenset({"replicas", "availableReplicas", "collisionCount", "observedGeneration"})


def _ordinal(pod: Json) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _revision(pod: Json) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.LABEL, ""))
