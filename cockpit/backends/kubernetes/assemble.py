"""How pods, what keeps them and what stands around them become a workload of the board. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.kubernetes.around import selects
from cockpit.backends.kubernetes.controllers import Control
from cockpit.backends.kubernetes.making import refused_words
from cockpit.backends.kubernetes.owners import Owner, Reference
from cockpit.backends.kubernetes.pulls import PULL, pull_words
from cockpit.backends.kubernetes.surroundings import Surroundings
from cockpit.board.instances import GRACE
from cockpit.board.model import Change, ChangeKind, Health, Instance, Phase, ReadingState, Remark, SafeText, Workload
from cockpit.board.text import safe

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
_COMES_UP = frozenset({Phase.PENDING, Phase.RESTARTING, Phase.RUNNING})
_PROBES = ("Unhealthy", "ProbeWarning")
_STATUS = "HTTP probe failed with statuscode: "
_PROBE_WORDS = (" probe failed: ", " probe errored: ")
_ASKED = re.compile(r'Get "https?://[^/"]*(/?[^"]*)": (.+)', re.DOTALL)


class PodFact(Struct, frozen=True):
    """One pod. container: its first; inactive: it ended for good; leaving: it is being deleted.

    ended: how it ended last, badly, while it is not ready again. only: its one container, where nothing else of it has
    a log and no other pod will ever have its name; empty otherwise.
    """

    instance: Instance
    owner: Owner
    reference: Reference | None
    node: str
    container: str
    inactive: bool
    leaving: bool
    ended: SafeText = SafeText("")
    only: str = ""


def workload(
    owner: Owner, control: Control | None, pods: Sequence[PodFact], around: Surroundings, scope: str, blind: SafeText,
    changes: tuple[Change, ...] = (),
) -> Workload:  # fmt: skip
    """A workload as things stand. blind: why its pods cannot be seen, empty when they can; changes: what its revisions
    and its configuration tell."""
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
        remarks=(
            *_remarks(owner, control, shown, instances, desired, around),
            *_leaving(pods, around),
            *around.isolations.get(owner, {}).values(),
        ),
        isolated=around.isolated(owner),
        paused=control.paused if control else None,
        generation=control.generation if control else None,
        changes=(*changes, *_around(owner, pods, around)),
        autoscaler=hpa.scaler if (hpa := around.hpas.get(owner)) else None,
    )


def _around(owner: Owner, pods: Sequence[PodFact], around: Surroundings) -> Iterator[Change]:
    """What befell it from outside: its autoscaler, the nodes of its pods."""
    if (scaled := around.scaled(owner)) is not None:
        yield scaled
    for name in sorted({pod.node for pod in pods if pod.node in around.nodes}):
        node = around.nodes[name]
        if node.why and node.since is not None:
            yield Change(node.since, ChangeKind.NODE, safe(node.why.partition(" since ")[0], 200), name)
        elif node.cordoned and node.facts.cordoned_at is not None:
            words = node.cordoned.partition(" since ")[0]
            yield Change(node.facts.cordoned_at, ChangeKind.NODE, safe(words, 200), name)


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
    if node is not None and not node.ready and not pod.inactive:
        if node.unknown:
            return replace(one, phase=Phase.UNKNOWN, error=node.why)
        if one.phase is Phase.RUNNING:
            return replace(one, health=Health.UNHEALTHY, health_detail=node.why, health_since=node.since)
    if one.phase is Phase.RUNNING and one.health in (Health.UNHEALTHY, Health.STARTING):
        event = around.event(one.id.instance, _PROBES, one.started_at)
        return replace(one, health_detail=probe_words(event.text)) if event else one
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


def probe_words(text: str) -> SafeText:
    """ "Readiness probe failed: HTTP probe failed with statuscode: 503" as "readiness probe 503"; of an HTTP request
    that was not answered its cause, then its path: "readiness probe connection refused /health"."""
    for words in _PROBE_WORDS:
        kind, found, said = text.partition(words)
        if found:
            said = said.removeprefix(_STATUS)
            if asked := _ASKED.match(said):
                cause = asked[2].rpartition(": ")[2] if "deadline" not in asked[2] else "timed out"
                said = f"{cause} {asked[1]}"
            return safe(f"{kind.lower()} probe {said}", 300)
    return safe(text, 300)


def _unseen(owner: Owner, scope: str, number: int, why: SafeText) -> Instance:
    identity = owner.identity(scope, f"unseen-{number}")
    return Instance(id=identity, name=safe(f"{owner.name} {number}", 253), phase=Phase.UNKNOWN, error=why)


def _remarks(
    owner: Owner, control: Control | None, pods: Sequence[PodFact], instances: Sequence[Instance], desired: int | None,
    around: Surroundings,
) -> tuple[Remark, ...]:  # fmt: skip
    if control is None:
        return ()
    found = list(control.remarks)
    if (remark := _failing(control, pods, instances) or _unready(control, instances, around)) is not None:
        # What the new pods say comes before that the rollout is stuck: the row has room for one of them.
        found.insert(0, remark)
    event = around.event(control.uid, _CREATES, None)
    if event is not None and desired is not None and len(instances) < desired:
        found.append(
            Remark(
                safe(f"{refused_words(event.text)[:270]} (no pod can be made)", 300), ReadingState.DEGRADED, event.at
            )
        )
    hpa = around.hpas.get(owner)
    if hpa is not None and hpa.remark is not None:
        found.append(hpa.remark)
    labels = dict(control.labels)
    for pdb in around.pdbs.values():
        if pdb.space == owner.space and pdb.remark is not None and selects(pdb.selector, labels):
            found.append(pdb.remark)
    return tuple({remark.text: remark for remark in found}.values())


def _leaving(pods: Sequence[PodFact], around: Surroundings) -> Sequence[Remark]:
    """Pods on nodes that take no new ones: as a rule because somebody means to empty them."""
    found = [pod.node for pod in pods if not pod.inactive and (node := around.nodes.get(pod.node)) and node.cordoned]
    if not found:
        return ()
    first, *others = dict.fromkeys(sorted(found))
    where = f"{first}, which is cordoned" if not others else f"{1 + len(others)} cordoned nodes, {first} among them"
    count = "1 pod is" if len(found) == 1 else f"{len(found)} pods are"
    return (Remark(safe(f"{count} on {where}", 200), ReadingState.OK),)


def _failing(control: Control, pods: Sequence[PodFact], instances: Sequence[Instance]) -> Remark | None:
    """Pods beyond those that serve which do not come up: a rollout that goes bad while the old pods still answer.

    One that crashed stays among them while it runs again and is not ready: a crash loop is one fault, not many.
    """
    if not control.rollout:
        return None
    ended = {pod.instance.id.instance: pod.ended for pod in pods}
    bad = [(one, said) for one in instances if (said := ended.get(one.id.instance) or _held(one))]
    bad = [(one, said) for one, said in bad if _is_new(one, control) and one.phase in _COMES_UP]
    if not bad:
        return None
    since = min((one.created_at for one, _ in bad if one.created_at), default=None)
    return Remark(safe(f"{bad[0][1][:250]} ({_count(len(bad))})", 300), ReadingState.DEGRADED, since)


def _is_new(one: Instance, control: Control) -> bool:
    """Whether a pod was made by the present rollout."""
    return one.created_at is not None and (control.changed_at is None or one.created_at >= control.changed_at)


def _held(one: Instance) -> str:
    """What keeps a pod from running at all."""
    return str(one.error) if one.phase is Phase.PENDING else ""


def _count(number: int) -> str:
    return "new pod" if number == 1 else f"{number} new pods"


def _unready(control: Control, instances: Sequence[Instance], around: Surroundings) -> Remark | None:
    """New pods of a rollout that run and are not ready, with what their probe says.

    For as long as a start may take it is only told; then, or when the rollout is stuck, it is bad.
    """
    if not control.rollout or control.changed_at is None:
        return None
    found = []
    for one in instances:
        if _is_new(one, control) and one.phase is Phase.RUNNING and one.health in (Health.UNHEALTHY, Health.STARTING):
            event = around.event(one.id.instance, _PROBES, one.started_at)
            found += [(one, event)] if event else []
    if not found:
        return None
    words = f"{found[0][0].health_detail} ({_count(len(found))})"
    failing = [event.at - one.started_at for one, event in found if event.at and one.started_at]
    bad = bool(control.remarks) or max(failing, default=GRACE) >= GRACE
    since = min((one.created_at for one, _ in found if one.created_at), default=None)
    # On the row from the first answer on, while the old pods still serve: that is when a rollout can be taken back.
    return Remark(safe(words, 300), ReadingState.DEGRADED if bad else ReadingState.OK, since, standing=True)
