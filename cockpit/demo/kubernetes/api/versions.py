"""One object in each version that serves it: pod autoscalers (v1, v2) and events (core, events.k8s.io)."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.cluster.kinds import Json, Kind

Convert = Callable[[Json], Json]


def shown(kind: Kind, obj: Json) -> Json:
    """A stored object as this version has it."""
    found = _OUT.get((kind.group, kind.version, kind.plural))
    return found(obj) if found else obj


def stored(kind: Kind, obj: Json) -> Json:
    """An object of this version as it is stored."""
    found = _IN.get((kind.group, kind.version, kind.plural))
    return found(obj) if found else obj


def is_stored(kind: Kind) -> bool:
    """Whether this version is the one that is stored."""
    return (kind.group, kind.version, kind.plural) not in _OUT


def _hpa_v1(obj: Json) -> Json:
    spec, status = dict(obj.get("spec", {})), dict(obj.get("status", {}))
    for metric in spec.pop("metrics", None) or ():
        target = metric.get("resource", {}).get("target", {})
        if metric.get("resource", {}).get("name") == "cpu" and "averageUtilization" in target:
            spec["targetCPUUtilizationPercentage"] = target["averageUtilization"]
    spec.pop("behavior", None)
    for metric in status.pop("currentMetrics", None) or ():
        current = metric.get("resource", {}).get("current", {})
        if "averageUtilization" in current:
            status["currentCPUUtilizationPercentage"] = current["averageUtilization"]
    status.pop("conditions", None)
    status = {"currentReplicas": 0, "desiredReplicas": 0} | status
    return {**obj, "spec": spec, "status": status}


def _hpa_v2(obj: Json) -> Json:
    spec = dict(obj.get("spec", {}))
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None and "metrics" not in spec:
        target = {"type": "Utilization", "averageUtilization": percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    status = {key: value for key, value in obj.get("status", {}).items() if key != "currentCPUUtilizationPercentage"}
    return {**obj, "spec": spec} | ({"status": status} if "status" in obj else {})


_EVENT_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}


def _event_out(obj: Json) -> Json:
    return {_EVENT_NAMES.get(key, key): value for key, value in obj.items()}


def _event_in(obj: Json) -> Json:
    back = {new: old for old, new in _EVENT_NAMES.items()}
    return {back.get(key, key): value for key, value in obj.items()}


_HPA_V1 = ("autoscaling", "v1", "horizontalpodautoscalers")
_EVENTS = ("events.k8s.io", "v1", "events")
_OUT: Mapping[tuple[str, str, str], Convert] = {_HPA_V1: _hpa_v1, _EVENTS: _event_out}
_IN: Mapping[tuple[str, str, str], Convert] = {_HPA_V1: _hpa_v2, _EVENTS: _event_in}
