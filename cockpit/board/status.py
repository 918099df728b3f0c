"""From an assessment and its dependencies to the `ServiceStatus` that readers get."""

from cockpit.board import why
from cockpit.board.assess import Assessment, Finding
from cockpit.board.changes import last_before
from cockpit.board.depends import Dependencies
from cockpit.board.model import Change, ChangeKind, SafeText, State
from cockpit.board.since import Onset
from cockpit.board.slot import Slot
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.text import safe

EVIDENCE_MOST = 12
_REASON_LIMIT = 200
TELLING = 9
"""Reasons of this weight stand before a dependency that is down: out of memory, killed, not startable."""

NEEDS_CAUSE = frozenset({State.DOWN, State.DEGRADED, State.STARTING})


_FAULTS = frozenset({State.DOWN, State.DEGRADED})


def status(
    key: str, slot: Slot, one: Assessment, dependencies: Dependencies, cause: str, cause_onset: Onset | None, name: str,
    changes: tuple[Change, ...] = (),
) -> ServiceStatus:  # fmt: skip
    """What readers get of a service. name: the cause's name as shown; changes: of the service, newest first."""
    after = _after(one, changes)
    declared = slot.declared
    numbers = slot.numbers
    return ServiceStatus(
        key=key,
        name=slot.chosen.name,
        scope=SafeText(slot.chosen.scope),
        tier=slot.tier,
        state=one.state,
        since=one.onset.at,
        since_exact=one.onset.exact,
        why=_why(one, cause_onset, name, after),
        evidence=_evidence(one, cause_onset, name, after),
        cause=cause,
        ready=one.ready,
        desired=one.desired,
        restarts=one.restarts,
        cpu=numbers.value("cpu"),
        memory=numbers.value("memory"),
        memory_limit=one.memory_limit,
        freshness=one.freshness,
        freshness_since=one.freshness_since,
        workloads=one.workloads,
        probes=one.probes,
        series=numbers.series,
        changes=changes,
        rate=slot.rates.best,
        depends_on=dependencies.needs(key),
        dependents=dependencies.dependents(key),
        owner=declared.owner if declared else "",
        description=declared.description if declared else "",
        notes=declared.notes if declared else "",
        links=tuple(declared.links.items()) if declared else (),
        node=slot.chosen.node,
    )


def _after(one: Assessment, changes: tuple[Change, ...]) -> str:
    """The last change before it went wrong, in words; empty when none is near, or nobody knows since when it is so."""
    onset = one.onset
    change = last_before(changes, onset.at) if one.state in _FAULTS and onset.exact else None
    if change is None:
        return ""
    if change.kind is ChangeKind.NODE and one.findings and change.subject in one.findings[0].text:
        return ""
    return why.after(change.text, (onset.at - change.at).total_seconds())


def _why(one: Assessment, cause: Onset | None, name: str, after: str) -> SafeText:
    standing = [found.text for found in one.findings if found.standing]
    if one.state is State.OK:
        return _reason(", ".join(standing))
    first = one.findings[0] if one.findings else None
    if cause is not None and _leads(first, cause):
        return _reason(", ".join((why.dependency(name, cause.state, cause.at), *standing)))
    parts = (first.text if first else "", after, *standing)
    return _reason(", ".join(dict.fromkeys(part for part in parts if part)))


def _evidence(one: Assessment, cause: Onset | None, name: str, after: str) -> tuple[SafeText, ...]:
    lines = [_reason(f"{found.label}: {found.text}" if found.label else found.text) for found in one.findings]
    if after:
        lines.insert(1, _reason(after))
    if cause is not None:
        words = _reason(why.dependency(name, cause.state, cause.at))
        lines.insert(0 if _leads(one.findings[0] if one.findings else None, cause) else len(lines), words)
    lines = list(dict.fromkeys(lines))
    if len(lines) > EVIDENCE_MOST:
        lines = [*lines[: EVIDENCE_MOST - 1], SafeText(f"and {len(lines) - EVIDENCE_MOST + 1} more")]
    return tuple(lines)


def _leads(first: Finding | None, cause: Onset) -> bool:
    """Whether the dependency tells more than the service's own first reason."""
    return cause.state is State.DOWN and (first is None or first.weight < TELLING)


def _reason(text: str) -> SafeText:
    # Its parts are safe already; only the length is left to bound.
    return safe(text, _REASON_LIMIT)
