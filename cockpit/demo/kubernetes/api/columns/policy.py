"""The columns of what bounds workloads: autoscalers, disruption budgets, quotas, network policies."""

from collections.abc import Mapping, Sequence

from cockpit.demo.kubernetes.api.columns.column import AGE, NAME, UNKNOWN, Column, at, joined, pairs
from cockpit.demo.kubernetes.cluster.kinds import Json

_NOT_APPLICABLE = "N/A"


def _targets(hpa: Json) -> str:
    now = {
        metric["resource"]["name"]: metric["resource"]["current"].get("averageUtilization")
        for metric in at("status.currentMetrics", [])(hpa)
        if metric.get("resource")
    }
    told = []
    for metric in at("spec.metrics", [])(hpa):
        name = metric.get("resource", {}).get("name", "")
        target = metric.get("resource", {}).get("target", {}).get("averageUtilization")
        current = UNKNOWN if now.get(name) is None else f"{now[name]}%"
        told.append(f"{name}: {current}/{target}%")
    return ", ".join(told) or UNKNOWN


def _reference(hpa: Json) -> str:
    target = hpa["spec"]["scaleTargetRef"]
    return f"{target['kind']}/{target['name']}"


def _used(quota: Json, which: str) -> str:
    status = quota.get("status", {})
    hard = {
        name: value for name, value in status.get("hard", {}).items() if name.startswith("limits") is (which == "l")
    }
    return ", ".join(f"{name}: {status.get('used', {}).get(name, 0)}/{value}" for name, value in sorted(hard.items()))


COLUMNS: Mapping[str, Sequence[Column]] = {
    "horizontalpodautoscalers.autoscaling": (
        NAME,
        Column("Reference", _reference),
        Column("Targets", _targets),
        Column("MinPods", at("spec.minReplicas", 1)),
        Column("MaxPods", at("spec.maxReplicas"), "integer"),
        Column("Replicas", at("status.currentReplicas", 0), "integer"),
        AGE,
    ),
    "poddisruptionbudgets.policy": (
        NAME,
        Column("Min Available", at("spec.minAvailable", _NOT_APPLICABLE)),
        Column("Max Unavailable", at("spec.maxUnavailable", _NOT_APPLICABLE)),
        Column("Allowed Disruptions", at("status.disruptionsAllowed", 0), "integer"),
        AGE,
    ),
    "resourcequotas": (
        NAME,
        Column("Request", lambda quota: _used(quota, "r")),
        Column("Limit", lambda quota: _used(quota, "l")),
        AGE,
    ),
    "networkpolicies.networking.k8s.io": (
        NAME,
        Column("Pod-Selector", lambda policy: pairs(at("spec.podSelector.matchLabels", {})(policy))),
        AGE,
    ),
    "endpointslices.discovery.k8s.io": (
        NAME,
        Column("AddressType", at("addressType")),
        Column("Ports", lambda one: joined(port.get("port", "") for port in one.get("ports") or ())),
        Column("Endpoints", lambda one: joined(a for end in one.get("endpoints") or () for a in end["addresses"])),
        AGE,
    ),
}
