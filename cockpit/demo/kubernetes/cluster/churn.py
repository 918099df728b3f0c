"""A cluster that never rests: pods whose status changes all the time, as many a second as asked for."""

from itertools import cycle

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.times import stamp

STEP = 0.1
"""Seconds between two batches."""


async def churn(cluster: Cluster, per_second: float) -> None:
    """Change the status of `per_second` ready pods each second, one after the other, until cancelled."""
    keys, owed = cycle(list(cluster.store.shelves["pods"].ordered())), 0.0
    while True:
        await cluster.clock.sleep(STEP)
        owed += per_second * STEP
        while owed >= 1:
            owed -= 1
            touch(cluster, *next(keys))


def touch(cluster: Cluster, namespace: str, name: str) -> None:
    """A container of the pod has been restarted and is ready again; nothing for a pod that is gone."""
    pod = cluster.store.get("pods", namespace, name)
    if pod is not None and pod["status"].get("containerStatuses"):
        cluster.objects.set_status("pods", pod, _restarted(pod["status"], stamp(cluster.now())))


def _restarted(status: Json, now: str) -> Json:
    first, *rest = status["containerStatuses"]
    started = first["state"].get("running", {}).get("startedAt", now)
    ended = {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": now}
    again = {**first, "state": {"running": {"startedAt": now}}, "lastState": {"terminated": ended}}
    return {**status, "containerStatuses": [again | {"restartCount": first["restartCount"] + 1}, *rest]}
