"""What a Deployment tells of itself: counts, whether it is available, whether its rollout moves or has got stuck."""

from datetime import timedelta

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import condition
from cockpit.demo.kubernetes.cluster.standing import scaled, surge
from cockpit.demo.kubernetes.cluster.times import moment_of, stamp

STORAGE, SETS = "deployments.apps", "replicasets.apps"
_COUNTS = (("replicas", "replicas"), ("readyReplicas", "readyReplicas"), ("availableReplicas", "availableReplicas"))


class Progress:
    """Writes the status of Deployments of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def tell(self, namespace: str, name: str, newest: str) -> float | None:
        """Write the status. Seconds until the deadline of a rollout that has not moved, None without one."""
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None:
            return None
        sets = self._cluster.store.owned(SETS, owner["metadata"]["uid"])
        new = next((one for one in sets if one["metadata"]["name"] == newest), None)
        status = _counted(owner, sets, new)
        status["observedGeneration"] = owner["metadata"]["generation"]
        conditions = [self._available(owner, status), self._progressing(owner, status, new)]
        failed = [
            one for rs in sets for one in rs.get("status", {}).get("conditions", ()) if one["type"] == "ReplicaFailure"
        ]
        status["conditions"] = [one for one in (*conditions, *failed[:1]) if one is not None]
        self._cluster.objects.set_status(STORAGE, owner, status)
        return self._until_deadline(owner, status)

    def _now(self) -> str:
        return stamp(self._cluster.now())

    def _available(self, owner: Json, status: Json) -> Json:
        wanted, bound = owner["spec"]["replicas"], _unavailable(owner)
        able = status.get("availableReplicas", 0) >= wanted - bound
        word = "True" if able else "False"
        reason = "MinimumReplicasAvailable" if able else "MinimumReplicasUnavailable"
        message = f"Deployment {'has' if able else 'does not have'} minimum availability."
        return self._condition(owner, "Available", word, reason, message)

    def _progressing(self, owner: Json, status: Json, new: Json | None) -> Json | None:
        if owner["spec"].get("paused"):
            return self._condition(owner, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
        old = condition(owner, "Progressing")
        if new is None:
            return old
        name = new["metadata"]["name"]
        if old is not None and old["reason"] == "NewReplicaSetAvailable" and _all_updated(status):
            # A rollout that is over stays so: pods that are lost or added later are none.
            return old
        if _complete(owner, status):
            words = f'ReplicaSet "{name}" has successfully progressed.'
            return self._condition(owner, "Progressing", "True", "NewReplicaSetAvailable", words)
        if old is None or old["reason"] in {"NewReplicaSetAvailable", "DeploymentPaused"} or _moved(owner, status):
            words = f'ReplicaSet "{name}" is progressing.'
            return self._condition(owner, "Progressing", "True", "ReplicaSetUpdated", words, touch=True)
        if self._late(owner, old):
            words = f'ReplicaSet "{name}" has timed out progressing.'
            return self._condition(owner, "Progressing", "False", "ProgressDeadlineExceeded", words)
        return old

    def _late(self, owner: Json, old: Json) -> bool:
        if old["reason"] == "ProgressDeadlineExceeded":
            return True
        return self._cluster.now() >= moment_of(old["lastUpdateTime"]) + self._deadline(owner)

    def _deadline(self, owner: Json) -> timedelta:
        # The time it counts from is written in whole seconds: one more, so that it is never cut short.
        return timedelta(seconds=1 + owner["spec"]["progressDeadlineSeconds"] * self._cluster.pace)

    def _until_deadline(self, owner: Json, status: Json) -> float | None:
        found = next((one for one in status["conditions"] if one["type"] == "Progressing"), None)
        if found is None or found["reason"] not in {"ReplicaSetUpdated", "NewReplicaSetCreated"}:
            return None
        left = moment_of(found["lastUpdateTime"]) + self._deadline(owner) - self._cluster.now()
        return max(0.05, left.total_seconds() + 0.05)

    def _condition(
        self, owner: Json, kind: str, status: str, reason: str, message: str, *, touch: bool = False
    ) -> Json:
        """A condition; its times move only when it changes. touch: the time of its update moves all the same."""
        old, now = condition(owner, kind), self._now()
        since = old["lastTransitionTime"] if old is not None and old["status"] == status else now
        same = old is not None and (old["status"], old["reason"]) == (status, reason) and not touch
        updated = old["lastUpdateTime"] if old is not None and same else now
        times = {"lastUpdateTime": updated, "lastTransitionTime": since}
        return {"type": kind, "status": status, **times, "reason": reason, "message": message}


def _counted(owner: Json, sets: list[Json], new: Json | None) -> Json:
    found = {into: sum(one.get("status", {}).get(field, 0) for one in sets) for into, field in _COUNTS}
    found["updatedReplicas"] = new.get("status", {}).get("replicas", 0) if new else 0
    total = max(owner["spec"]["replicas"], sum(one["spec"]["replicas"] for one in sets))
    found["unavailableReplicas"] = max(0, total - found["availableReplicas"])
    return {key: value for key, value in found.items() if value}


def _complete(owner: Json, status: Json) -> bool:
    wanted = owner["spec"]["replicas"]
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(name, 0) == wanted for name in counts)


def _all_updated(status: Json) -> bool:
    return bool(status.get("replicas", 0) == status.get("updatedReplicas", 0))


def _moved(owner: Json, status: Json) -> bool:
    """Whether the rollout has come further since the status that is stored."""
    old = owner.get("status", {})

    def got(found: Json, name: str) -> int:
        return int(found.get(name, 0))

    behind_now = got(status, "replicas") - got(status, "updatedReplicas")
    behind_then = got(old, "replicas") - got(old, "updatedReplicas")
    return (
        any(got(status, name) > got(old, name) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
        or behind_now < behind_then
    )


def _unavailable(owner: Json) -> int:
    strategy, replicas = owner["spec"]["strategy"], owner["spec"]["replicas"]
    if strategy["type"] != "RollingUpdate":
        return 0
    bound = scaled(strategy["rollingUpdate"]["maxUnavailable"], replicas, up=False)
    return bound if bound or surge(owner) else 1
