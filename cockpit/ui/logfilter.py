"""What is typed after `/` in a log: a pattern, `!` for all others, level:, context:, since:, until:, `~` to find."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from msgspec import Struct

from cockpit.logs.line import Level
from cockpit.logs.query import LogQuery

HINT = "regex; ! others; level:warn context:2 since:14:20 until:14:40; ~regex only finds (n, N)"
_TERM = re.compile(r"(?:^|(?<=\s))(level|context|since|until):(\S+)\s?", re.I)
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d))?(Z?)$")
_AGO = re.compile(r"^-?(\d{1,5})([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LEVELS = {level.name.lower(): level for level in Level} | {"err": Level.ERROR, "warning": Level.WARN}


class FilterError(ValueError):
    """What was typed cannot be used; str(error) is one line."""


class LogFilter(Struct, frozen=True):
    """A typed filter: what to leave, and what only to find and highlight."""

    query: LogQuery = LogQuery()
    find: str = ""

    @property
    def highlight(self) -> str:
        """The pattern whose matches stand out."""
        return self.find or ("" if self.query.inverse else self.query.pattern)


class Opened(NamedTuple):
    """What of a log is shown first. previous: the run before the last restart; filter: as it is typed, times in UTC."""

    previous: bool = False
    filter: str = ""


FIRST_OPENED = Opened()


def log_filter(text: str, now: datetime, zone: tzinfo | None = UTC) -> LogFilter:
    """Read what was typed; times of day are in `zone` (None: local). FilterError says what is wrong."""
    level, context = Level.UNKNOWN, 0
    times: dict[str, datetime] = {}
    for name, value in _TERM.findall(text):
        match name.lower():
            case "level":
                level = _level(value)
            case "context":
                context = _context(value)
            case kind:
                times[kind] = _moment(value, now, zone)
    pattern = _TERM.sub("", text).strip()
    find = pattern[1:] if pattern.startswith("~") else ""
    inverse = pattern.startswith("!")
    query = LogQuery(
        pattern="" if find else pattern[1:].strip() if inverse else pattern,
        inverse=inverse,
        # Smart case: a capital letter is meant.
        ignore_case=pattern == pattern.lower(),
        level=level,
        since=times.get("since"),
        until=times.get("until"),
        context=context,
    )
    return LogFilter(query, find)


def _level(value: str) -> Level:
    if value.lower() not in _LEVELS:
        raise FilterError(f"level:{value} is none of {', '.join(name for name in _LEVELS if name != 'unknown')}")
    return _LEVELS[value.lower()]


def _context(value: str) -> int:
    if not value.isdecimal() or int(value) > 50:
        raise FilterError(f"context:{value}: it is a number of lines, 0 to 50")
    return int(value)


def _moment(value: str, now: datetime, zone: tzinfo | None) -> datetime:
    if found := _AGO.match(value):
        return now - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    found = _CLOCK.match(value)
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise FilterError(f"{value}: a time is 14:20, 14:20:30, 14:20Z or an age like 15m")
    here = now.astimezone(UTC if found[4] else zone)
    then = here.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0), microsecond=0)
    return (then if then <= here else then - timedelta(days=1)).astimezone(UTC)
