"""metrics.k8s.io: what pods and nodes use."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.api.errors import ApiError, not_found
from cockpit.demo.kubernetes.api.read import meant
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

_PREFIX = "/apis/metrics.k8s.io/v1beta1/"
API_VERSION = "metrics.k8s.io/v1beta1"
_IDLE = (0.35, 1.5e9)
"""Cores and bytes that a node needs for itself."""


def metrics_target(path: str) -> tuple[str, str, str] | None:
    """(resource, namespace, name) when the path is one of metrics.k8s.io."""
    if not path.startswith(_PREFIX):
        return None
    parts = [part for part in path.removeprefix(_PREFIX).split("/") if part]
    namespace = ""
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    if not parts or parts[0] not in _ONE or len(parts) > 2:
        return None
    return parts[0], namespace, parts[1] if len(parts) == 2 else ""


def metrics(cluster: Cluster, call: Call, wanted: tuple[str, str, str]) -> Reply:
    """Usage of one or of all. ApiError 404, 503 where there are no metrics."""
    if not cluster.has_metrics:
        raise ApiError(503, "the server is currently unable to handle the request")
    resource, namespace, name = wanted
    kind, one = BY_SHELF[resource], _ONE[resource]
    title = {"pods": "PodMetrics", "nodes": "NodeMetrics"}[resource]
    if name:
        obj = cluster.store.get(resource, namespace, name)
        found = one(cluster, obj) if obj else None
        if found is None:
            raise not_found(kind._replace(group="metrics.k8s.io"), name)
        return reply({"kind": title, "apiVersion": API_VERSION, **found})
    test = meant(kind, call)
    entries = cluster.store.shelves[resource].items
    items = [
        found
        for key in cluster.store.shelves[resource].ordered()
        if (not namespace or key[0] == namespace) and test(entries[key].obj)
        if (found := one(cluster, entries[key].obj)) is not None
    ]
    return reply({"kind": f"{title}List", "apiVersion": API_VERSION, "metadata": {}, "items": items})


def _head(cluster: Cluster, obj: Json) -> Json:
    kept = {key: obj["metadata"][key] for key in ("name", "namespace", "labels") if key in obj["metadata"]}
    now = stamp(cluster.now())
    return {"metadata": kept | {"creationTimestamp": now}, "timestamp": now, "window": "15s"}


def _of_pod(cluster: Cluster, pod: Json) -> Json | None:
    used = [(one["name"], cluster.usage(pod, one)) for one in pod["spec"]["containers"]]
    containers = [{"name": name, "usage": _usage(*found)} for name, found in used if any(found)]
    return _head(cluster, pod) | {"containers": containers} if containers else None


def _of_node(cluster: Cluster, node: Json) -> Json | None:
    if node["metadata"]["name"] in cluster.silent:
        return None
    cores, size = _IDLE
    for pod in cluster.store.each("pods"):
        if pod["spec"].get("nodeName") == node["metadata"]["name"]:
            for one in pod["spec"]["containers"]:
                more = cluster.usage(pod, one)
                cores, size = cores + more[0], size + more[1]
    return _head(cluster, node) | {"usage": _usage(cores, size)}


def _usage(cores: float, size: float) -> Json:
    return {"cpu": f"{int(cores * 1e9)}n", "memory": f"{int(size) // 1024}Ki"}


_ONE: Mapping[str, Callable[[Cluster, Json], Json | None]] = {"pods": _of_pod, "nodes": _of_node}
