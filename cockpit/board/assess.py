"""What is made of everything known about one service: its state, the reasons for it, since when, and its figures."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.board import why
from cockpit.board.freshness import Sources
from cockpit.board.history import Past
from cockpit.board.instances import GRACE, Judged, Standing, judge
from cockpit.board.model import Freshness, Identity, ReadingState, State, Workload
from cockpit.board.probes import current
from cockpit.board.rollup import RANK, Check, Facts, Runs, check_vote, is_set_aside, number_vote, roll_up, runs_vote
from cockpit.board.since import Claim, Onset, next_onset
from cockpit.board.slot import Slot
from cockpit.board.snapshot import ProbeStatus

_JOBS = frozenset({"job", "cronjob"})
"""Kinds of workloads whose instances are meant to end."""
_WRONG_FRESHNESS = {Freshness.LIVE: 0, Freshness.STALE: 1, Freshness.LOST: 2}


class World(Struct, frozen=True):
    """What the board knows, for reading only."""

    now: datetime
    sources: Sources
    workloads: Mapping[Identity, Workload]
    pasts: Mapping[Identity, Mapping[str, Past]]


class Finding(Struct, frozen=True):
    """One reason. vote: the state it speaks for; weight: how telling it is; label: whose it is ("web-2") or empty.

    standing: it is said on the row beside the first reason, and where there is none.
    """

    vote: State
    weight: int
    text: str
    since: datetime | None = None
    exact: bool = True
    label: str = ""
    standing: bool = False


class Assessment(Struct, frozen=True, kw_only=True):
    """A service by itself, before its dependencies are looked at. findings: most telling first."""

    state: State
    onset: Onset
    findings: tuple[Finding, ...]
    ready: int | None
    desired: int | None
    restarts: int | None
    memory_limit: int | None
    freshness: Freshness
    freshness_since: datetime | None
    workloads: tuple[Workload, ...]
    probes: tuple[ProbeStatus, ...]
    review: datetime | None
    """When time alone may change it."""


class _Unit(Struct, frozen=True):
    workload: Workload
    judged: tuple[Judged, ...]
    runs: Runs


def assess(slot: Slot, world: World) -> Assessment:
    """The assessment of one service as things stand at `world.now`."""
    units = [_unit(world.workloads[identity], slot, world) for identity in sorted(slot.workloads)]
    probes = tuple(current(track, world.now) for track in slot.probes.values())
    facts = _facts(slot, units, probes, world)
    state = roll_up(facts)
    findings = [
        *_run_findings(slot, units, facts, world),
        *_probe_findings(slot, probes, facts),
        *_number_findings(slot),
    ]
    findings.sort(key=lambda one: (one.vote is not state, RANK[one.vote], -one.weight))
    onset = next_onset(slot.onset, state, _claims(units, facts, findings), world.now)
    freshness, since = _freshness(slot, units, probes, world)
    judged = [one for unit in units for one in unit.judged]
    return Assessment(
        state=state,
        onset=onset,
        findings=tuple(findings),
        # Nothing seen by a source that does not answer is not known; by one that does, it is none.
        ready=sum(unit.runs.ready for unit in units) if units or (facts.expects and facts.sources_live) else None,
        desired=sum(unit.runs.desired for unit in units) if units else None,
        restarts=_sum(one.instance.restarts for one in judged),
        memory_limit=slot.memory_limit,
        freshness=freshness,
        freshness_since=since,
        workloads=tuple(unit.workload for unit in units),
        probes=tuple(probe for probe, track in zip(probes, slot.probes.values(), strict=True) if track.asked),
        review=_review(units, probes, slot, world.now),
    )


def _unit(workload: Workload, slot: Slot, world: World) -> _Unit:
    pasts = world.pasts[workload.id]
    judged = tuple(
        judge(one, pasts[one.id.instance], world.now, jobs=slot.declared is None or workload.id.kind in _JOBS)
        for one in workload.instances
    )
    count = dict.fromkeys(Standing, 0)
    for one in judged:
        count[one.standing] += 1
    done = count[Standing.DONE]
    wanted = workload.desired if workload.desired is not None else len(judged) - count[Standing.ASIDE]
    rolling = bool(workload.rollout) and workload.changed_at is not None and world.now - workload.changed_at < GRACE
    runs = Runs(
        live=world.sources.is_live(workload.source),
        desired=max(0, wanted - done),
        ready=count[Standing.READY],
        starting=count[Standing.STARTING],
        paused=count[Standing.PAUSED],
        done=done,
        unknown=count[Standing.UNKNOWN],
        maintenance=workload.maintenance,
        rolling=rolling,
    )
    return _Unit(workload, judged, runs)


def _facts(slot: Slot, units: list[_Unit], probes: tuple[ProbeStatus, ...], world: World) -> Facts:
    runs = tuple(unit.runs for unit in units)
    there = all(run.ready + run.starting >= run.desired for run in runs)
    up = [one for unit in units for one in unit.judged if one.standing in (Standing.READY, Standing.STARTING)]
    begun = max((one.instance.started_at for one in up if one.instance.started_at is not None), default=None)
    return Facts(
        watched=slot.watched,
        expects=slot.expects,
        sources_live=all(world.sources.is_live(name) for name in slot.told_by(bool(units))),
        runs=runs,
        checks=tuple(
            _check(probe, track.well_at is not None and begun is not None and track.well_at > begun)
            for probe, track in zip(probes, slot.probes.values(), strict=True)
        ),
        numbers=(
            *(breach.state for breach in slot.numbers.breaches()),
            *(remark.state for unit in units if unit.runs.live for remark in unit.workload.remarks),
        ),
        fresh=bool(up) and there and all(one.young for one in up),
    )


def _check(probe: ProbeStatus, proven: bool) -> Check:
    return Check(probe.reading.state, probe.reading.critical, probe.freshness is Freshness.LIVE, proven)


def _run_findings(slot: Slot, units: list[_Unit], facts: Facts, world: World) -> Iterable[Finding]:
    if not slot.watched:
        yield Finding(State.NOT_WATCHED, 1, "no workload and no probe is declared")
    silent = dict.fromkeys(
        name
        for name in (*slot.told_by(bool(units)), *(unit.workload.source for unit in units))
        if not world.sources.is_live(name)
    )
    for name in silent:
        source = world.sources.get(name)
        since = (source.heard_at or source.since) if source else None
        yield Finding(State.UNKNOWN, 5, why.silence(source, name), since)
    vote = runs_vote(facts)
    if vote is None or vote is State.UNKNOWN:
        vote = State.UNKNOWN
    elif not units:
        yield Finding(vote, 6, "no instance", None)
    if is_set_aside(facts):
        kept = any(unit.runs.maintenance for unit in units)
        said = (one.reason for unit in units for one in unit.judged if one.standing is Standing.PAUSED)
        yield Finding(State.PAUSED, 9, "maintenance" if kept else next(said, "paused"))
    for unit in units:
        yield from _unit_findings(unit, vote)


def _unit_findings(unit: _Unit, vote: State) -> Iterable[Finding]:
    runs = unit.runs
    for one in unit.judged:
        if one.reason and one.standing is not Standing.ASIDE:
            speaks = _SPEAKS.get(one.standing, vote)
            if one.standing is Standing.UNKNOWN and vote is State.DEGRADED:
                # It is what is missing.
                speaks = vote
            yield Finding(speaks, one.weight, one.reason, one.since, True, one.instance.name)
    rollout = unit.workload.rollout
    if rollout and all(remark.text != rollout for remark in unit.workload.remarks):
        yield Finding(State.STARTING if runs.rolling else vote, 3, rollout)
    for remark in unit.workload.remarks:
        # Beside what instances say of themselves (8, 9) and before that they are missing.
        bad = number_vote(remark.state)
        yield Finding(bad or State.OK, 6 if bad else 2, remark.text, remark.since, standing=remark.standing)
    if runs.desired == 0 and not runs.done and not unit.judged:
        yield Finding(State.PAUSED, 3, "scaled to 0")
    elif runs.desired and not unit.judged:
        yield Finding(vote, 6, "no instance")
    elif runs.ready < runs.desired and vote is not State.OK:
        yield Finding(vote, 1, f"{runs.ready} of {runs.desired} ready")


_SPEAKS = {
    Standing.STARTING: State.STARTING,
    Standing.DONE: State.NOT_WATCHED,
    Standing.UNKNOWN: State.UNKNOWN,
}
"""What an instance's reason speaks for; all others for what the instances say together."""


def _probe_findings(slot: Slot, probes: tuple[ProbeStatus, ...], facts: Facts) -> Iterable[Finding]:
    for probe, track, check in zip(probes, slot.probes.values(), facts.checks, strict=True):
        reading = probe.reading
        vote = check_vote(check, facts.fresh)
        if vote is State.OK:
            continue
        weight = 4 if reading.critical else 3
        if probe.freshness is Freshness.LIVE or not track.asked:
            yield Finding(vote or State.OK, weight, why.probe(reading), probe.since, track.exact)
        else:
            text = why.silent_probe(reading, probe.freshness)
            yield Finding(vote or State.OK, weight, text, reading.at)


def _number_findings(slot: Slot) -> Iterable[Finding]:
    for breach in slot.numbers.breaches():
        vote = number_vote(breach.state)
        if vote is not None:
            yield Finding(vote, 5 if breach.state is ReadingState.DOWN else 4, breach.reason, breach.since)


def _claims(units: list[_Unit], facts: Facts, findings: list[Finding]) -> Iterable[Claim]:
    vote = runs_vote(facts)
    for finding in findings:
        # What is only told ("rollout: 1 of 3 updated") says of no time that it has been well since.
        if not finding.label and finding.vote is not State.OK:
            yield Claim(finding.vote, finding.since, finding.exact)
    if vote is None:
        return
    judged = [one for unit in units for one in unit.judged]
    standing, pick = _WHEN.get(vote, (Standing.UNKNOWN, max))
    times = [one.since for one in judged if one.standing is standing]
    known = [time for time in times if time is not None]
    if known and len(known) == len(times):
        yield Claim(vote, pick(known))


_WHEN: dict[State, tuple[Standing, Callable[[list[datetime]], datetime]]] = {
    # Down when the last one fell, degraded when the first did, ok since the last one came up.
    State.DOWN: (Standing.WRONG, max),
    State.DEGRADED: (Standing.WRONG, min),
    State.STARTING: (Standing.STARTING, min),
    State.NOT_WATCHED: (Standing.DONE, max),
    State.OK: (Standing.READY, max),
}


def _freshness(
    slot: Slot, units: list[_Unit], probes: tuple[ProbeStatus, ...], world: World
) -> tuple[Freshness, datetime | None]:
    names = dict.fromkeys([*slot.told_by(bool(units)), *(unit.workload.source for unit in units)])
    marks = [(status.freshness, status.since) for name in names if (status := world.sources.get(name))]
    marks += [(probe.freshness, probe.reading.at) for probe in probes if probe.freshness is not Freshness.LIVE]
    if not marks:
        return Freshness.LIVE, None
    worst = max(marks, key=lambda mark: _WRONG_FRESHNESS[mark[0]])[0]
    return worst, None if worst is Freshness.LIVE else min(since for mark, since in marks if mark is worst)


def _review(units: list[_Unit], probes: tuple[ProbeStatus, ...], slot: Slot, now: datetime) -> datetime | None:
    times = [one.review for unit in units for one in unit.judged if one.review is not None]
    times += [track.next for track in slot.probes.values() if track.next is not None]
    times += [
        unit.workload.changed_at + GRACE for unit in units if unit.runs.rolling and unit.workload.changed_at is not None
    ]
    due = min(times, default=None)
    return due if due is None or due > now else now + timedelta(seconds=1)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
