"""Waiting for what an emulated cluster is to become: asked at once and after every change of it."""

import asyncio
from collections.abc import Callable
from typing import Any

from cockpit.demo.kubernetes.cluster.cluster import Cluster

WITHIN = 60.0
"""Seconds: a bound on hanging."""

Json = Any


async def until(cluster: Cluster, held: Callable[[], object], within: float = WITHIN) -> None:
    """Wait until `held()` is true. TimeoutError names nothing: the assertion that follows says what is."""
    news = asyncio.Event()
    stop = cluster.store.listen(lambda *_: news.set())
    try:
        async with asyncio.timeout(within):
            while not held():
                await news.wait()
                news.clear()
    finally:
        stop()


def get(cluster: Cluster, storage: str, name: str, namespace: str = "shop") -> Json:
    """The stored object, which must be there."""
    found = cluster.store.get(storage, namespace, name)
    assert found is not None, f"no {storage} {namespace}/{name}"
    return found


def pods_of(cluster: Cluster, app: str) -> list[Json]:
    """The pods of an application that are not on their way out, by name."""
    found = [
        pod
        for pod in cluster.store.each("pods", "shop")
        if pod["metadata"]["labels"].get("app.kubernetes.io/name") == app and "deletionTimestamp" not in pod["metadata"]
    ]
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def rolled_out(cluster: Cluster, app: str) -> bool:
    """Whether a Deployment's rollout is over, as `kubectl rollout status` sees it."""
    found = get(cluster, "deployments.apps", app)
    status, wanted = found["status"], found["spec"]["replicas"]
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return seen and all(status.get(name, 0) == wanted for name in counts)
