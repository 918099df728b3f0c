"""The status of disruption budgets: how many healthy pods there are, how many there must be, how many may go."""

from cockpit.demo.kubernetes.api.selectors import matches
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, is_ready
from cockpit.demo.kubernetes.cluster.standing import scaled
from cockpit.demo.kubernetes.cluster.times import stamp

STORAGE = "poddisruptionbudgets.policy"


class Disruptions:
    """Reconciles budgets of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        budget = self._cluster.store.get(STORAGE, namespace, name)
        if budget is None:
            return None
        chosen = budget["spec"].get("selector")
        pods = [
            pod
            for pod in self._cluster.store.each("pods", namespace)
            if not is_over(pod) and matches(chosen, pod["metadata"].get("labels") or {})
        ]
        expected = self._expected(pods)
        healthy = sum(1 for pod in pods if is_ready(pod) and not is_going(pod))
        desired = _desired(budget["spec"], expected)
        allowed = max(0, healthy - desired)
        now, word = stamp(self._cluster.now()), "True" if allowed else "False"
        old = next(iter(budget.get("status", {}).get("conditions", ())), None)
        since = old["lastTransitionTime"] if old and old["status"] == word else now
        told = {
            "type": "DisruptionAllowed",
            "status": word,
            "observedGeneration": budget["metadata"]["generation"],
            "lastTransitionTime": since,
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
        }
        status = {
            "observedGeneration": budget["metadata"]["generation"],
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": [told],
        }
        self._cluster.objects.set_status(STORAGE, budget, status)
        return None

    def _expected(self, pods: list[Json]) -> int:
        """How many pods there should be: what their controllers want, else how many there are."""
        wanted: dict[str, int] = {}
        for pod in pods:
            for owner in pod["metadata"].get("ownerReferences", ()):
                storage = {"ReplicaSet": "replicasets.apps", "StatefulSet": "statefulsets.apps"}.get(owner["kind"], "")
                found = storage and self._cluster.store.get(storage, pod["metadata"]["namespace"], owner["name"])
                if found:
                    wanted[owner["uid"]] = found["spec"]["replicas"]
        return sum(wanted.values()) or len(pods)


def _desired(spec: Json, expected: int) -> int:
    if "maxUnavailable" in spec:
        return max(0, expected - scaled(spec["maxUnavailable"], expected, up=True))
    return scaled(spec.get("minAvailable", 1), expected, up=True)
