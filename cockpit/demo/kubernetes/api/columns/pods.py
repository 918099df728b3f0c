"""The columns of pods: the word for their state is put together as kubectl's own printer does it."""

from collections.abc import Mapping, Sequence

from cockpit.demo.kubernetes.api.columns.column import AGE, NAME, NONE, UNKNOWN, Column, age, at
from cockpit.demo.kubernetes.cluster.kinds import Json

_LOST = "NodeLost"


def ready(pod: Json) -> str:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return f"{sum(1 for one in statuses if one.get('ready'))}/{len(pod['spec'].get('containers', []))}"


def status(pod: Json) -> str:
    """What `kubectl get pods` says in its STATUS column."""
    state = pod.get("status", {})
    word = state.get("reason") or state.get("phase", "")
    starting = _of_init(pod)
    word = starting or _of_containers(state, word)
    if "deletionTimestamp" in pod["metadata"]:
        return "Unknown" if state.get("reason") == _LOST else "Terminating"
    return word


def _of_init(pod: Json) -> str:
    total = len(pod["spec"].get("initContainers", []))
    for number, one in enumerate(pod.get("status", {}).get("initContainerStatuses", [])):
        ended, waits = one["state"].get("terminated"), one["state"].get("waiting")
        if ended and ended["exitCode"] == 0:
            continue
        if ended:
            return f"Init:{ended.get('reason') or _ended(ended)}"
        if waits and waits.get("reason") not in {"", "PodInitializing", None}:
            return f"Init:{waits['reason']}"
        return f"Init:{number}/{total}"
    return ""


def _of_containers(state: Json, word: str) -> str:
    running = False
    for one in reversed(state.get("containerStatuses", [])):
        waits, ended = one["state"].get("waiting"), one["state"].get("terminated")
        if waits and waits.get("reason"):
            word = waits["reason"]
        elif ended:
            word = ended.get("reason") or _ended(ended)
        elif one.get("ready") and "running" in one["state"]:
            running = True
    if word == "Completed" and running:
        held = {one["type"] for one in state.get("conditions", []) if one["status"] == "True"}
        return "Running" if "Ready" in held else "NotReady"
    return str(word)


def _ended(ended: Json) -> str:
    signal = ended.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{ended['exitCode']}"


def restarts(pod: Json, now: float) -> str:
    """The number of restarts, and how long ago the last was."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    count = sum(one.get("restartCount", 0) for one in statuses)
    last = max(
        (one["lastState"]["terminated"].get("finishedAt") or "" for one in statuses if one.get("lastState")), default=""
    )
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)


def _gates(pod: Json) -> str:
    gates = pod["spec"].get("readinessGates", [])
    return NONE if not gates else f"0/{len(gates)}"


def _object(event: Json) -> str:
    about = event.get("involvedObject", {})
    return f"{about.get('kind', UNKNOWN).lower()}/{about['name']}" if about.get("name") else about.get("kind", UNKNOWN)


def _source(event: Json) -> str:
    source = event.get("source", {})
    return ", ".join(part for part in (source.get("component", ""), source.get("host", "")) if part)


COLUMNS: Mapping[str, Sequence[Column]] = {
    "pods": (
        NAME,
        Column("Ready", ready),
        Column("Status", status),
        Column("Restarts", restarts, aged=True),
        AGE,
        Column("IP", at("status.podIP"), wide=True),
        Column("Node", at("spec.nodeName"), wide=True),
        Column("Nominated Node", at("status.nominatedNodeName"), wide=True),
        Column("Readiness Gates", _gates, wide=True),
    ),
    "events": (
        Column(
            "Last Seen", lambda event, now: age(event.get("lastTimestamp") or event.get("eventTime"), now), aged=True
        ),
        Column("Type", at("type")),
        Column("Reason", at("reason")),
        Column("Object", _object),
        Column("Subobject", at("involvedObject.fieldPath", ""), wide=True),
        Column("Source", _source, wide=True),
        Column("Message", lambda event: str(event.get("message", "")).strip()),
        Column("First Seen", lambda event, now: age(event.get("firstTimestamp"), now), wide=True, aged=True),
        Column("Count", at("count", 1), wide=True),
        Column("Name", at("metadata.name"), wide=True, format="name"),
    ),
}
