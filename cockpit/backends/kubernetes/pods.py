"""From a pod as the API tells it to an instance of the board. Pure: tests put recorded pods through it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any

from msgspec import Struct

from cockpit.backends.kubernetes.disruption import CONDITION, disrupted
from cockpit.backends.kubernetes.podspec import limit_of, ports_of, release_of
from cockpit.backends.kubernetes.pulls import PULLS, pull_words
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import condition
from cockpit.backends.kubernetes.wire_pods import ContainerStatus, Pod, Terminated
from cockpit.board.model import Health, Identity, Instance, Phase, SafeText
from cockpit.board.text import safe
from cockpit.board.why import end_said, exit_words

OOM = "OOMKilled"
_LOOP = "CrashLoopBackOff"
_COMING = frozenset({"ContainerCreating", "PodInitializing", ""})
_LAST_WORDS = 4_096
_ERROR = re.compile(r"(?i)\b(?:fatal|panic|critical|\w{0,60}(?:error|exception))\b")
_POLICIES: Mapping[str, str] = {"Always": "always", "OnFailure": "on-failure", "Never": "no"}
_SETTLES = 2.0
"""Seconds after a start within which "not ready" is how it began, not something that happened since."""


class State(Struct, frozen=True, kw_only=True):
    """What a pod does, worked out of its containers' states."""

    phase: Phase
    health: Health = Health.NONE
    detail: SafeText = SafeText("")
    health_since: datetime | None = None
    error: SafeText = SafeText("")
    exit_code: int | None = None
    oom_killed: bool | None = None
    finished_at: datetime | None = None
    part: SafeText = SafeText("")


def instance_of(pod: Pod, identity: Identity, *, job: bool = False) -> Instance:
    """A pod as the board has it. job: it is meant to end, so being ready says nothing."""
    meta, spec = pod.metadata, pod.spec
    containers = spec.containers or []
    started = started_at(pod)
    state = state_of(pod, started)
    label = meta.labels.version if meta.labels else ""
    image, version = release_of(containers[0].image if containers else "", label)
    return Instance(
        id=identity,
        name=safe(meta.name, 253),
        phase=state.phase,
        health=Health.NONE if job else state.health,
        health_detail=state.detail,
        health_since=state.health_since,
        exit_code=state.exit_code,
        oom_killed=state.oom_killed,
        error=state.error,
        restarts=restarts_of(pod),
        created_at=moment(meta.creation_timestamp),
        started_at=started,
        preparing_at=_latest(pod.status.init_container_statuses) if started is None else None,
        finished_at=state.finished_at,
        image=image,
        # Its digest is known once it is pulled, and may differ between nodes: its name is what a revision keeps.
        image_id=image,
        version=version,
        ports=() if job else ports_of(containers),
        addresses=(intern(pod.status.pod_ip),) if pod.status.pod_ip else (),
        cpu_limit=limit_of(containers, "cpu", 100.0),
        memory_limit=None if (memory := limit_of(containers, "memory", 1.0)) is None else int(memory),
        restart_policy=_POLICIES.get(spec.restart_policy, ""),
        tty=any(one.tty for one in containers),
        part=state.part,
    )


def state_of(pod: Pod, started: datetime | None) -> State:
    """What a pod does, the worst of its containers first."""
    status = pod.status
    if pod.metadata.deletion_timestamp is not None and status.phase in ("Pending", "Running"):
        return State(phase=Phase.STOPPING, error=disrupted(condition(status.conditions, CONDITION)))
    if status.phase in ("Succeeded", "Failed"):
        return _ended(pod)
    if status.phase == "Unknown":
        return State(phase=Phase.UNKNOWN, error=safe(status.message or "its node does not answer", 300))
    if status.phase == "Running" and not status.init_container_statuses and _all_well(status.container_statuses or ()):
        return _up(pod, started)
    return _init_failed(pod) or _held_up(pod) or _crashed(pod) or _scheduled(pod) or _up(pod, started)


def _all_well(statuses: Sequence[ContainerStatus]) -> bool:
    """Nearly all are: what may be wrong with a container need not be looked for."""
    return all(one.ready and one.state is not None and one.state.running is not None for one in statuses)


def _ended(pod: Pod) -> State:
    status = pod.status
    runs = [one.state.terminated for one in status.container_statuses or () if one.state and one.state.terminated]
    worst = max(runs, key=lambda run: (run.exit_code != 0, run.finished_at or ""), default=None)
    finished = max((at for run in runs if (at := moment(run.finished_at))), default=None)
    error = ""
    if status.phase == "Failed" and status.reason:
        word = status.reason.lower() if status.reason == "Evicted" else status.reason
        error = f"{word}: {status.message}" if status.message else word
    failed = status.phase == "Failed"
    return State(
        phase=Phase.EXITED,
        exit_code=worst.exit_code if worst else (None if failed else 0),
        oom_killed=bool(worst and worst.reason == OOM),
        error=safe(error, 500),
        finished_at=finished,
    )


def _init_failed(pod: Pod) -> State | None:
    for one in pod.status.init_container_statuses or ():
        state = one.state
        ended = _last(one)
        waits = state.waiting.reason if state and state.waiting else ""
        if waits in PULLS:
            return _waiting(one, pod, many=True)
        if ended is not None and ended.exit_code != 0 and not (state and state.running):
            words = exit_words(ended.exit_code, ended.reason == OOM)
            times = f", restarted {one.restart_count}x" if one.restart_count else ""
            return State(phase=Phase.PENDING, error=safe(f"init container {one.name}: {words}{times}", 500))
        if waits not in _COMING and waits != _LOOP:
            return _waiting(one, pod, many=True)
    return None


def _held_up(pod: Pod) -> State | None:
    """A container that cannot be made: its image, its configuration."""
    statuses = pod.status.container_statuses or ()
    for one in statuses:
        waiting = one.state.waiting if one.state else None
        if waiting is not None and waiting.reason not in _COMING and waiting.reason != _LOOP:
            return _waiting(one, pod, many=len(statuses) > 1)
    return None


def _waiting(one: ContainerStatus, pod: Pod, *, many: bool) -> State:
    assert one.state is not None
    assert one.state.waiting is not None
    reason, message = one.state.waiting.reason, one.state.waiting.message
    specs = [*(pod.spec.containers or ()), *(pod.spec.init_containers or ())]
    image = next((spec.image for spec in specs if spec.name == one.name), "")
    text = f"{reason}: {message}" if message else reason
    if reason in PULLS:
        text = pull_words(message or reason, image)
    return State(phase=Phase.PENDING, error=safe(f"{one.name}: {text}" if many else text, 500))


def _crashed(pod: Pod) -> State | None:
    """A container that ended and is, or will be, started again."""
    for one in pod.status.container_statuses or ():
        state = one.state
        if state is None or state.running is not None:
            continue
        loops = state.waiting is not None and state.waiting.reason == _LOOP
        ended = state.terminated or (_last(one) if loops or one.restart_count else None)
        if not loops and state.terminated is None:
            continue
        if ended is None:
            return State(phase=Phase.RESTARTING)
        if pod.spec.restart_policy == "Never" and ended.exit_code == 0:
            continue
        return State(
            phase=Phase.RESTARTING,
            exit_code=ended.exit_code,
            oom_killed=ended.reason == OOM,
            error=telling_line(ended.message),
            finished_at=moment(ended.finished_at),
            part=_part(one, pod),
        )
    return None


def _part(one: ContainerStatus, pod: Pod) -> SafeText:
    """The container's name, where there are several."""
    return safe(one.name, 63) if len(pod.status.container_statuses or ()) > 1 else SafeText("")


def last_end(pod: Pod) -> SafeText:
    """How a container that is not ready ended last, if badly: "worker: exit 1: FATAL no configuration".

    It stays while the next run has not passed its check: a crash loop runs for a moment each time.
    """
    for one in pod.status.container_statuses or ():
        if one.ready:
            continue
        ended = _last(one)
        if ended is not None and (ended.exit_code or ended.reason == OOM):
            part = _part(one, pod)
            words = end_said(ended.exit_code, ended.reason == OOM, telling_line(ended.message))
            return safe(f"{part}: {words}" if part else words, 300)
    return SafeText("")


def telling_line(message: str) -> SafeText:
    """What a run left as its last words: one line or, as FallbackToLogsOnError, the end of its log (4 KiB at most).

    Of several lines the last that names an error, for "exit status 1" or a stack may stand behind it; else the last.
    """
    lines = [line.strip() for line in message[-_LAST_WORDS:].splitlines() if line.strip()]
    telling = next((line for line in reversed(lines) if _ERROR.search(line)), lines[-1] if lines else "")
    return safe(telling, 200)


def _scheduled(pod: Pod) -> State | None:
    found = condition(pod.status.conditions, "PodScheduled")
    if found is None or found.status != "False" or pod.spec.node_name:
        return None
    word = "unschedulable" if found.reason == "Unschedulable" else found.reason or "not scheduled"
    return State(phase=Phase.PENDING, error=safe(f"{word}: {found.message}", 500))


def _up(pod: Pod, started: datetime | None) -> State:
    statuses = pod.status.container_statuses or ()
    running = [one for one in statuses if one.state and (one.state.running or one.state.terminated)]
    if pod.status.phase != "Running" or not running or len(running) < len(statuses):
        return State(phase=Phase.PENDING)
    ready = condition(pod.status.conditions, "Ready")
    changed = moment(ready.last_transition_time) if ready else None
    ended, part = next(
        ((last, _part(one, pod)) for one in statuses if one.restart_count and (last := _last(one))),
        (None, SafeText("")),
    )
    before: dict[str, Any] = {"oom_killed": False}
    if ended is not None:
        before = {"exit_code": ended.exit_code, "oom_killed": ended.reason == OOM, "part": part}
    if ready is None:
        return State(phase=Phase.RUNNING, **before)
    if ready.status == "True":
        return State(phase=Phase.RUNNING, health=Health.HEALTHY, health_since=changed, oom_killed=False)
    unready = [one.name for one in statuses if not one.ready]
    detail = safe(f"not ready: {', '.join(unready)}" if len(statuses) > 1 and unready else "not ready", 200)
    was = changed is not None and started is not None and (changed - started).total_seconds() > _SETTLES
    # Ready falls when a container ends, and stays so until the new run passes its check: that is a start too.
    health = Health.UNHEALTHY if was and ready.status == "False" else Health.STARTING
    return State(phase=Phase.RUNNING, health=health, detail=detail, health_since=changed, **before)


def started_at(pod: Pod) -> datetime | None:
    """When the present run began, or the last one of what waits to be restarted: of several containers the latest."""
    return _latest(pod.status.container_statuses)


def _latest(statuses: Sequence[ContainerStatus] | None) -> datetime | None:
    times = [
        moment(run.started_at)
        for one in statuses or ()
        if one.state and (run := one.state.running or one.state.terminated or _last(one))
    ]
    return max((time for time in times if time is not None), default=None)


def restarts_of(pod: Pod) -> int:
    """Of all containers and sidecars together, as kubectl counts them."""
    if not pod.spec.init_containers:
        return sum([one.restart_count for one in pod.status.container_statuses or ()])
    sidecars = {one.name for one in pod.spec.init_containers or () if one.restart_policy == "Always"}
    inits = [one for one in pod.status.init_container_statuses or () if one.name in sidecars]
    return sum(one.restart_count for one in (*(pod.status.container_statuses or ()), *inits))


def _last(one: ContainerStatus) -> Terminated | None:
    now, before = one.state, one.last_state
    return (now.terminated if now else None) or (before.terminated if before else None)
