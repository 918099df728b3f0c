"""What changed about each service lately: what its platform tells, what the board saw change, what the journal noted.

Nothing here says that a change caused anything: only when it was, so that a reader sees what stands before a fault.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from cockpit.board import why
from cockpit.board.model import Change, ChangeKind, Identity, Instance, SafeText, Workload
from cockpit.board.text import safe

KEPT, KEPT_FOR = 20, timedelta(hours=24)
"""Changes of one service, and for how long."""
BEFORE = timedelta(minutes=30)
"""A change so long before a fault may have to do with it."""
CROSSING = timedelta(seconds=2)
"""Platforms tell whole seconds, and a rollout's first pod fails within one: so much later is still before."""
SAME = timedelta(seconds=60)
"""Within this the same kind of change, told by two, is one."""
GONE_MOST = 200
"""Workloads that are gone and may come back, as a container does that is made anew."""


class Changes:
    """A fold over workloads as they come; `of` gives what is known of some of them and of their service."""

    def __init__(self) -> None:
        self._last: dict[Identity, Workload] = {}
        """As each was when it last had instances."""
        self._past: dict[Identity, tuple[Change, ...]] = {}
        self._noted: dict[str, tuple[Change, ...]] = {}
        self._gone: dict[Identity, None] = {}

    def take(self, old: Workload | None, new: Workload, at: datetime) -> None:
        """A workload is other than it was; old: None when it was not there."""
        self._gone.pop(new.id, None)
        last = self._last.get(new.id)
        seen = [] if last is None else [*_untold(old or last, new), *_seen(last, old, new, at)]
        if seen:
            self._past[new.id] = _bounded([*self._past.get(new.id, ()), *seen], at)
        if new.instances or last is None:
            self._last[new.id] = new

    def gone(self, identity: Identity) -> None:
        """A workload is no more; what is known of it is kept for a while."""
        self._gone[identity] = None
        if len(self._gone) > GONE_MOST:
            oldest = next(iter(self._gone))
            del self._gone[oldest]
            self._last.pop(oldest, None)
            self._past.pop(oldest, None)

    def note(self, service: str, changes: Iterable[Change], at: datetime) -> None:
        """What the journal tells of one service: words that it tells again replace those before."""
        found = {(one.subject, one.at): one for one in (*self._noted.get(service, ()), *changes)}
        self._noted[service] = _bounded(found.values(), at)

    def of(self, service: str, workloads: Iterable[Workload], now: datetime) -> tuple[Change, ...]:
        """All that is known of a service, newest first."""
        found = list(self._noted.get(service, ()))
        for one in workloads:
            found += [*one.changes, *self._past.get(one.id, ())]
            if one.changed_at is not None and not one.changes:
                found.append(Change(one.changed_at, ChangeKind.ROLLOUT, SafeText(why.ROLLOUT), one.id.name))
        return _bounded(_once(found), now)


def last_before(changes: Iterable[Change], onset: datetime) -> Change | None:
    """The nearest change before a fault began; None when there was none within half an hour."""
    near = (one for one in changes if onset - BEFORE <= one.at <= onset + CROSSING)
    return max(near, key=lambda one: one.at, default=None)


def _untold(old: Workload, new: Workload) -> Iterator[Change]:
    """What the platform told of and does not any more: a node that is well again, a revision that was forgotten."""
    told = {(one.subject, one.at) for one in new.changes}
    return (one for one in old.changes if (one.subject, one.at) not in told)


def _seen(last: Workload, old: Workload | None, new: Workload, at: datetime) -> Iterator[Change]:
    """What nobody tells and the board saw. last: with its instances; old: as it was just before, None: it was gone."""
    # Only where a definition is counted: else what is wanted is what was found, and moves with every restart.
    counted = old is not None and new.generation is not None and None not in (old.desired, new.desired)
    if counted and old is not None and old.desired != new.desired:
        words = f"scaled {old.desired} -> {new.desired}"
        yield Change(at, ChangeKind.SCALE, SafeText(words), f"{new.id.name} {words}")
    if new.changes:
        return
    before = {one.id.instance: one for one in last.instances}
    images = {_release(one) for one in last.instances}
    for one in new.instances:
        known = before.get(one.id.instance)
        other = _release(one) not in images if known is None else _release(one) != _release(known)
        if images and other:
            words = why.rollout(_named(known or last.instances[0]), _named(one))
            moment = one.created_at if known is None else one.started_at
            yield Change(_moment(moment, at), ChangeKind.ROLLOUT, safe(words, 200), new.id.name)
        elif known is not None and old is not None and _restarted(known, one):
            yield Change(_moment(one.started_at, at), ChangeKind.RESTART, SafeText("restart"), new.id.name)


def _release(one: Instance) -> str:
    return one.image_id or f"{one.image} {one.version}"


def _named(one: Instance) -> str:
    """Its image; of what has none its name and version."""
    return one.image or f"{one.id.name}:{one.version}"


def _restarted(old: Instance, new: Instance) -> bool:
    """Whether somebody restarted it: a platform that does so because it ended counts that."""
    if old.started_at is None or new.started_at is None or new.restarts is None or old.restarts is None:
        return False
    return new.started_at > old.started_at and new.restarts <= old.restarts


def _moment(told: datetime | None, at: datetime) -> datetime:
    return min(told or at, at)


def _once(changes: Iterable[Change]) -> Iterator[Change]:
    """Each change once: several instances of one rollout, and what both the platform and the journal tell of."""
    kept: list[Change] = []
    for one in sorted(changes, key=lambda one: (one.at, one.text == why.ROLLOUT)):
        near = [number for number, other in enumerate(kept) if _is_same(other, one)]
        if not near:
            kept.append(one)
        elif kept[near[0]].text == why.ROLLOUT or _says_more(one, kept[near[0]]):
            kept[near[0]] = replace(one, at=kept[near[0]].at)
    return iter(kept)


def _is_same(before: Change, one: Change) -> bool:
    if one.at - before.at > SAME or one.kind is ChangeKind.MITIGATION or before.kind is ChangeKind.MITIGATION:
        return False
    if why.ROLLOUT in (before.text, one.text):
        # A platform's bare word that something was made: what is told beside it says more.
        return before.kind in _MAKES and one.kind in _MAKES
    if before.kind is not one.kind:
        return False
    return before.text == one.text or (one.kind is ChangeKind.SCALE and _size(before) == _size(one))


def _size(one: Change) -> str:
    """To how many it was scaled: the last word of what a scaling is told of by."""
    return one.subject.rpartition(" ")[2]


def _says_more(one: Change, known: Change) -> bool:
    """Of a scaling the board sees the numbers, and the platform tells who it was."""
    return one.kind is ChangeKind.SCALE is known.kind and len(one.text) > len(known.text)


_MAKES = frozenset({ChangeKind.ROLLOUT, ChangeKind.SCALE, ChangeKind.RESTART})


def _bounded(changes: Iterable[Change], now: datetime) -> tuple[Change, ...]:
    recent = {one: None for one in changes if now - one.at <= KEPT_FOR}
    return tuple(sorted(recent, key=lambda one: (one.at, one.text), reverse=True)[:KEPT])
