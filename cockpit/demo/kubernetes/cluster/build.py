"""Objects in the shapes that teams write them, for the sample platform, fleets and tests."""

from collections.abc import Mapping
from typing import Any

from cockpit.demo.kubernetes.cluster.kinds import Json

BEHAVIOUR = "emulator/behaviour"
"""Annotation of a pod template: which row of the kubelet's table its containers follow."""


def labels_of(app: str, namespace: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/instance": f"{namespace}-{app}",
        "app.kubernetes.io/part-of": namespace,
    }


def selector_of(app: str, namespace: str) -> Json:
    chosen = {name: value for name, value in labels_of(app, namespace).items() if not name.endswith("part-of")}
    return {"matchLabels": chosen}


def container(name: str, image: str, **more: Any) -> Json:
    """A web service's container: ports, probes, environment and limits as such a service has them."""
    probe: Json = {"httpGet": {"path": "/readyz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10}
    field = {"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}
    secret = {"valueFrom": {"secretKeyRef": {"name": f"{name}-db", "key": "password"}}}
    return {
        "name": name,
        "image": image,
        "args": ["--config=/etc/app/application.yaml", "--listen=:8080"],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "env": [
            {"name": "POD_NAME"} | field,
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "DATABASE_URL", "value": f"postgres://db:5432/{name}"},
            {"name": "DATABASE_PASSWORD"} | secret,
        ],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "500m", "memory": "256Mi"}},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "httpGet": {**probe["httpGet"], "path": "/livez"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
    } | more


def template(app: str, namespace: str, image: str, *, behaviour: str = "", grace: int = 30, **more: Any) -> Json:
    """A pod template. more: parts of its one container."""
    meta: Json = {"labels": labels_of(app, namespace)}
    if behaviour:
        meta["annotations"] = {BEHAVIOUR: behaviour}
    spec: Json = {
        "containers": [container(app, image, **more)],
        "volumes": [{"name": "config", "configMap": {"name": f"{app}-config", "defaultMode": 420}}],
        "terminationGracePeriodSeconds": grace,
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [_apart(app, namespace)]}},
        "imagePullSecrets": [{"name": "registry-credentials"}],
        "securityContext": {"runAsUser": 1000, "fsGroup": 2000},
    }
    return {"metadata": meta, "spec": spec}


def _apart(app: str, namespace: str) -> Json:
    """Replicas prefer nodes of their own."""
    term = {"labelSelector": selector_of(app, namespace), "topologyKey": "kubernetes.io/hostname"}
    return {"weight": 100, "podAffinityTerm": term}


def _meta(app: str, namespace: str, annotations: Mapping[str, str] | None = None) -> Json:
    meta: Json = {"name": app, "namespace": namespace, "labels": labels_of(app, namespace)}
    return meta | ({"annotations": dict(annotations)} if annotations else {})


def deployment(app: str, namespace: str, pods: Json, replicas: int = 1, **spec: Any) -> Json:
    """A Deployment of the pod template `pods`. spec: further parts of its spec (strategy, progressDeadlineSeconds)."""
    body = {"replicas": replicas, "selector": selector_of(app, namespace), "template": pods} | spec
    return {"metadata": _meta(app, namespace), "spec": body}


def stateful_set(app: str, namespace: str, pods: Json, replicas: int = 1, **spec: Any) -> Json:
    return deployment(app, namespace, pods, replicas, serviceName=app, **spec)


def daemon_set(app: str, namespace: str, pods: Json, **spec: Any) -> Json:
    made = deployment(app, namespace, pods, **spec)
    del made["spec"]["replicas"]
    return made


def service(app: str, namespace: str, number: int) -> Json:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    chosen = selector_of(app, namespace)["matchLabels"]
    return {
        "metadata": _meta(app, namespace),
        "spec": {"selector": chosen, "ports": ports, "clusterIP": f"10.96.{number // 250}.{number % 250 + 1}"},
    }


def disruption_budget(app: str, namespace: str, **spec: Any) -> Json:
    """spec: minAvailable or maxUnavailable."""
    return {"metadata": _meta(app, namespace), "spec": {"selector": selector_of(app, namespace)} | spec}


def autoscaler(app: str, namespace: str, least: int, most: int, percent: int = 70, kind: str = "Deployment") -> Json:
    """An HPA (v2) on CPU."""
    target = {"type": "Utilization", "averageUtilization": percent}
    spec = {
        "scaleTargetRef": {"kind": kind, "name": app, "apiVersion": "apps/v1"},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return {"metadata": _meta(app, namespace), "spec": spec}


def namespace(name: str) -> Json:
    return {"metadata": {"name": name}}


def config_map(app: str, namespace: str, data: Mapping[str, str]) -> Json:
    return {"metadata": _meta(f"{app}-config", namespace), "data": dict(data)}


def secret(name: str, namespace: str, data: Mapping[str, str]) -> Json:
    """data: values in base64, as on the wire."""
    return {"metadata": {"name": name, "namespace": namespace}, "type": "Opaque", "data": dict(data)}


def node(name: str, number: int, now: str, cpu: int = 16, memory_mib: int = 64_000) -> Json:
    """A node that is ready. now: a timestamp."""
    zone = f"eu-1{'abc'[number % 3]}"
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/worker": "",
        "topology.kubernetes.io/region": "eu-1",
        "topology.kubernetes.io/zone": zone,
    }
    room = {"cpu": str(cpu), "ephemeral-storage": "101430960Ki", "memory": f"{memory_mib}Mi", "pods": "110"}
    return {
        "metadata": {"name": name, "labels": labels, "annotations": {"node.alpha.kubernetes.io/ttl": "0"}},
        "spec": {"podCIDR": f"10.244.{number % 256}.0/24", "providerID": f"demo://{name}"},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": node_conditions(now, ready="True"),
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.{number // 250}.{number % 250 + 1}"},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": _NODE_INFO,
        },
    }


_NODE_INFO: Json = {
    "machineID": "00000000000000000000000000000001",
    "systemUUID": "6ea49a28-fecc-4711-b81b-bcf7dc83c2ab",
    "bootID": "606d84ac-77b7-4ad4-a96f-9a334796c4a0",
    "kernelVersion": "6.8.0-60-generic",
    "osImage": "Ubuntu 24.04.2 LTS",
    "containerRuntimeVersion": "containerd://2.0.5",
    "kubeletVersion": "v1.33.4",
    "kubeProxyVersion": "",
    "operatingSystem": "linux",
    "architecture": "amd64",
}

_GOOD = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_LOST = ("NodeStatusUnknown", "Kubelet stopped posting node status.")


def node_conditions(now: str, ready: str) -> list[Json]:
    """A node's conditions. ready: True, or Unknown when its kubelet is silent."""
    found = []
    for kind, status, reason, message in _GOOD:
        if ready != "True":
            status, (reason, message) = "Unknown", _LOST
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        found.append({"type": kind, "status": status, **times, "reason": reason, "message": message})
    return found
