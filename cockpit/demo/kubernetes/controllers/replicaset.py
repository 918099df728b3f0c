"""ReplicaSets: as many pods of a template as asked for; what is superfluous goes, the least useful first."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import (
    is_available,
    is_going,
    is_over,
    is_ready,
    owner_reference,
    pod_from,
    seconds_ready,
)
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.controllers.quota import Quotas

STORAGE = "replicasets.apps"
_WHO = "replicaset-controller"
BURST = 500
"""Pods that one look makes at most."""


class ReplicaSets:
    """Reconciles ReplicaSets of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._quotas = Quotas(cluster)

    def reconcile(self, namespace: str, name: str) -> float | None:
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None or is_going(owner):
            return None
        active = [pod for pod in self._cluster.store.owned("pods", owner["metadata"]["uid"]) if _counts(pod)]
        missing = owner["spec"]["replicas"] - len(active)
        refused = self._create(owner, min(missing, BURST)) if missing > 0 else ""
        for pod in sorted(active, key=_usefulness)[: max(0, -missing)]:
            self._cluster.objects.delete(BY_SHELF["pods"], pod)
            words = f"Deleted pod: {pod['metadata']['name']}"
            self._cluster.events.normal(STORAGE, owner, "SuccessfulDelete", words, _WHO)
        return self._tell(namespace, name, refused)

    def _create(self, owner: Json, count: int) -> str:
        """Why no more could be made; empty when all were."""
        reference = owner_reference("ReplicaSet", "apps/v1", owner)
        for _ in range(count):
            pod = pod_from(owner["spec"]["template"], reference, owner["metadata"]["namespace"])
            refused = self._quotas.refusal(pod)
            if refused:
                self._cluster.events.warning(STORAGE, owner, "FailedCreate", f"Error creating: {refused}", _WHO)
                return refused
            made = self._cluster.objects.create(BY_SHELF["pods"], pod)
            words = f"Created pod: {made['metadata']['name']}"
            self._cluster.events.normal(STORAGE, owner, "SuccessfulCreate", words, _WHO)
        return ""

    def _tell(self, namespace: str, name: str, refused: str) -> float | None:
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None:
            return None
        now, least = self._cluster.now(), owner["spec"].get("minReadySeconds", 0)
        pods = [pod for pod in self._cluster.store.owned("pods", owner["metadata"]["uid"]) if _counts(pod)]
        ready = [pod for pod in pods if is_ready(pod)]
        available = [pod for pod in ready if is_available(pod, least, now)]
        counts = {"readyReplicas": len(ready), "availableReplicas": len(available), "fullyLabeledReplicas": len(pods)}
        status: Json = {"replicas": len(pods)} | {key: value for key, value in counts.items() if value}
        status["observedGeneration"] = owner["metadata"]["generation"]
        if refused:
            status["conditions"] = [_failure(owner, refused, stamp(now))]
        self._cluster.objects.set_status(STORAGE, owner, status)
        waits = [least - seconds_ready(pod, now) for pod in ready if not is_available(pod, least, now)]
        if refused:
            waits.append(5.0)
        return max(0.05, min(waits)) if waits else None


def _failure(owner: Json, message: str, now: str) -> Json:
    for old in owner.get("status", {}).get("conditions", ()):
        if old["type"] == "ReplicaFailure":
            now = old["lastTransitionTime"]
    failure = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": now}
    return failure | {"reason": "FailedCreate", "message": message}


def _counts(pod: Json) -> bool:
    return not is_going(pod) and not is_over(pod)


def _usefulness(pod: Json) -> tuple[bool, bool, bool, str]:
    """Those that go first sort first: not on a node, not running, not ready, the youngest."""
    meta, status = pod["metadata"], pod.get("status", {})
    age = "".join(chr(0x10FFFF - ord(letter)) for letter in meta["creationTimestamp"])
    return "nodeName" in pod["spec"], status.get("phase") == "Running", is_ready(pod), age
