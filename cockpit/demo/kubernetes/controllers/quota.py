"""The status of quotas: what is allowed, and what the namespace's pods use of it."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import is_over
from cockpit.demo.kubernetes.cluster.quantity import amount

STORAGE = "resourcequotas"
_MIB = 1 << 20


class Quotas:
    """Reconciles quotas of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        quota = self._cluster.store.get(STORAGE, namespace, name)
        if quota is not None:
            hard = quota["spec"].get("hard") or {}
            used = {line: written(line, self.used(namespace, line)) for line in hard}
            self._cluster.objects.set_status(STORAGE, quota, {"hard": hard, "used": used})
        return None

    def used(self, namespace: str, line: str) -> float:
        """What the pods of a namespace count for in one line of a quota."""
        return sum(asked(pod, line) for pod in self._cluster.store.each("pods", namespace) if not is_over(pod))

    def refusal(self, pod: Json) -> str:
        """Why the namespace's quota does not take another pod; empty when it does."""
        namespace = pod["metadata"]["namespace"]
        for quota in self._cluster.store.each(STORAGE, namespace):
            for line, hard in (quota["spec"].get("hard") or {}).items():
                wanted, used = asked(pod, line), self.used(namespace, line)
                if wanted and used + wanted > amount(hard):
                    numbers = f"requested: {line}={written(line, wanted)}, used: {line}={written(line, used)}"
                    words = f"exceeded quota: {quota['metadata']['name']}, {numbers}, limited: {line}={hard}"
                    return f'pods "{pod["metadata"].get("generateName", "")}" is forbidden: {words}'
        return ""


def written(line: str, number: float) -> str:
    """A sum as a quantity: cores in thousandths, bytes in Mi."""
    if line.endswith("cpu"):
        return f"{round(number * 1000)}m" if number % 1 else f"{number:.0f}"
    return f"{number / _MIB:.0f}Mi" if line.endswith("memory") else f"{number:.0f}"


def asked(pod: Json, line: str) -> float:
    """What a pod counts for in a quota's line (`pods`, `requests.cpu`, `limits.memory`, `cpu`)."""
    if line in {"pods", "count/pods"}:
        return 1.0
    part, _, resource = line.rpartition(".")
    part = part or "requests"
    if part not in {"requests", "limits"} or resource not in {"cpu", "memory"}:
        return 0.0
    resources = [(one.get("resources") or {}).get(part) or {} for one in pod["spec"].get("containers", ())]
    return sum(amount(one.get(resource, 0)) for one in resources)
