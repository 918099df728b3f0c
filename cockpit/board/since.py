"""Since when a service is in its state: from the sources' own times, else from what the board saw change.

Every service keeps an `Onset`. Pure: `next_onset` gives the next one.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from cockpit.board.model import State

_SEEN = frozenset({State.DOWN, State.DEGRADED, State.PAUSED, State.STARTING, State.OK})
"""States that were really observed: leaving one of them is a change that was seen. Silence is none."""


class Onset(Struct, frozen=True):
    """When a state began. exact: False when that is only the first sight of it."""

    state: State
    at: datetime
    exact: bool


class Claim(Struct, frozen=True):
    """One fact that speaks for a state, and since when, if that is known."""

    state: State
    since: datetime | None
    exact: bool = True


def next_onset(before: Onset | None, state: State, claims: Iterable[Claim], now: datetime) -> Onset:
    """When `state` began, given what was known before and the facts that speak for it now.

    Bad states began with their first cause, "ok" with the last thing that became well. A time from before the last
    state that was seen cannot be right (a paused container keeps its start time): then it began now.
    """
    known = [claim for claim in claims if claim.state is state and claim.since is not None]
    exact = [claim.since for claim in known if claim.exact and claim.since is not None]
    times = exact or [claim.since for claim in known if claim.since is not None]
    told = None
    if times:
        told = max(times) if state is State.OK else min(times)
    told_exactly = bool(exact)
    if told is not None and told > now:
        # The engine's clock is ahead of ours.
        told, told_exactly = None, False
    if before is not None and before.state is state:
        return _same(before, told, told_exactly)
    changed = before is not None and before.state in _SEEN
    if told is None or (changed and before is not None and told < before.at):
        return Onset(state, now, changed)
    if changed and not told_exactly:
        return Onset(state, now, True)
    return Onset(state, told, told_exactly)


def _same(before: Onset, told: datetime | None, exact: bool) -> Onset:
    if told is None or not exact or told == before.at:
        return before
    if told < before.at:
        return before if before.exact else Onset(before.state, told, True)
    if before.state is State.OK:
        # It was not well for a moment that nobody saw: an instance started anew.
        return Onset(before.state, told, True)
    return before
