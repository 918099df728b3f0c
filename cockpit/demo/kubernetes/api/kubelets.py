"""What only the kubelet of a pod's node can answer: where it is silent, the API gives up in the end."""

from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json

DIALS = 30.0
"""Seconds for which an API server tries to reach a kubelet."""
_PORT = 10250
_REFUSED = {"log": 'Get "https://{at}/containerLogs/{space}/{name}": dial tcp {at}: i/o timeout'}
_ELSE = "error dialing backend: dial tcp {at}: i/o timeout"
_PARTS = frozenset({"attach", "exec", "log", "portforward"})


async def reached(cluster: Cluster, target: Target) -> None:
    """Once the kubelet that a request needs can be asked. ApiError 500 when it stays silent; a pod that is not there,
    or that no node has, is another's to refuse."""
    if target.subresource not in _PARTS or _unheard(cluster, target) is None:
        return
    await cluster.clock.sleep(DIALS * cluster.pace)
    if (pod := _unheard(cluster, target)) is not None:
        at = f"{pod['status'].get('hostIP', pod['spec']['nodeName'])}:{_PORT}"
        words = _REFUSED.get(target.subresource, _ELSE)
        raise ApiError(500, words.format(at=at, space=target.namespace, name=target.name))


def _unheard(cluster: Cluster, target: Target) -> Json | None:
    """The pod, when its node is silent."""
    pod = cluster.store.get("pods", target.namespace, target.name)
    return None if pod is None or cluster.is_heard(pod) else pod
