"""When a CronJob is due: the five fields of cron, and the usual names for some of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

_NAMED: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS: Mapping[int, Mapping[str, int]] = {
    3: {name: number for number, name in enumerate(_MONTHS, 1)},
    4: {name: number for number, name in enumerate(_DAYS)},
}
_FARTHEST = timedelta(days=4 * 366)
"""A day that does not come within four years (30 February) never does."""


class Schedule(NamedTuple):
    """Which minutes are meant. weekdays: 0 is Sunday. either: a day fits by its date or its weekday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def after(self, moment: datetime) -> datetime | None:
        """The first minute after a moment that is meant, in the moment's time zone; None when there is none."""
        at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + _FARTHEST
        while at < end:
            if not self._is_day(at):
                at = (at + timedelta(days=1)).replace(hour=0, minute=0)
            elif at.hour not in self.hours:
                at = (at + timedelta(hours=1)).replace(minute=0)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        return None

    def _is_day(self, at: datetime) -> bool:
        if at.month not in self.months:
            return False
        date, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return date or weekday if self.either else date and weekday


def schedule_of(words: str) -> Schedule:
    """What `*/5 * * * *` means. ValueError for what is no schedule."""
    fields = _NAMED.get(words.strip().lower(), words).split()
    if len(fields) != len(_BOUNDS):
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{words:.60}]")
    minutes, hours, days, months, weekdays = (_numbers(text, place) for place, text in enumerate(fields))
    # With both a date and a weekday named, cron takes a day that fits one of them.
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    return Schedule(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)


def _numbers(text: str, place: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        span, slash, step = part.partition("/")
        least, most = _BOUNDS[place]
        if span not in ("*", "?"):
            first, dash, last = span.partition("-")
            least = _number(first, place)
            most = _number(last, place) if dash else most if slash else least
        width = int(step) if slash and step.isdecimal() else 0 if slash else 1
        if width < 1 or not _BOUNDS[place][0] <= least <= most <= _BOUNDS[place][1]:
            raise ValueError(f"failed to parse {part:.40}")
        found.update(range(least, most + 1, width))
    return frozenset(found)


def _number(text: str, place: int) -> int:
    named = _WORDS.get(place, {}).get(text)
    if named is not None:
        return named
    if not text.isdecimal() or len(text) > 2:
        raise ValueError(f"failed to parse {text:.40}")
    return int(text)
