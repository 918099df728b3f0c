"""What a server fills in where an object says nothing, for the kinds that controllers and clients rely on."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.cluster.kinds import Json, Kind

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE: Json = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def defaulted(kind: Kind, obj: Json) -> Json:
    """The object with its defaults; nothing in `obj` is changed."""
    fill = _FILL.get(kind.storage)
    return fill(obj) if fill else obj


def pod_spec(spec: Json) -> Json:
    """A pod's spec with its defaults."""
    made: Json = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    made |= spec
    for name in ("containers", "initContainers"):
        if made.get(name):
            made[name] = [_container(one) if isinstance(one, dict) else one for one in made[name]]
    return made


def _container(one: Json) -> Json:
    pinned = ":" in one.get("image", "").rpartition("/")[2] and not one["image"].endswith(":latest")
    made: Json = {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent" if pinned else "Always",
    }
    made |= one
    for name in _PROBES:
        if name in made:
            made[name] = _PROBE | made[name]
    if "ports" in made:
        made["ports"] = [{"protocol": "TCP"} | port for port in made["ports"]]
    return made


def _pod(obj: Json) -> Json:
    spec = pod_spec(obj.get("spec", {}))
    seconds = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    spec = {
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready"} | seconds,
            {"key": "node.kubernetes.io/unreachable"} | seconds,
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    } | spec
    return {**obj, "spec": spec, "status": {"phase": "Pending", "qosClass": _quality(spec)} | obj.get("status", {})}


def _quality(spec: Json) -> str:
    resources = [one.get("resources", {}) for one in spec.get("containers", [])]
    if not any(one.get("requests") or one.get("limits") for one in resources):
        return "BestEffort"
    same = all(one.get("limits") and one.get("requests", one["limits"]) == one["limits"] for one in resources)
    return "Guaranteed" if same else "Burstable"


def _template(obj: Json, more: Json) -> Json:
    spec = more | obj.get("spec", {})
    template = spec.get("template")
    if isinstance(template, dict):
        meta = {"creationTimestamp": None} | template.get("metadata", {})
        spec["template"] = {**template, "metadata": meta, "spec": pod_spec(template.get("spec", {}))}
    return {**obj, "spec": spec, "status": obj.get("status", {})}


def _rolling(strategy: Json | None, more: Json) -> Json:
    made: Json = {"type": "RollingUpdate", **(strategy or {})}
    if made["type"] == "RollingUpdate":
        made["rollingUpdate"] = more | (made.get("rollingUpdate") or {})
    return made


def _deployment(obj: Json) -> Json:
    obj = _template(obj, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    obj["spec"]["strategy"] = _rolling(obj["spec"].get("strategy"), {"maxUnavailable": "25%", "maxSurge": "25%"})
    return obj


def _stateful_set(obj: Json) -> Json:
    obj = _template(obj, {"replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady"})
    obj["spec"]["updateStrategy"] = _rolling(obj["spec"].get("updateStrategy"), {"partition": 0})
    return obj


def _daemon_set(obj: Json) -> Json:
    obj = _template(obj, {"revisionHistoryLimit": 10})
    update = _rolling(obj["spec"].get("updateStrategy"), {"maxUnavailable": 1, "maxSurge": 0})
    obj["spec"]["updateStrategy"] = update
    return obj


def _job(obj: Json) -> Json:
    return _template(obj, {"parallelism": 1, "completions": 1, "backoffLimit": 6, "suspend": False})


def _cron_job(obj: Json) -> Json:
    spec = {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3} | obj.get("spec", {})
    return {**obj, "spec": spec, "status": obj.get("status", {})}


def _autoscaler(obj: Json) -> Json:
    return {**obj, "spec": {"minReplicas": 1} | obj.get("spec", {}), "status": obj.get("status", {})}


def _namespace(obj: Json) -> Json:
    meta = obj["metadata"]
    labels = {"kubernetes.io/metadata.name": meta["name"]} | meta.get("labels", {})
    meta = {**meta, "labels": labels}
    return {**obj, "metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _service(obj: Json) -> Json:
    spec = {"type": "ClusterIP", "sessionAffinity": "None"} | obj.get("spec", {})
    spec["ports"] = [
        {"protocol": "TCP", "targetPort": port.get("port")} | port for port in spec.get("ports") or () if port
    ]
    return {**obj, "spec": spec, "status": obj.get("status", {"loadBalancer": {}})}


_FILL: Mapping[str, Callable[[Json], Json]] = {
    "pods": _pod,
    "deployments.apps": _deployment,
    "replicasets.apps": lambda obj: _template(obj, {"replicas": 1}),
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "namespaces": _namespace,
    "services": _service,
}
