"""How far a source or a reading may be believed: stale after twice the promised interval, lost after five times."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cockpit.board.model import Freshness, SafeText
from cockpit.board.snapshot import SourceStatus

STALE_AFTER = 2
LOST_AFTER = 5
_UNDECLARED_INTERVAL = 30.0
NOT_YET = SafeText("has not answered yet")
LISTING = SafeText("is still being listed")


class Age(Struct, frozen=True):
    """A freshness, since when it holds, and when time alone makes it worse (None: it cannot get worse)."""

    freshness: Freshness
    since: datetime
    next: datetime | None


def age(heard: datetime, interval: float, now: datetime) -> Age:
    """The freshness of something heard of at `heard` that should speak every `interval` seconds."""
    stale = heard + timedelta(seconds=STALE_AFTER * interval)
    lost = heard + timedelta(seconds=LOST_AFTER * interval)
    if now > lost:
        return Age(Freshness.LOST, lost, None)
    if now > stale:
        return Age(Freshness.STALE, stale, lost)
    return Age(Freshness.LIVE, heard, stale)


class _Mark(Struct):
    """What is kept of one source. listed: its whole truth was told since it was last lost."""

    status: SourceStatus
    interval: float
    expected: datetime
    listed: bool = False


class Sources:
    """Folds what sources say of themselves into their statuses. Each method gives whether anything changed."""

    def __init__(self) -> None:
        self._marks: dict[str, _Mark] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._marks

    def get(self, name: str) -> SourceStatus | None:
        """A source's status; None when it has never been declared."""
        mark = self._marks.get(name)
        return mark.status if mark else None

    def is_live(self, name: str) -> bool:
        """Whether what this source last said may be believed now."""
        mark = self._marks.get(name)
        return mark is not None and mark.status.freshness is Freshness.LIVE

    def statuses(self) -> tuple[SourceStatus, ...]:
        """All sources, in the order in which they were declared."""
        return tuple(mark.status for mark in self._marks.values())

    def declare(self, name: str, at: datetime, label: SafeText, kind: str, interval: float) -> bool:
        """A source promises to speak. A new one is stale ("has not answered yet") until it lists."""
        mark = self._marks.get(name)
        if mark is None:
            status = SourceStatus(
                name=name, label=label, kind=kind, freshness=Freshness.STALE, since=at, heard_at=None,
                why=NOT_YET,
            )  # fmt: skip
            self._marks[name] = _Mark(status, interval, at)
            return True
        mark.interval = interval
        return self._set(mark, replace(mark.status, label=label, kind=kind))

    def heard(self, name: str, at: datetime, *, listed: bool = False) -> bool:
        """A source spoke. After it was lost only its whole list makes it live again: what it missed is not known."""
        if name not in self._marks:
            self.declare(name, at, SafeText(name), "", _UNDECLARED_INTERVAL)
        mark = self._marks[name]
        mark.listed = mark.listed or listed
        mark.expected = at
        if not mark.listed:
            if mark.status.why in (NOT_YET, LISTING):
                return self._set(mark, replace(mark.status, heard_at=at, why=LISTING))
            return False  # the moment at which it was last heard before stands in the reason why it is not believed
        if mark.status.freshness is Freshness.LIVE:
            return self._set(mark, replace(mark.status, heard_at=at))
        return self._set(mark, replace(mark.status, freshness=Freshness.LIVE, since=at, heard_at=at, why=SafeText("")))

    def detailed(self, name: str, *, rough: bool) -> bool:
        """A source has listed; rough: details follow."""
        mark = self._marks[name]
        return self._set(mark, replace(mark.status, rough=rough))

    def limited(self, name: str, why: SafeText, aside: SafeText) -> bool:
        """A live source tells what of it cannot be seen; empty when nothing is missing. aside: of changes alone."""
        mark = self._marks[name]
        if mark.status.freshness is not Freshness.LIVE:
            return False
        return self._set(mark, replace(mark.status, why=why, aside=aside))

    def lost(self, name: str, at: datetime, why: SafeText) -> bool:
        """A source cannot be reached; when it already was, only the reason is renewed."""
        if name not in self._marks:
            self.declare(name, at, SafeText(name), "", _UNDECLARED_INTERVAL)
        mark = self._marks[name]
        mark.listed = False
        since = mark.status.since if mark.status.freshness is Freshness.LOST else at
        return self._set(mark, replace(mark.status, freshness=Freshness.LOST, since=since, why=why))

    def tick(self, now: datetime) -> list[str]:
        """Names of the sources whose freshness changed because time passed."""
        changed = []
        for name, mark in self._marks.items():
            # A wall clock that was set back must not make a silent source look live for longer.
            mark.expected = min(mark.expected, now)
            new = age(mark.expected, mark.interval, now)
            old = mark.status.freshness
            if new.freshness is Freshness.LIVE or old is Freshness.LOST or new.freshness is old:
                continue
            why = (
                SafeText(f"silent, should speak every {mark.interval:g} s") if mark.status.heard_at else mark.status.why
            )
            self._set(mark, replace(mark.status, freshness=new.freshness, since=new.since, why=why))
            changed.append(name)
        return changed

    @staticmethod
    def _set(mark: _Mark, status: SourceStatus) -> bool:
        if status == mark.status:
            return False
        mark.status = status
        return True
