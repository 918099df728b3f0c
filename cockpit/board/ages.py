"""How old something is: roughly, to choose by; and as a cluster's API server writes it, which goes on from there."""

import re
from datetime import datetime

AGED = frozenset({"age", "last seen", "first seen", "last schedule"})
"""Titles of columns whose cells are ages, in small letters. A duration (of a job that has ended) goes on no more."""

_AGE = re.compile(r"(?:\d+[ydhms])+(?![a-z])")
_PART = re.compile(r"(\d+)([ydhms])")
_AGO = re.compile(r"\(((?:\d+[ydhms])+) ago\)")
_SECONDS = {"y": 31_536_000, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_STEP = 10
"""Seconds that an age that is not exact goes on by, below ten minutes."""


def rough(seconds: float) -> str:
    """ "6 d", "3 h", "5 min", "under 1 min"."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "under 1 min"


def ago(at: datetime, now: datetime) -> str:
    """ "6 d ago"."""
    return f"{rough((now - at).total_seconds())} ago"


def duration(seconds: float) -> str:
    """A duration in seconds as apimachinery's HumanDuration writes it: 42s, 7m3s, 3h14m, 2d."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _two(large: int, one: str, small: int, other: str) -> str:
    return f"{large}{one}{small}{other}" if small else f"{large}{one}"


def seconds_of(cell: str) -> float | None:
    """The seconds that a cell begins with ("3h14m"); None: it is no age."""
    found = _AGE.match(cell)
    return float(sum(int(n) * _SECONDS[unit] for n, unit in _PART.findall(found[0]))) if found else None


def later(cell: str, spent: float, exact: bool = True) -> str:
    """An age that was read `spent` seconds ago as it is now. Not exact: in steps of 10 s below ten minutes."""
    known = seconds_of(cell)
    if known is None:
        return cell
    now = int(known + max(0.0, spent))
    return duration(now if exact or now < _STEP or now >= 600 else now - now % _STEP)


def later_within(cell: str, spent: float, exact: bool = True) -> str:
    """The same for an age inside a cell: "14 (2m ago)"."""
    if "ago)" not in cell:
        return cell
    return _AGO.sub(lambda found: f"({later(found[1], spent, exact)} ago)", cell)
