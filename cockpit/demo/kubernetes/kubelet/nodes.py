"""Nodes that are lost and found: their conditions, taints, and what becomes of the pods on them."""

from cockpit.demo.kubernetes.cluster.build import node_conditions
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_going
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.controllers.loop import WorkLoop

_TAINT = "node.kubernetes.io/unreachable"
EVICTED_AFTER = 300.0
"""Seconds that pods tolerate a node that is silent."""


class Nodes:
    """The node controller of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lost_at: dict[str, float] = {}
        self.loop: WorkLoop | None = None

    def lose(self, name: str) -> None:
        """The node's kubelet falls silent. KeyError when there is no such node."""
        node = self._node(name)
        self._cluster.silent.add(name)
        self._lost_at[name] = self._cluster.clock.monotonic()
        now = stamp(self._cluster.now())
        taints = [{"key": _TAINT, "effect": effect, "timeAdded": now} for effect in ("NoSchedule", "NoExecute")]
        spec = {**node.get("spec", {}), "taints": taints}
        conditions = node_conditions(now, ready="Unknown")
        made = {**node, "spec": spec, "status": {**node["status"], "conditions": conditions}}
        node = self._cluster.store.put("nodes", made)
        words = f"Node {name} status is now: NodeNotReady"
        self._cluster.events.normal("nodes", node, "NodeNotReady", words, "node-controller")
        for pod in self._on(name):
            self._unready(pod)

    def find(self, name: str) -> None:
        """The node is back. KeyError when there is no such node."""
        node = self._node(name)
        self._cluster.silent.discard(name)
        self._lost_at.pop(name, None)
        now = stamp(self._cluster.now())
        spec = {key: value for key, value in node.get("spec", {}).items() if key != "taints"}
        status = {**node["status"], "conditions": node_conditions(now, ready="True")}
        node = self._cluster.store.put("nodes", {**node, "spec": spec, "status": status})
        words = f"Node {name} status is now: NodeReady"
        self._cluster.events.normal("nodes", node, "NodeReady", words, "kubelet", host=name)
        for pod in self._on(name):
            self._ready_again(pod)
            if self.loop is not None:
                self.loop.add("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def reconcile(self, _: str, name: str) -> float | None:
        """Pods leave a node that stays silent."""
        since = self._lost_at.get(name)
        if since is None:
            return None
        left = since + EVICTED_AFTER * self._cluster.pace - self._cluster.clock.monotonic()
        if left > 0:
            return left
        for pod in self._on(name):
            if not is_going(pod) and not _is_daemon(pod):
                self._cluster.events.normal(
                    "pods", pod, "TaintManagerEviction", "Marking for deletion", "taint-eviction-controller"
                )
                self._cluster.objects.delete(BY_SHELF["pods"], pod)
        return None

    def _node(self, name: str) -> Json:
        node = self._cluster.store.get("nodes", "", name)
        if node is None:
            raise KeyError(name)
        return node

    def _on(self, name: str) -> list[Json]:
        return [pod for pod in self._cluster.store.each("pods") if pod["spec"].get("nodeName") == name]

    def _unready(self, pod: Json) -> None:
        """Nobody knows how the pod is: its containers stay as they were last told."""
        self._set_ready(pod, "False")
        words = "Node is not ready"
        self._cluster.events.warning("pods", pod, "NodeNotReady", words, "node-controller")

    def _ready_again(self, pod: Json) -> None:
        if all(one.get("ready") for one in pod["status"].get("containerStatuses", [{}])):
            self._set_ready(pod, "True")

    def _set_ready(self, pod: Json, word: str) -> None:
        now, told = stamp(self._cluster.now()), []
        for one in pod["status"].get("conditions") or ():
            if one["type"] == "Ready" and one["status"] != word:
                one = {"type": "Ready", "status": word, "lastProbeTime": None, "lastTransitionTime": now}
            told.append(one)
        self._cluster.objects.set_status("pods", pod, {**pod["status"], "conditions": told})


def _is_daemon(pod: Json) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences", ()))
