"""Pods and Deployments as an API server tells them, in the states that matter."""

from typing import Any

from cockpit.backends.kubernetes.kinds import Kind
from cockpit.backends.kubernetes.wire_pods import Pod
from tests.kubernetes.backend.recorded import decoded

CREATED, STARTED, LATER = "2026-03-01T13:00:00Z", "2026-03-01T13:00:05Z", "2026-03-01T13:30:00Z"
MUCH_LATER = "2026-03-01T14:30:00Z"
IMAGE = "registry.example.com/shop/web:2.4.1"
Json = dict[str, Any]


def running(since: str = STARTED) -> Json:
    return {"running": {"startedAt": since}}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def terminated(code: int, reason: str = "Error", finished: str = LATER) -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": STARTED, "finishedAt": finished}}


def status(name: str, state: Json, *, ready: bool = False, restarts: int = 0, last: Json | None = None) -> Json:
    return {"name": name, "state": state, "ready": ready, "restartCount": restarts, "lastState": last or {}}


def condition(type: str, status: str, reason: str = "", message: str = "", at: str = STARTED) -> Json:
    return {"type": type, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def pod_json(
    *statuses: Json, phase: str = "Running", conditions: list[Json] | None = None, owner: tuple[str, str] | None = None,
    name: str = "web-5d4f8-abcde", uid: str = "u1", template: str = "5d4f8", meta: Json | None = None,
    spec: Json | None = None, **state: Any,
) -> Json:  # fmt: skip
    """A pod; without statuses one container `web` that is ready since 13:00:05."""
    containers = [one["name"] for one in statuses] or ["web"]
    references = [{"kind": owner[0], "name": owner[1], "uid": f"uid-{owner[1]}", "controller": True}] if owner else []
    return {
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid, "creationTimestamp": CREATED, "resourceVersion": "1",
            "labels": {"app": "web", "pod-template-hash": template}, "ownerReferences": references, **(meta or {}),
        },
        "spec": {
            "containers": [{"name": one, "image": IMAGE} for one in containers], "nodeName": "node-1",
            "restartPolicy": "Always", **(spec or {}),
        },
        "status": {
            "phase": phase,
            "conditions": [condition("Ready", "True")] if conditions is None else conditions,
            "containerStatuses": list(statuses) or [status("web", running(), ready=True)],
            **state,
        },
    }  # fmt: skip


def pod(*statuses: Json, **fields: Any) -> Pod:
    """As the backend decodes it."""
    return decoded(pod_json(*statuses, **fields), Pod)


def object_of(kind: Kind, name: str, spec: Json | None = None, status: Json | None = None, **meta: Any) -> Any:
    """An object of any kind, as the backend decodes it."""
    whole = {
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "creationTimestamp": CREATED, **meta},
        "spec": spec or {},
        "status": status or {},
    }
    return decoded(whole, kind.type)
