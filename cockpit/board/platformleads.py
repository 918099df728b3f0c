"""What a platform says of instances and of what keeps them, as findings: each told from its fields and words. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from cockpit.board import why
from cockpit.board.lead import Evidence, Kind, Lead, Place
from cockpit.board.model import Health, Instance, Phase, ReadingState, Remark, State, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.text import safe

_ERRORS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"(?i)^(?:[\w.-]+: )?image |\bno such image\b|\bpull access\b|\bmanifest\b"), Kind.IMAGE),
    (re.compile(r"^node \S+ (?:does not answer|is not ready)"), Kind.NODE),
    (re.compile(r"^(?:unschedulable|not scheduled|SchedulingGated)\b"), Kind.SCHEDULING),
    (re.compile(r"^evicted\b"), Kind.EVICTED),
)
"""What the words of an instance that cannot run are about; START else."""
_SERVES = (Phase.RUNNING, Phase.STARTING)


def of_instances(service: ServiceStatus, workload: Workload) -> Iterator[Lead]:
    """Instances that fail alike are one finding; its evidence is that of the one that failed last."""
    told = _told(service, workload.instances)
    alike: dict[tuple[Kind, int | None, str, str], list[Instance]] = {}
    for one in workload.instances:
        kind = _kind(one, one.name in told)
        if kind is not None:
            alike.setdefault((kind, one.exit_code, one.error, one.health_detail), []).append(one)
    for (kind, *_), some in alike.items():
        last = max(some, key=lambda one: (_when(one) is not None, _when(one), one.name))
        words = told.get(last.name) or _words(last)
        times = [at for at in map(_when, some) if at is not None]
        if last.phase is Phase.RESTARTING and service.since is not None:
            # Of a crash loop the platform tells the last end; the service is in trouble since the first.
            times.append(service.since)
        subject = f"{workload.id.name} {last.exit_code} {last.error[:80]} {last.health_detail[:80]}"
        yield Lead(
            kind=kind, subject=subject, count=len(some),
            text=safe(why.several(len(some), words), 300), state=_badness(service), since=min(times, default=None),
            evidence=_evidence(kind, workload, last),
        )  # fmt: skip


def _told(service: ServiceStatus, instances: Iterable[Instance]) -> dict[str, str]:
    """The board's own words for each instance: they know of runs that are gone by now."""
    names = {str(one.name) for one in instances}
    lines = (line.partition(": ") for line in service.evidence)
    return {name: words for name, _, words in reversed(list(lines)) if name in names and words}


def _badness(service: ServiceStatus) -> ReadingState:
    return ReadingState.DOWN if service.state is State.DOWN else ReadingState.DEGRADED


def _kind(one: Instance, told: bool) -> Kind | None:
    """What is wrong with an instance; None: nothing. told: the board has something to say of it."""
    well = one.phase in _SERVES and one.health in (Health.NONE, Health.HEALTHY)
    about = next((kind for words, kind in _ERRORS if words.search(one.error)), None) if one.error else None
    if about is not None and not well:
        return about
    if one.oom_killed and not well:
        return Kind.MEMORY
    if one.phase is Phase.RESTARTING or (one.phase in (Phase.EXITED, Phase.DEAD) and one.exit_code and not one.error):
        return Kind.EXIT
    if one.error and not well:
        return Kind.START
    if one.health is Health.UNHEALTHY:
        return Kind.HEALTH
    if one.phase in (Phase.EXITED, Phase.DEAD):
        return Kind.ENDED if told else None
    # A crash loop that runs just now; a start that takes too long.
    return (Kind.EXIT if one.exit_code else Kind.HEALTH) if told and one.phase is not Phase.PAUSED else None


def _when(one: Instance) -> datetime | None:
    return one.finished_at or one.health_since or one.started_at or one.created_at


def _words(one: Instance) -> str:
    if one.phase in (Phase.RESTARTING, Phase.EXITED, Phase.DEAD) and (one.exit_code is not None or one.oom_killed):
        return why.end_said(one.exit_code, bool(one.oom_killed), str(one.error))
    if one.error:
        return why.start_error(one)
    return why.unhealthy(one) if one.health is Health.UNHEALTHY else str(one.phase)


_DESCRIBED = frozenset({Kind.IMAGE, Kind.NODE, Kind.SCHEDULING, Kind.EVICTED, Kind.START})
"""Of these no log tells more than what the platform says of the instance."""


def _evidence(kind: Kind, workload: Workload, one: Instance) -> Evidence:
    node = re.match(r"node (\S+)", one.error) if kind is Kind.NODE else None
    if node is not None:
        return Evidence(place=Place.LISTED, name=node[1].rstrip(":"), kind="nodes", source=workload.source)
    if kind in _DESCRIBED:
        return Evidence(place=Place.OBJECT, name=one.name, identity=one.id)
    runs_again = kind in (Kind.MEMORY, Kind.EXIT) and one.phase in _SERVES
    at = one.health_since if kind is Kind.HEALTH else None
    return Evidence(place=Place.LOG, name=one.name, identity=one.id, at=at, previous=runs_again)


# What the platform says of the workload

_REMARKS: tuple[tuple[re.Pattern[str], Kind, str], ...] = (
    (re.compile(r"^HPA (\S+)"), Kind.SCALER, "horizontalpodautoscalers"),
    (re.compile(r"^PDB (\S+)"), Kind.BUDGET, "poddisruptionbudgets"),
    (re.compile(r"quota|\(no pod can be made\)$"), Kind.QUOTA, ""),
    (re.compile(r"\((?:\d+ )?new pods?\)$"), Kind.NEW, ""),
    (re.compile(r"^rollout"), Kind.ROLLOUT, ""),
    (re.compile(r"^job failed"), Kind.JOB, ""),
    (re.compile(r"^isolated by NetworkPolicy (\S+)"), Kind.REMARK, "networkpolicies"),
    (re.compile(r"(\S+), which is cordoned$|cordoned nodes, (\S+) among them$"), Kind.REMARK, "nodes"),
)
"""What a remark is about, by its words; the kind of object that it names first, if it names one."""


def of_workload(workload: Workload) -> Iterator[Lead]:
    told = [remark.text for remark in workload.remarks]
    rolling = [Remark(workload.rollout, ReadingState.OK, workload.changed_at)] if workload.rollout else []
    for remark in (*workload.remarks, *(one for one in rolling if one.text not in told)):
        kind, evidence = _about(remark, workload)
        yield Lead(
            kind=kind, subject=f"{workload.id.name} {remark.text[:80]}", text=safe(remark.text, 300),
            state=remark.state, since=remark.since, evidence=evidence,
        )  # fmt: skip


def _newest(workload: Workload) -> Evidence:
    """Of the instances that are not well the one that was made last: what its platform says, its checks among it."""
    bad = [one for one in workload.instances if one.phase is not Phase.RUNNING or one.health is not Health.HEALTHY]
    known = [(one.created_at, one.name, one) for one in bad if one.created_at is not None]
    if not known:
        return _history(workload)
    *_, one = max(known, key=lambda pair: pair[:2])
    return Evidence(place=Place.OBJECT, name=one.name, identity=one.id)


def _history(workload: Workload) -> Evidence:
    return Evidence(place=Place.REVISIONS, name=workload.id.name, identity=workload.id)


_PLACES: Mapping[Kind, Callable[[Workload], Evidence]] = {Kind.NEW: _newest, Kind.ROLLOUT: _history}


def _about(remark: Remark, workload: Workload) -> tuple[Kind, Evidence]:
    itself = Evidence(place=Place.OBJECT, name=workload.id.name, identity=workload.id)
    for words, kind, objects in _REMARKS:
        found = words.search(remark.text)
        if found is None:
            continue
        if kind in _PLACES:
            return kind, _PLACES[kind](workload)
        name = next((one for one in found.groups() if one), "") if objects else ""
        if not name:
            return kind, itself
        listed = Evidence(
            place=Place.LISTED, name=name.rstrip(":,"), kind=objects, source=workload.source, identity=workload.id
        )
        return kind, listed
    return Kind.REMARK, itself
