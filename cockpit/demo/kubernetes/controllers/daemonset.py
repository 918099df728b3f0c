"""DaemonSets: one pod on every node, replaced node by node."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, is_ready, owner_reference, pod_from
from cockpit.demo.kubernetes.cluster.standing import scaled
from cockpit.demo.kubernetes.controllers import revisions

STORAGE = "daemonsets.apps"
_WHO = "daemonset-controller"


class DaemonSets:
    """Reconciles DaemonSets of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None or is_going(owner):
            return None
        update = revisions.sync(self._cluster, owner, "DaemonSet")
        digest = update["metadata"]["labels"][revisions.LABEL]
        nodes = [node["metadata"]["name"] for node in self._cluster.store.each("nodes") if _takes(node, owner)]
        pods = {pod["spec"].get("nodeName", ""): pod for pod in self._pods(owner) if not is_over(pod)}
        for node in sorted(nodes):
            if node not in pods:
                self._create(owner, digest, node)
        for node, pod in pods.items():
            if node not in nodes and not is_going(pod):
                self._delete(owner, pod)
        self._replace(owner, digest, {node: pod for node, pod in pods.items() if node in nodes}, len(nodes))
        self._tell(owner, digest, len(nodes))
        return None

    def _pods(self, owner: Json) -> list[Json]:
        return self._cluster.store.owned("pods", owner["metadata"]["uid"])

    def _create(self, owner: Json, digest: str, node: str) -> None:
        labels = {revisions.LABEL: digest, "pod-template-generation": str(owner["metadata"]["generation"])}
        reference = owner_reference("DaemonSet", "apps/v1", owner)
        pod = pod_from(owner["spec"]["template"], reference, owner["metadata"]["namespace"], labels=labels)
        pod = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        made = self._cluster.objects.create(BY_SHELF["pods"], pod)
        words = f"Created pod: {made['metadata']['name']}"
        self._cluster.events.normal(STORAGE, owner, "SuccessfulCreate", words, _WHO)

    def _delete(self, owner: Json, pod: Json) -> None:
        self._cluster.objects.delete(BY_SHELF["pods"], pod)
        words = f"Deleted pod: {pod['metadata']['name']}"
        self._cluster.events.normal(STORAGE, owner, "SuccessfulDelete", words, _WHO)

    def _replace(self, owner: Json, digest: str, pods: dict[str, Json], total: int) -> None:
        """Pods of another revision: those that are not ready at once, the others as far as enough stay ready."""
        if owner["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return
        bound = scaled(owner["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"], total, up=True)
        missing = total - sum(1 for pod in pods.values() if is_ready(pod))
        for _, pod in sorted(pods.items()):
            if is_going(pod) or _digest(pod) == digest:
                continue
            if not is_ready(pod):
                self._delete(owner, pod)
            elif missing < bound:
                self._delete(owner, pod)
                missing += 1

    def _tell(self, owner: Json, digest: str, total: int) -> None:
        meta = owner["metadata"]
        stored = self._cluster.store.get(STORAGE, meta["namespace"], meta["name"])
        if stored is None:
            return
        pods = [pod for pod in self._pods(owner) if not is_going(pod) and not is_over(pod)]
        ready = sum(1 for pod in pods if is_ready(pod))
        updated = sum(1 for pod in pods if _digest(pod) == digest)
        status = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": total,
            "numberReady": ready,
            "observedGeneration": meta["generation"],
        }
        status |= {"updatedNumberScheduled": updated} if updated else {}
        status |= {"numberAvailable": ready} if ready else {}
        status |= {"numberUnavailable": total - ready} if total > ready else {}
        self._cluster.objects.set_status(STORAGE, stored, status)


def _takes(node: Json, owner: Json) -> bool:
    """Whether a node gets a pod; a cordoned one does, as daemons tolerate that."""
    labels = node["metadata"].get("labels") or {}
    wanted = owner["spec"]["template"]["spec"].get("nodeSelector") or {}
    return all(labels.get(name) == value for name, value in wanted.items())


def _digest(pod: Json) -> str:
    return str((pod["metadata"].get("labels") or {}).get(revisions.LABEL, ""))
