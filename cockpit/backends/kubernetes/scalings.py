"""How a workload was scaled before anybody looked, from what its controllers told. Pure.

A Deployment's controller tells of each ReplicaSet that it makes larger or smaller, in a rollout many times. A scaling
befalls the only one that has pods; in a rollout there is another beside it, before it or right after it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.backends.kubernetes.rollouts import Revision, wanted
from cockpit.backends.kubernetes.times import Writers, moment
from cockpit.backends.kubernetes.wire_apps import Event
from cockpit.board.model import Change, ChangeKind
from cockpit.board.text import safe

SETS, SCALERS = "ScalingReplicaSet", "SuccessfulRescale"
"""Reasons of events: of a Deployment, of an autoscaler."""
MOST = 20
"""Scalings of one workload that are told, the newest."""
_SET = re.compile(
    r"Scaled (?:up|down) replica set (\S{1,253}) (?:from (\d{1,7}) to (\d{1,7})|to (\d{1,7})(?: from (\d{1,7}))?)"
)
"""As 1.31 and later write it; as it was before, up to 1.26 without what it was."""
_SIZE = re.compile(r"New size: (\d{1,7}); reason: (.{1,300})", re.DOTALL)
_BEGINS = timedelta(seconds=60)
"""A ReplicaSet gets its first pods within this of being made."""
_ASKED = timedelta(seconds=15)
"""An autoscaler tells before the controller has done what it asked for; whoever wrote the number did so before."""


class Step(Struct, frozen=True):
    """One ReplicaSet was scaled. before: None where that is not told. order: of several within a second."""

    at: datetime
    order: int
    set: str
    before: int | None
    after: int


class Rescale(Struct, frozen=True):
    """An autoscaler asked for another number. why: its words."""

    at: datetime
    order: int
    after: int
    why: str


def steps(events: Iterable[Event]) -> tuple[Step, ...]:
    """What a Deployment's events tell, in order."""
    found: set[Step] = set()
    for one in events:
        if words := _SET.fullmatch(one.message.strip()):
            name, before, after, to, was = words.groups()
            numbers = (int(before) if before else int(was) if was else None, int(after or to))
            found.update(Step(at, order, name, *numbers) for at, order in _times(one))
    return tuple(sorted(found, key=lambda one: (one.at, one.order)))


def rescales(events: Iterable[Event]) -> tuple[Rescale, ...]:
    """What an autoscaler's events tell, in order."""
    found: set[Rescale] = set()
    for one in events:
        if words := _SIZE.fullmatch(one.message.strip()):
            found.update(Rescale(at, order, int(words[1]), words[2]) for at, order in _times(one))
    return tuple(sorted(found, key=lambda one: (one.at, one.order)))


def changes(
    sets: Sequence[Step], asked: Sequence[Rescale], scaler: str, revisions: Iterable[Revision], writers: Writers
) -> tuple[Change, ...]:
    """The scalings of one workload. scaler: its autoscaler's name; writers: who wrote its definition, when."""
    left, found = list(asked), []
    for one in _alone(sets, {known.name: known for known in revisions}):
        near = [ask for ask in left if ask.after == one.after and abs(one.at - ask.at) <= _ASKED]
        left = [ask for ask in left if ask not in near]
        who = f"HPA {scaler} " if near else ""
        told = f": {near[0].why}" if near else _by(one.at, writers)
        numbers = f"scaled {one.before} -> {one.after}" if one.before is not None else f"scaled to {one.after}"
        found.append(_change(near[0].at if near else one.at, f"{who}{numbers}{told}", one.after))
    found += [_change(ask.at, f"HPA {scaler} scaled to {ask.after}: {ask.why}", ask.after) for ask in left]
    return tuple(sorted(found, key=lambda one: one.at)[-MOST:])


def _alone(sets: Sequence[Step], known: Mapping[str, Revision]) -> Iterator[Step]:
    """Those of no rollout."""
    now = wanted(known.values())
    size: dict[str, int] = {}
    for one in sets:
        # What it had before the first word of it; of an old controller's first word nobody knows.
        size.setdefault(one.set, one.before or 0)
    for number, one in enumerate(sets):
        others = any(count for name, count in size.items() if name != one.set)
        near = [other.set for other in sets[max(0, number - 1) : number + 2]]
        # Of a rollout that first takes all away (Recreate) the old one goes to 0, then the new one comes from there.
        turns = 0 in (one.before, one.after) and any(name != one.set for name in near)
        made = known[one.set].made_at if one.set in known else None
        begins = not one.before and not size[one.set] and made is not None and one.at - made <= _BEGINS
        left = one.after == 0 and now is not None and one.set != now.name
        before = one.before if one.before is not None else size[one.set] or None
        size[one.set] = one.after
        if not (others or turns or begins or left):
            yield Step(one.at, one.order, one.set, before, one.after)


def _by(at: datetime, writers: Writers) -> str:
    """By which program, where that is written beside the number."""
    near = [(when, who) for when, who in writers if timedelta() <= at - when <= _ASKED]
    return f" ({max(near)[1]})" if near else ""


def _change(at: datetime, words: str, after: int) -> Change:
    return Change(at, ChangeKind.SCALE, safe(words, 200), f"scaled to {after}")


def _times(one: Event) -> Iterator[tuple[datetime, int]]:
    """When it happened: the first and the last time; those between are not kept."""
    version = one.metadata.resource_version
    order = int(version) if version.isdecimal() and len(version) < 19 else 0
    last = moment(one.last_timestamp or one.event_time or one.metadata.creation_timestamp)
    if last is not None:
        yield last, order
    if (one.count or 1) > 1 and (first := moment(one.first_timestamp)) is not None and first != last:
        yield first, order
