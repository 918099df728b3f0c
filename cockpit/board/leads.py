"""What is known of a service's trouble, ranked by how much each finding tells, each with where its evidence is. Pure.

The order is a table (`lead.WEIGHTS`), then what is worse, then what was there first. A finding says what is so, never
that it is the cause.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from cockpit.board import why
from cockpit.board.changes import last_before
from cockpit.board.lead import WEIGHTS, Evidence, Kind, Lead, Place
from cockpit.board.model import ChangeKind, Freshness, ReadingState, SafeText, State
from cockpit.board.platformleads import of_instances, of_workload
from cockpit.board.snapshot import ServiceStatus, SourceStatus
from cockpit.board.text import safe

_WORDS = re.compile(r"[A-Za-z]{3}")
"""Of a shape without a word (an object of which everything changes) nothing is learned."""
MOST = 40
"""Findings of one service that are kept; a thousand instances that fail alike are one."""


def leads(
    service: ServiceStatus, first: ServiceStatus | None = None, sources: Sequence[SourceStatus] = (),
    errors: Iterable[Lead] = (),
) -> tuple[Lead, ...]:  # fmt: skip
    """Every finding about a service, the most telling first. first: of what it needs, what fell before it.

    errors: kinds of errors in its log, by whoever reads that.
    """
    found = [*_around(service, first, sources), *_numbers(service), *errors]
    for workload in service.workloads:
        found += [*of_instances(service, workload), *of_workload(workload)]
    found += _change(service, found)
    found += _otherwise(service, first, found)
    once = {(one.kind, one.subject): one for one in reversed(found) if not _is_told(one, found)}
    return tuple(sorted(once.values(), key=_rank)[:MOST])


_NEW_PODS = re.compile(r" \((?:\d+ )?new pods?\)$")
_STARTS = str(State.STARTING)


def _is_told(one: Lead, found: Sequence[Lead]) -> bool:
    """Whether it is said already: of a rollout's new pods, of those pods themselves."""
    if one.kind is Kind.HEALTH and one.text.startswith(_STARTS):
        # What keeps new pods from being ready tells more than that they start.
        return any(other.kind is Kind.NEW for other in found)
    if one.kind is not Kind.NEW:
        return False
    words = _NEW_PODS.sub("", one.text)
    return any(other.kind is not Kind.NEW and other.text.startswith(words) for other in found)


_BAD = {ReadingState.DOWN: 0, ReadingState.DEGRADED: 1, ReadingState.UNKNOWN: 2, ReadingState.OK: 3}


def _rank(one: Lead) -> tuple[int, int, float, str]:
    # Of findings of one kind the worse, then the older tells more; what has no time stands last.
    began = one.since.timestamp() if one.since else float("inf")
    return -WEIGHTS[one.kind], _BAD[one.state], began, one.subject


def _around(service: ServiceStatus, first: ServiceStatus | None, sources: Sequence[SourceStatus]) -> Iterator[Lead]:
    """Who does not answer, what fell before it, its probes."""
    named = dict.fromkeys(workload.source for workload in service.workloads)
    nowhere = Evidence(place=Place.NOWHERE)
    for source in (one for one in sources if one.name in named):
        if source.freshness is not Freshness.LIVE:
            text = safe(why.silence(source, source.name), 300)
            since = source.heard_at or source.since
            yield Lead(kind=Kind.SILENCE, subject=source.name, text=text, state=ReadingState.UNKNOWN,
                       evidence=nowhere, since=since)  # fmt: skip
        elif source.why:
            text = safe(f"cannot be seen: {source.label}: {source.why}", 300)
            yield Lead(kind=Kind.SIGHT, subject=source.name, text=text, state=ReadingState.UNKNOWN, evidence=nowhere)
    if first is not None:
        yield _under(service, first)
    yield from _probes(service)


def _under(service: ServiceStatus, first: ServiceStatus) -> Lead:
    """What it needs and fell no later. One that is down explains most; what is degraded may have the same reason."""
    down = first.state is State.DOWN
    earlier = first.since is not None and service.since is not None and first.since < service.since
    words = f"{first.name} {first.state} {'before it' if earlier else 'since then too'}"
    return Lead(
        kind=Kind.DEPENDENCY if down else Kind.NEEDED, subject=first.key, since=first.since,
        text=safe(words + (f": {first.why}" if first.why else ""), 300),
        state=ReadingState.DOWN if down else ReadingState.DEGRADED,
        evidence=Evidence(place=Place.SERVICE, name=first.name, kind=first.key),
    )  # fmt: skip


def _change(service: ServiceStatus, found: Sequence[Lead]) -> Iterator[Lead]:
    """The last change before it went wrong; not that of a node which a finding names already."""
    change = last_before(service.changes, service.since) if service.since and service.state is not State.OK else None
    named = change is not None and change.kind is ChangeKind.NODE and any(change.subject in one.text for one in found)
    if change is not None and not named:
        at_revisions = change.kind is ChangeKind.ROLLOUT and service.workloads
        place = Place.REVISIONS if at_revisions else Place.TIMELINE
        yield Lead(
            kind=Kind.CHANGE, subject=f"{change.subject} {change.at.isoformat()}", since=change.at,
            text=safe(f"last change before it: {change.text}", 300), state=ReadingState.OK,
            evidence=Evidence(place=place, name=service.name, at=change.at),
        )  # fmt: skip


def _probes(service: ServiceStatus) -> Iterator[Lead]:
    for probe in service.probes:
        reading = probe.reading
        if reading.state is ReadingState.OK and probe.freshness is Freshness.LIVE:
            continue
        live = probe.freshness is Freshness.LIVE
        words = why.probe(reading) if live else why.silent_probe(reading, probe.freshness)
        yield Lead(
            kind=Kind.PROBE if reading.critical else Kind.MINOR, subject=reading.probe, text=safe(words, 300),
            state=reading.state if live else ReadingState.UNKNOWN, since=probe.since,
            evidence=Evidence(place=Place.PROBE, name=reading.probe),
        )  # fmt: skip


def _numbers(service: ServiceStatus) -> Iterator[Lead]:
    """Numbers beyond their thresholds; the board's own words for each, where it has them."""
    for metric, series in service.series.items():
        if series.bad is None or series.bad is ReadingState.OK or not series.values:
            continue
        told = next((line for line in service.evidence if line.startswith(f"{metric} ")), None)
        text = told or safe(f"{metric} is beyond its threshold", 200)
        yield Lead(
            kind=Kind.THRESHOLD, subject=metric, text=text, state=series.bad,
            evidence=Evidence(place=Place.RESOURCES, name=service.name),
        )  # fmt: skip


def _otherwise(service: ServiceStatus, first: ServiceStatus | None, found: Sequence[Lead]) -> Iterator[Lead]:
    """What the board says beside all that: that there is no instance, that too few are ready."""
    said = [one.text for one in found]
    elsewhere = [change.text for change in service.changes] + ([f"{first.name} is "] if first is not None else [])
    work = next(iter(service.workloads), None)
    evidence = Evidence(place=Place.NOWHERE)
    if work is not None:
        evidence = Evidence(place=Place.OBJECT, name=work.id.name, identity=work.id)
    for line in service.evidence if service.state is not State.OK else ():
        words = line.partition(": ")[2] or line
        if any(part in text for text in said for part in (line, words)) or any(part in line for part in elsewhere):
            continue
        yield Lead(
            kind=Kind.KNOWN, subject=line[:80], text=line, state=_STATES.get(service.state, ReadingState.OK),
            evidence=evidence,
        )  # fmt: skip


_STATES = {
    State.DOWN: ReadingState.DOWN, State.DEGRADED: ReadingState.DEGRADED, State.UNKNOWN: ReadingState.UNKNOWN,
}  # fmt: skip


def of_errors(service: ServiceStatus, shapes: Iterable[tuple[SafeText, int, datetime | None]]) -> tuple[Lead, ...]:
    """Kinds of errors in its log as findings: (shape, how many, when last) of each."""
    return tuple(
        Lead(
            kind=Kind.ERRORS, subject=shape, text=safe(why.several(count, f"log: {shape}"), 300), since=last,
            state=ReadingState.OK, count=count, evidence=Evidence(place=Place.LOG, name=service.name, at=last),
        )
        for shape, count, last in shapes
        if _WORDS.search(shape)
    )  # fmt: skip
