"""Error lines of one service, minute by minute: counted as they pass, for as long as its log is read.

A minute is known from the first whole one that was read of every instance; what was not asked for counts as unknown.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from cockpit.board.rate import KEPT
from cockpit.board.text import safe
from cockpit.logs.level import HEAD, level_of
from cockpit.logs.line import Level, RawLine
from cockpit.logs.ring import Parsed

LOOKED_AT = 6_000
"""Lines of one instance and minute that are looked at where they are kept unparsed: each costs 4 us."""
SETTLED = timedelta(seconds=5)
"""Lines that were there already come within this, or it turns out that they cannot be read."""
_LEVEL, _AT = attrgetter("level"), attrgetter("at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tally:
    """Of one service and one reader of its log. since: older lines were not asked for; None: any were."""

    def __init__(self, opened: datetime, since: datetime | None) -> None:
        self.opened = opened
        self.timed = self.untimed = self.limited = False
        """Whether lines with a time came, lines without one, and more than could be looked at."""
        self._since, self._first = since, opened
        self._errors: Counter[int] = Counter()
        self._told: dict[int, int] = {}

    def reaches(self, first: datetime, cut: bool) -> None:
        """How far back one instance was read. cut: there are older lines."""
        self._first = min(self._first, first)
        if cut and (self._since is None or first > self._since):
            self._since = first

    def add(self, minute: int, errors: int) -> None:
        """Error lines of a minute, counted since 1970."""
        self._errors[minute] += errors

    def news(self, now: datetime) -> tuple[tuple[datetime, int], ...]:
        """(beginning, error lines) of every minute that is known, and was not told so yet."""
        if now - self.opened < SETTLED or (self.untimed and not self.timed):
            return ()
        last = minute_of(now)
        # A minute that was read in part only is not known.
        first = -(-_seconds(self._since) // 60) if self._since is not None else minute_of(self._first)
        first = max(first, last - KEPT + 1)
        for old in [one for one in self._errors if one < first]:
            del self._errors[old]
        known = {one: self._errors[one] for one in range(first, last + 1)}
        told, self._told = self._told, known
        return tuple((_begin(one), count) for one, count in known.items() if told.get(one) != count)


class Listener:
    """Counts the lines of one instance for each service that it runs. tail: so many old ones were asked for at most."""

    def __init__(self, tallies: Sequence[Tally], tail: int | None) -> None:
        self._tallies, self._tail = tallies, tail
        self._first: datetime | None = None
        self._old = 0
        self._reading_old = True
        self._minute, self._looked = 0, 0

    def take(self, lines: Sequence[Parsed]) -> None:
        """Some lines, in order."""
        if not self._tallies:
            return
        self._place(list(map(_AT, lines)))
        levels = list(map(_LEVEL, lines))
        errors = levels.count(Level.ERROR) + levels.count(Level.FATAL)
        if not errors:
            return
        first, last = lines[0].at, lines[-1].at
        if first is not None and last is not None and minute_of(first) == minute_of(last):
            # Nearly always: a line costs 0.1 us then, where the time of each would cost 1.
            self._add(minute_of(first), errors)
        else:
            self._count(line.at for line in lines if line.level >= Level.ERROR)

    def take_raw(self, lines: Sequence[RawLine]) -> None:
        """The same of lines that are not read yet; of very many only the first of each minute."""
        if not self._tallies:
            return
        self._place(list(map(_AT, lines)))
        self._count(line.at for line in self._worth(lines) if _level(line.data) >= Level.ERROR)

    def _worth(self, lines: Sequence[RawLine]) -> Iterator[RawLine]:
        for line in lines:
            if line.at is None:
                continue
            if (minute := minute_of(line.at)) != self._minute:
                self._minute, self._looked = minute, 0
            self._looked += 1
            if self._looked <= LOOKED_AT:
                yield line
            else:
                for tally in self._tallies:
                    tally.limited = True

    def _count(self, moments: Iterator[datetime | None]) -> None:
        found = Counter(minute_of(at) for at in moments if at is not None)
        for minute, errors in found.items():
            self._add(minute, errors)

    def _add(self, minute: int, errors: int) -> None:
        for tally in self._tallies:
            tally.add(minute, errors)

    def _place(self, moments: list[datetime | None]) -> None:
        """How far back its old lines reach: looked at until the first line that is new."""
        if not self._reading_old:
            return
        timed = [at for at in moments if at is not None]
        for tally in self._tallies:
            tally.timed |= bool(timed)
            tally.untimed |= len(timed) < len(moments)
        if not timed:
            return
        self._first = self._first or timed[0]
        opened = self._tallies[0].opened
        self._old += sum(at <= opened for at in timed)
        self._reading_old = timed[-1] <= opened
        for tally in self._tallies:
            tally.reaches(self._first, self._tail is not None and self._old >= self._tail)


def minute_of(at: datetime) -> int:
    """Minutes since 1970."""
    return _seconds(at) // 60


def _begin(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


def _seconds(at: datetime) -> int:
    since = at - _EPOCH
    return since.days * 86_400 + since.seconds


def _level(data: bytes) -> Level:
    text = data[: 2 * HEAD].decode("utf-8", "replace")
    # Colours stand between words and would hide where one begins.
    return level_of(text if text.isprintable() else safe(text, HEAD))
