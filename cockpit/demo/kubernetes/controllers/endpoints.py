"""EndpointSlices: the addresses behind a Service, and which of them are ready."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, is_ready, owner_reference

STORAGE = "endpointslices.discovery.k8s.io"
_MOST = 1000


class EndpointSlices:
    """Keeps one slice for each Service of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        service = self._cluster.store.get("services", namespace, name)
        chosen = service["spec"].get("selector") if service else None
        if service is None or not chosen:
            return None
        pods = [
            pod
            for pod in self._cluster.store.each("pods", namespace)
            if pod.get("status", {}).get("podIP") and not is_over(pod) and chosen.items() <= _labels(pod).items()
        ]
        pods.sort(key=lambda pod: str(pod["metadata"]["name"]))
        body = {
            "addressType": "IPv4",
            "endpoints": [_endpoint(pod) for pod in pods[:_MOST]],
            "ports": [
                {"name": port.get("name", ""), "port": _number(port, pods), "protocol": port.get("protocol", "TCP")}
                for port in service["spec"].get("ports") or ()
            ],
        }
        old = next(iter(self._cluster.store.owned(STORAGE, service["metadata"]["uid"])), None)
        if old is not None:
            self._cluster.objects.change(BY_SHELF[STORAGE], old, {**old, **body})
            return None
        meta = {
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": name},
            "ownerReferences": [owner_reference("Service", "v1", service)],
        }
        self._cluster.objects.create(BY_SHELF[STORAGE], {"metadata": meta, **body})
        return None


def _labels(pod: Json) -> dict[str, str]:
    return pod["metadata"].get("labels") or {}


def _endpoint(pod: Json) -> Json:
    going, meta = is_going(pod), pod["metadata"]
    about = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": is_ready(pod), "serving": is_ready(pod), "terminating": going},
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": about,
    }


def _number(port: Json, pods: list[Json]) -> int:
    """A Service's port on the pods: a number, or the name of a container's."""
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted
    for pod in pods[:1]:
        for one in pod["spec"]["containers"]:
            for found in one.get("ports", ()):
                if found.get("name") == wanted:
                    return int(found["containerPort"])
    return int(port["port"])
