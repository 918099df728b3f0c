"""What answers on the ports of a pod: a small HTTP server whose health is that of the pod."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import is_ready

REQUEST_LIMIT = 64 << 10


def listens(pod: Json, port: int) -> bool:
    """Whether a container of the pod has this port, and runs."""
    running = {one["name"] for one in pod["status"].get("containerStatuses", ()) if "running" in one["state"]}
    return any(
        found.get("containerPort") == port
        for one in pod["spec"]["containers"]
        if one["name"] in running
        for found in one.get("ports") or ()
    )


def answer(cluster: Cluster, pod: Json, request: bytes) -> bytes:
    """The whole HTTP answer of a pod to a request whose head is complete."""
    words = request.split(b"\r\n", 1)[0].split()
    path = words[1].decode("ascii", "replace") if len(words) == 3 else "/"
    fresh = cluster.store.get("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
    healthy = fresh is not None and is_ready(fresh)
    name = pod["metadata"]["name"]
    status, body = ("200 OK", f"{name} {path}\n") if healthy else ("503 Service Unavailable", f"{name} not ready\n")
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return (head + body).encode()
