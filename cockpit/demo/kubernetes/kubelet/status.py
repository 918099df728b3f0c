"""The status of a pod and its containers, put together as a kubelet writes them."""

import hashlib
from collections.abc import Sequence

from cockpit.demo.kubernetes.cluster.kinds import Json

_ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def container_id(uid: str, name: str, restarts: int) -> str:
    return f"containerd://{digest(f'{uid}/{name}/{restarts}')}"


def container(
    uid: str, spec: Json, state: Json, last: Json, *, ready: bool, restarts: int, pulled: bool = True
) -> Json:
    """One container's status. state, last: {running|waiting|terminated: ...}, `last` may be empty."""
    ran = "waiting" not in state or bool(last)
    return {
        "name": spec["name"],
        "state": state,
        "lastState": last,
        "ready": ready,
        "restartCount": restarts,
        "image": spec["image"],
        "imageID": f"{spec['image'].rpartition(':')[0]}@sha256:{digest(spec['image'])}" if ran and pulled else "",
        **({"containerID": container_id(uid, spec["name"], restarts)} if ran else {}),
        "started": "running" in state,
    }


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def running(since: str) -> Json:
    return {"running": {"startedAt": since}}


def terminated(
    code: int, reason: str, started: str, finished: str, identity: str, *, signal: int = 0, said: str = ""
) -> Json:
    """said: its termination message."""
    found: Json = {"exitCode": code} | ({"signal": signal} if signal else {}) | {"reason": reason}
    found |= {"message": said} if said else {}
    return {"terminated": found | {"startedAt": started, "finishedAt": finished, "containerID": identity}}


def conditions(held: dict[str, tuple[bool, str, str]], old: Sequence[Json], now: str) -> list[Json]:
    """The conditions of a pod: kind -> (whether it holds, reason, message). One that does not change keeps its time."""
    before = {one["type"]: one for one in old}
    made = []
    for kind in _ORDER:
        if kind not in held:
            continue
        holds, reason, message = held[kind]
        status = "True" if holds else "False"
        since = before[kind]["lastTransitionTime"] if before.get(kind, {}).get("status") == status else now
        one = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        made.append(one | ({"reason": reason} if reason else {}) | ({"message": message} if message else {}))
    return made


def ready_conditions(
    old: Sequence[Json],
    now: str,
    unready: Sequence[str],
    reason: str = "ContainersNotReady",
    waiting_for: Sequence[str] = (),
) -> list[Json]:
    """The conditions of a pod on a node. unready: names of containers that are not ready; waiting_for: names of init
    containers that have not done their work."""
    words = f"containers with unready status: [{' '.join(unready)}]" if unready else ""
    state = (not unready, reason if unready else "", words)
    waits = f"containers with incomplete status: [{' '.join(waiting_for)}]" if waiting_for else ""
    begun = (not waiting_for, "ContainersNotInitialized" if waiting_for else "", waits)
    good = (True, "", "")
    held = {"PodReadyToStartContainers": good, "Initialized": begun, "PodScheduled": good}
    return conditions(held | {"Ready": state, "ContainersReady": state}, old, now)


def address(number: int) -> str:
    """The number-th address of the pods' network."""
    return f"10.244.{number // 254 % 256}.{number % 254 + 1}"
