"""THE TABLE: from facts to the state of a service. Pure; the screen, `check` and verification all use it.

Each fact gives at most one vote, the worst vote wins. Nothing votes "ok" but a live fact that is ok, so what is not
known is never ok. No vote at all is "unknown".

| fact | live | not live |
|---|---|---|
| no instance ready or starting | down | unknown |
| fewer ready or starting than desired | degraded | unknown |
| the missing ones are unknown | degraded while another is ready or starting, else unknown | unknown |
| enough, some of them still starting; or a rollout within its grace | starting | unknown |
| all desired ready | ok | unknown |
| scaled to nothing | paused | unknown |
| only jobs, all done | not watched | unknown |
| nothing found although expected | down | unknown |
| critical probe | as it says | unknown |
| other probe | ok, or at worst degraded; unknown: no vote | no vote |
| a probe within the grace of its service's start, until it was ok | starting where it would be down or degraded | |
| a number beyond its threshold, an alert | degraded | |
| maintenance, or every instance paused | paused, whatever else is voted | no vote |
"""

from collections.abc import Iterable

from msgspec import Struct

from cockpit.board.model import ReadingState, State

RANK = {state: rank for rank, state in enumerate(State)}
"""0 is the worst."""


class Runs(Struct, frozen=True, kw_only=True):
    """The instances of one workload, counted. rolling: a rollout began less than its grace ago."""

    live: bool = True
    desired: int
    ready: int = 0
    starting: int = 0
    paused: int = 0
    done: int = 0
    unknown: int = 0
    maintenance: bool = False
    rolling: bool = False


class Check(Struct, frozen=True):
    """One probe's answer; `live` is whether it may still be believed, `proven` whether it was ok since the last start.

    What has once been ok is not starting any more: a release that turns bad after ten seconds is bad.
    """

    state: ReadingState
    critical: bool = True
    live: bool = True
    proven: bool = False


class Facts(Struct, frozen=True, kw_only=True):
    """All that decides a service's state.

    expects: its profile says that something runs it. sources_live: all sources that could tell are live.
    fresh: every instance is there and within the grace of its start.
    """

    watched: bool = True
    expects: bool = False
    sources_live: bool = True
    runs: tuple[Runs, ...] = ()
    checks: tuple[Check, ...] = ()
    numbers: tuple[ReadingState, ...] = ()
    alerts: int = 0
    fresh: bool = False


def worst(states: Iterable[State]) -> State | None:
    """The worst of several states; None of none."""
    return min(states, key=RANK.__getitem__, default=None)


def roll_up(facts: Facts) -> State:
    """The state of a service."""
    if not facts.watched:
        return State.NOT_WATCHED
    votes = [
        runs_vote(facts),
        *(check_vote(check, facts.fresh) for check in facts.checks),
        *(number_vote(number) for number in facts.numbers),
        State.DEGRADED if facts.alerts else None,
    ]
    state = worst(vote for vote in votes if vote is not None)
    if state is None or (state is State.OK and not _has_witness(facts)):
        return State.UNKNOWN
    return State.PAUSED if is_set_aside(facts) else state


def runs_vote(facts: Facts) -> State | None:
    """What the instances say. None: nothing runs this service and nothing should."""
    if not facts.runs:
        if not facts.expects:
            return None
        return State.DOWN if facts.sources_live else State.UNKNOWN
    votes = [] if facts.sources_live and all(run.live for run in facts.runs) else [State.UNKNOWN]
    live = [run for run in facts.runs if run.live]
    if live:
        votes.append(_counted(live))
    return worst(votes)


def check_vote(check: Check, fresh: bool = False) -> State | None:
    """What one probe says."""
    if not check.live or check.state is ReadingState.UNKNOWN:
        return State.UNKNOWN if check.critical else None
    if check.state is ReadingState.OK:
        return State.OK
    if fresh and not check.proven:
        return State.STARTING
    return State.DOWN if check.critical and check.state is ReadingState.DOWN else State.DEGRADED


def number_vote(number: ReadingState) -> State | None:
    """What a number says that has a threshold. However bad, a number alone takes nobody down."""
    return State.DEGRADED if number in (ReadingState.DEGRADED, ReadingState.DOWN) else None


def is_set_aside(facts: Facts) -> bool:
    """Whether people put it aside: maintenance, or every instance paused."""
    live = [run for run in facts.runs if run.live]
    if not live or len(live) < len(facts.runs):
        return False
    if any(run.maintenance for run in live):
        return True
    running = sum(run.ready + run.starting for run in live)
    return running == 0 and all(run.paused >= max(1, run.desired) for run in live)


def _counted(runs: list[Runs]) -> State:
    ready, starting = sum(run.ready for run in runs), sum(run.starting for run in runs)
    unknown = sum(run.unknown for run in runs)
    rolling = any(run.rolling for run in runs)
    if not any(run.desired for run in runs) and not ready + starting + unknown:
        return State.NOT_WATCHED if any(run.done for run in runs) else State.PAUSED
    complete = all(run.ready >= run.desired for run in runs) and ready
    votes = [State.OK if complete else State.STARTING]
    if any(run.ready + run.starting + run.unknown < run.desired for run in runs) and not rolling:
        votes.append(State.DEGRADED if ready + starting + unknown else State.DOWN)
    short = [run for run in runs if run.ready + run.starting < run.desired]
    if unknown and (not ready or short):
        # Where others serve, those that nobody knows of are what is missing: a lost node is more than silence.
        missing = not rolling and short and all(run.ready + run.starting and _within(run) for run in short)
        votes.append(State.DEGRADED if missing else State.UNKNOWN)
    return min(votes, key=RANK.__getitem__)


def _within(run: Runs) -> bool:
    """Whether all that is there is wanted: of more than that any may be the ones that serve."""
    return run.ready + run.starting + run.unknown <= run.desired


def _has_witness(facts: Facts) -> bool:
    """Whether anything live says ok, not only a number that is within its bounds."""
    return bool(facts.runs) or any(check_vote(check) is State.OK for check in facts.checks)
