"""How pods, what keeps them and what stands around them become a workload of the board. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.kubernetes.around import selects
from cockpit.backends.kubernetes.controllers import Control
from cockpit.backends.kubernetes.owners import Owner, Reference
from cockpit.backends.kubernetes.pods import PULL, pull_words
from cockpit.backends.kubernetes.surroundings import Surroundings
from cockpit.board.instances import GRACE
from cockpit.board.model import Health, Instance, Phase, ReadingState, Remark, SafeText, Workload
from cockpit.board.text import safe
from cockpit.board.why import end_said

ENDED_KEPT = 3
"""Pods of a Deployment that ended (evicted, lost their node) and are shown while their replacements are missing."""
UNSEEN_MOST = 100
"""Pods that are wanted and may not be seen, of one workload, that stand on the board as unknown."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_HOLDS_UP = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedScheduling", "NetworkNotReady")
"""Reasons of events that say why a pod does not start, most telling first."""
_CREATES = ("FailedCreate", "FailedDaemonPod")
_PULL = ("Failed",)
_REFUSED = re.compile(r'Failed to pull image "([^"]+)": (.+)', re.DOTALL)
_PROBES = ("Unhealthy", "ProbeWarning")
_STATUS = "HTTP probe failed with statuscode: "
_PROBE_WORDS = (" probe failed: ", " probe errored: ")


class PodFact(Struct, frozen=True):
    """One pod. container: its first; inactive: it ended for good; leaving: it is being deleted."""

    instance: Instance
    owner: Owner
    reference: Reference | None
    node: str
    container: str
    inactive: bool
    leaving: bool


def workload(
    owner: Owner, control: Control | None, pods: Sequence[PodFact], around: Surroundings, scope: str, blind: SafeText
) -> Workload:
    """A workload as things stand. blind: why its pods cannot be seen, empty when they can."""
    desired = control.desired if control else (1 if owner.kind == "pod" else None)
    shown = sorted(_shown(pods, control, desired), key=lambda pod: pod.instance.name)
    instances = tuple(adorned(pod, around) for pod in shown)
    if blind:
        count = 1 if desired is None else min(desired, UNSEEN_MOST)
        instances = tuple(_unseen(owner, scope, number, blind) for number in range(1, count + 1))
    image = (control.image if control else SafeText("")) or (instances[0].image if instances else SafeText(""))
    return Workload(
        id=owner.identity(scope),
        source=around.source,
        where=(*around.where, ("namespace", safe(owner.space, 63))),
        instances=instances,
        desired=desired,
        image=image,
        maintenance=bool(control and control.suspended),
        rollout=control.rollout if control else SafeText(""),
        changed_at=control.changed_at if control else None,
        remarks=_remarks(owner, control, instances, desired, around),
        generation=control.generation if control else None,
        autoscaler=hpa.scaler if (hpa := around.hpas.get(owner)) else None,
    )


def _shown(pods: Sequence[PodFact], control: Control | None, desired: int | None) -> Sequence[PodFact]:
    """Without pods that ended and were replaced; of a job the newest."""
    if control is not None and control.newest is not None:
        ordered = sorted(pods, key=lambda pod: pod.instance.created_at or _LONG_AGO, reverse=True)
        return ordered[: control.newest]
    if desired is None or control is None:
        return pods
    active = [pod for pod in pods if not pod.inactive]
    missing = desired - sum(not pod.leaving for pod in active)
    ended = sorted(
        (pod for pod in pods if pod.inactive), key=lambda pod: pod.instance.created_at or _LONG_AGO, reverse=True
    )
    return [*active, *ended[: max(0, min(missing, ENDED_KEPT))]]


def adorned(pod: PodFact, around: Surroundings) -> Instance:
    """A pod with what its node and the events about it say."""
    one = pod.instance
    node = around.nodes.get(pod.node) if pod.node else None
    if node is not None and not pod.inactive:
        if node.unknown:
            return replace(one, phase=Phase.UNKNOWN, error=node.why)
        if one.phase is Phase.RUNNING:
            return replace(one, health=Health.UNHEALTHY, health_detail=node.why, health_since=node.since)
    if one.phase is Phase.RUNNING and one.health in (Health.UNHEALTHY, Health.STARTING):
        event = around.event(one.id.instance, _PROBES, one.started_at)
        return replace(one, health_detail=_probe(event.text)) if event else one
    if one.phase is Phase.PENDING:
        return _held_up(one, around)
    return one


def _held_up(one: Instance, around: Surroundings) -> Instance:
    if not one.error:
        event = around.event(one.id.instance, _HOLDS_UP, one.created_at)
        return replace(one, error=safe(f"{event.reason}: {event.text}", 500)) if event else one
    container, pulls, said = one.error.partition(PULL)
    if pulls and said.startswith("Back-off"):
        # The state says only that it waits; the event before it says why.
        event = around.event(one.id.instance, _PULL, one.created_at)
        refused = _REFUSED.match(event.text) if event else None
        if refused:
            return replace(one, error=safe(container + pull_words(refused[2], refused[1]), 500))
    return one


def _probe(text: str) -> SafeText:
    """ "Readiness probe failed: HTTP probe failed with statuscode: 503" as "readiness: HTTP probe failed ..."."""
    for words in _PROBE_WORDS:
        kind, found, said = text.partition(words)
        if found:
            return safe(f"{kind.lower()}: {said}", 300)
    return safe(text, 300)


def _unseen(owner: Owner, scope: str, number: int, why: SafeText) -> Instance:
    identity = owner.identity(scope, f"unseen-{number}")
    return Instance(id=identity, name=safe(f"{owner.name} {number}", 253), phase=Phase.UNKNOWN, error=why)


def _remarks(
    owner: Owner, control: Control | None, instances: Sequence[Instance], desired: int | None, around: Surroundings
) -> tuple[Remark, ...]:
    if control is None:
        return ()
    found = list(control.remarks)
    if (remark := _failing(control, instances) or _unready(control, instances, around)) is not None:
        # What the new pods say comes before that the rollout is stuck: the row has room for one of them.
        found.insert(0, remark)
    event = around.event(control.uid, _CREATES, None)
    if event is not None and desired is not None and len(instances) < desired:
        found.append(Remark(safe(f"no pod can be made: {event.text}", 300), ReadingState.DEGRADED, event.at))
    hpa = around.hpas.get(owner)
    if hpa is not None and hpa.remark is not None:
        found.append(hpa.remark)
    labels = dict(control.labels)
    for pdb in around.pdbs.values():
        if pdb.space == owner.space and pdb.remark is not None and selects(pdb.selector, labels):
            found.append(pdb.remark)
    return tuple({remark.text: remark for remark in found}.values())


def _failing(control: Control, instances: Sequence[Instance]) -> Remark | None:
    """Pods beyond those that serve which do not come up: a rollout that goes bad while the old pods still answer."""
    if not control.rollout:
        return None
    bad = [one for one in instances if one.error or one.phase is Phase.RESTARTING]
    bad = [one for one in bad if one.phase in (Phase.RESTARTING, Phase.PENDING)]
    if not bad:
        return None
    first = bad[0]
    said = str(first.error)
    if first.phase is Phase.RESTARTING:
        said = end_said(first.exit_code, bool(first.oom_killed), said)
    count = "new pod" if len(bad) == 1 else f"{len(bad)} new pods"
    since = min((one.created_at for one in bad if one.created_at), default=None)
    return Remark(safe(f"{count}: {said}", 300), ReadingState.DEGRADED, since)


def _unready(control: Control, instances: Sequence[Instance], around: Surroundings) -> Remark | None:
    """New pods of a rollout that run and are not ready, with what their probe says.

    For as long as a start may take it is only told; then, or when the rollout is stuck, it is bad.
    """
    if not control.rollout or control.changed_at is None:
        return None
    found = []
    for one in instances:
        new = one.created_at is not None and one.created_at >= control.changed_at
        if new and one.phase is Phase.RUNNING and one.health in (Health.UNHEALTHY, Health.STARTING):
            event = around.event(one.id.instance, _PROBES, one.started_at)
            found += [(one, event)] if event else []
    if not found:
        return None
    count = "new pod" if len(found) == 1 else f"{len(found)} new pods"
    kind, _, said = found[0][0].health_detail.partition(": ")
    words = f"{count} not ready: {kind} probe {said.removeprefix(_STATUS)}" if said else f"{count} not ready: {kind}"
    failing = [event.at - one.started_at for one, event in found if event.at and one.started_at]
    bad = bool(control.remarks) or max(failing, default=GRACE) >= GRACE
    since = min((one.created_at for one, _ in found if one.created_at), default=None)
    return Remark(safe(words, 300), ReadingState.DEGRADED if bad else ReadingState.OK, since)
