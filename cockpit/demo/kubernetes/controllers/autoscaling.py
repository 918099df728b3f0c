"""Autoscalers: they watch the CPU of pods and set the replicas of their target, also against a person's number."""

import math

from cockpit.demo.kubernetes.api.selectors import matches
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_ready
from cockpit.demo.kubernetes.cluster.quantity import amount
from cockpit.demo.kubernetes.cluster.times import stamp

STORAGE = "horizontalpodautoscalers.autoscaling"
_WHO = "horizontal-pod-autoscaler"
EVERY = 15.0
TOLERANCE = 0.1
_TARGETS = {"Deployment": "deployments.apps", "StatefulSet": "statefulsets.apps", "ReplicaSet": "replicasets.apps"}


class Autoscalers:
    """Reconciles autoscalers of one cluster, each `EVERY` seconds."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        scaler = self._cluster.store.get(STORAGE, namespace, name)
        if scaler is None:
            return None
        reference = scaler["spec"]["scaleTargetRef"]
        storage = _TARGETS.get(reference["kind"], "")
        target = self._cluster.store.get(storage, namespace, reference["name"]) if storage else None
        if target is None:
            why = (False, "FailedGetScale", f'the HPA controller was unable to get the target: "{reference["name"]}"')
            self._tell(scaler, 0, 0, None, [("AbleToScale", *why)])
            return EVERY * self._cluster.pace
        self._scale(scaler, storage, target)
        return EVERY * self._cluster.pace

    def _scale(self, scaler: Json, storage: str, target: Json) -> None:
        now, spec = target["spec"]["replicas"], scaler["spec"]
        percent, used = self._wanted_percent(spec), self._used(target)
        proposed = now
        if percent and used is not None and abs(used / percent - 1) > TOLERANCE:
            proposed = math.ceil(now * used / percent)
        bounded = min(max(proposed, spec.get("minReplicas", 1)), spec["maxReplicas"])
        told = [("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size")]
        if now == 0:
            told.append(
                ("ScalingActive", False, "ScalingDisabled", "scaling is disabled since the replica count is zero")
            )
            bounded = 0
        elif used is None:
            words = "the HPA was unable to compute the replica count: no metrics returned from resource metrics API"
            told.append(("ScalingActive", False, "FailedGetResourceMetric", words))
        else:
            words = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
            told.append(("ScalingActive", True, "ValidMetricFound", words))
        told.append(_limited(proposed, bounded, spec))
        if bounded != now:
            self._cluster.objects.change(
                BY_SHELF[storage], target, {**target, "spec": {**target["spec"], "replicas": bounded}}
            )
            words = (
                f"New size: {bounded}; reason: cpu resource utilization (percentage of request) {_why(proposed, now)}"
            )
            self._cluster.events.normal(STORAGE, scaler, "SuccessfulRescale", words, _WHO)
        self._tell(scaler, now, bounded, used, told)

    def _wanted_percent(self, spec: Json) -> int:
        for metric in spec.get("metrics") or ():
            found = metric.get("resource", {})
            if found.get("name") == "cpu":
                return int(found.get("target", {}).get("averageUtilization", 0))
        return 80

    def _used(self, target: Json) -> int | None:
        """CPU of the ready pods in percent of what they request; None when nobody knows."""
        if not self._cluster.has_metrics:
            return None
        used = wanted = 0.0
        for pod in self._cluster.store.each("pods", target["metadata"]["namespace"]):
            if is_ready(pod) and matches(target["spec"]["selector"], pod["metadata"].get("labels") or {}):
                for one in pod["spec"]["containers"]:
                    wanted += amount((one.get("resources") or {}).get("requests", {}).get("cpu", 0))
                    used += self._cluster.usage(pod, one)[0]
        return round(100 * used / wanted) if wanted else None

    def _tell(
        self, scaler: Json, now: int, wanted: int, used: int | None, told: list[tuple[str, bool, str, str]]
    ) -> None:
        moment, old = stamp(self._cluster.now()), scaler.get("status", {})
        before = {one["type"]: one for one in old.get("conditions", ())}
        conditions = []
        for kind, holds, reason, message in told:
            word = "True" if holds else "False"
            since = before[kind]["lastTransitionTime"] if before.get(kind, {}).get("status") == word else moment
            state = {"type": kind, "status": word, "lastTransitionTime": since}
            conditions.append(state | {"reason": reason, "message": message})
        status: Json = {"currentReplicas": now, "desiredReplicas": wanted, "conditions": conditions}
        if used is not None:
            current = {"averageUtilization": used, "averageValue": "0"}
            status["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
        if now != wanted:
            status["lastScaleTime"] = moment
        elif "lastScaleTime" in old:
            status["lastScaleTime"] = old["lastScaleTime"]
        self._cluster.objects.set_status(STORAGE, scaler, status)


def _limited(proposed: int, bounded: int, spec: Json) -> tuple[str, bool, str, str]:
    if proposed > spec["maxReplicas"]:
        words = "the desired replica count is more than the maximum replica count"
        return "ScalingLimited", True, "TooManyReplicas", words
    if proposed < bounded:
        words = "the desired replica count is less than the minimum replica count"
        return "ScalingLimited", True, "TooFewReplicas", words
    return "ScalingLimited", False, "DesiredWithinRange", "the desired count is within the acceptable range"


def _why(proposed: int, now: int) -> str:
    return "above target" if proposed > now else "below target"
