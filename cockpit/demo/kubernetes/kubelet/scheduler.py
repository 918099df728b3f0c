"""Which node a pod comes to: one that is ready, takes pods and has room, the emptiest first; else why there is none."""

from collections import Counter

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import condition, is_over
from cockpit.demo.kubernetes.cluster.quantity import amount
from cockpit.demo.kubernetes.cluster.store import Change, Key

Room = tuple[float, float, int]
"""Cores, bytes, pods."""


class Scheduler:
    """Keeps count of what is asked for on each node."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._held: dict[Key, tuple[str, float, float]] = {}
        self._used: dict[str, list[float]] = {}
        cluster.store.listen(self._changed)

    def _changed(self, storage: str, change: Change) -> None:
        if storage != "pods":
            return
        key, pod = change.entry.key, change.entry.obj
        node = pod["spec"].get("nodeName", "")
        if key in self._held:
            if change.type != "DELETED" and not is_over(pod):
                return
            self._count(*self._held.pop(key), sign=-1)
        elif node and change.type != "DELETED" and not is_over(pod):
            self._held[key] = (node, *requests(pod))
            self._count(*self._held[key], sign=1)

    def _count(self, node: str, cpu: float, memory: float, *, sign: int) -> None:
        used = self._used.setdefault(node, [0.0, 0.0, 0.0])
        used[0] += sign * cpu
        used[1] += sign * memory
        used[2] += sign

    def place(self, pod: Json) -> tuple[str, str]:
        """(node, why none): one of them is empty."""
        nodes = list(self._cluster.store.each("nodes"))
        wanted, why = requests(pod), Counter[str]()
        fitting = []
        for node in nodes:
            refusal = self._refusal(node, pod, wanted)
            if refusal:
                why[refusal] += 1
            else:
                fitting.append(node["metadata"]["name"])
        if not fitting:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
            return "", f"0/{len(nodes)} nodes are available: {reasons}."
        return min(fitting, key=lambda name: (self._used.get(name, [0, 0, 0])[2], name)), ""

    def _refusal(self, node: Json, pod: Json, wanted: tuple[float, float]) -> str:
        name, spec = node["metadata"]["name"], node.get("spec", {})
        ready = condition(node, "Ready")
        if ready is None or ready["status"] != "True":
            return "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
        if spec.get("unschedulable"):
            return "node(s) were unschedulable"
        for taint in spec.get("taints") or ():
            if taint["effect"] in {"NoSchedule", "NoExecute"} and not _tolerates(pod, taint):
                return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
        labels = node["metadata"].get("labels") or {}
        if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
            return "node(s) didn't match Pod's node affinity/selector"
        used, room = self._used.get(name, [0.0, 0.0, 0.0]), node["status"]["allocatable"]
        if used[0] + wanted[0] > amount(room.get("cpu", 0)):
            return "Insufficient cpu"
        if used[1] + wanted[1] > amount(room.get("memory", 0)):
            return "Insufficient memory"
        return "Too many pods" if used[2] + 1 > amount(room.get("pods", 0)) else ""


def requests(pod: Json) -> tuple[float, float]:
    """Cores and bytes that a pod asks for."""
    asked = [(one.get("resources") or {}).get("requests") or {} for one in pod["spec"].get("containers", ())]
    return sum(amount(one.get("cpu", 0)) for one in asked), sum(amount(one.get("memory", 0)) for one in asked)


def _tolerates(pod: Json, taint: Json) -> bool:
    for one in pod["spec"].get("tolerations") or ():
        if one.get("effect", taint["effect"]) != taint["effect"]:
            continue
        if one.get("operator") == "Exists" and one.get("key", taint["key"]) == taint["key"]:
            return True
        if one.get("key") == taint["key"] and one.get("value", "") == taint.get("value", ""):
            return True
    return False
