"""How much went wrong of one service, minute by minute: what a change is held against.

The best that there is: a number of the profile that counts errors, else error lines of a log that is read and reaches
back far enough, else failing answers of its probes, else instances that are missing.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.board.model import SafeText

KEPT = 120
"""Minutes."""
_STEPS = 200
REACHES = timedelta(minutes=10)
"""A log that was read for as long says more than probes, however long those were asked."""
CURRENT = timedelta(minutes=2)
"""So long after its last minute a log is not being read any more."""
_COUNTS = re.compile(r"(?i)error|fail|5xx|exception|reject")
"""Names of metrics that count what went wrong."""
Points = tuple[tuple[datetime, float], ...]


class Rate(Struct, frozen=True):
    """Points are (beginning of the minute, the most in it), oldest first. holds: each is so until the next.

    what: what is counted, as shown ("failing probe answers a minute"). partly: what of it could not be counted.
    """

    what: str
    unit: str = ""
    points: Points = ()
    holds: bool = False
    partly: SafeText = SafeText("")


class Rates:
    """What is counted of one service."""

    def __init__(self) -> None:
        self._metric: Rate | None = None
        self._log: Rate | None = None
        self._probes: Rate | None = None
        self._missing: Rate | None = None

    def measured(self, metric: str, value: float, unit: str, at: datetime) -> None:
        """A number of the profile; what counts no errors is left aside, and of several that do the first is kept."""
        if self._metric is None and _COUNTS.search(metric):
            self._metric = Rate(metric, unit)
        if self._metric is not None and self._metric.what == metric:
            self._metric = _with(self._metric, at, value, max)

    def logged(self, minutes: tuple[tuple[datetime, int], ...], partly: SafeText) -> bool:
        """Error lines of minutes; whether that is new. What is less than known before was read by one who saw less."""
        known = dict(self._log.points) if self._log else {}
        for minute, count in minutes:
            known[minute] = max(float(count), known.get(minute, 0.0))
        newest = max(known, default=None)
        if newest is None:
            return False
        points = tuple(sorted((at, count) for at, count in known.items() if newest - at < timedelta(minutes=KEPT)))
        old, self._log = self._log, Rate("error lines a minute", points=points, partly=partly)
        return old != self._log

    def probed(self, failed: bool, at: datetime) -> None:
        """An answer of a probe."""
        known = self._probes or Rate("failing probe answers a minute")
        self._probes = _with(known, at, float(failed), lambda before, one: before + one)

    def stands(self, missing: int, at: datetime) -> None:
        """How many instances are wanted and not ready."""
        known = self._missing or Rate("instances not ready", holds=True)
        if not known.points or known.points[-1][1] != missing:
            self._missing = Rate(known.what, known.unit, (*known.points[1 - _STEPS :], (at, float(missing))), True)

    @property
    def best(self) -> Rate | None:
        """The most telling of them; None while nothing is known."""
        other = self._probes or self._missing
        return self._metric or (self._log if self._log is not None and _leads(self._log, other) else other)


def _leads(log: Rate, other: Rate | None) -> bool:
    """Whether a log tells more of what goes wrong: it is read now, and reaches back as far, or far enough."""
    if other is None:
        return True
    (first, _), (last, _) = log.points[0], log.points[-1]
    return other.points[-1][0] - last <= CURRENT and (first <= other.points[0][0] or last - first >= REACHES)


def _with(rate: Rate, at: datetime, value: float, join: Callable[[float, float], float]) -> Rate:
    minute = at.replace(second=0, microsecond=0)
    points = rate.points
    if points and points[-1][0] >= minute:
        value = join(points[-1][1], value)
        if value == points[-1][1]:
            return rate
        return Rate(rate.what, rate.unit, (*points[:-1], (points[-1][0], value)))
    kept = tuple(one for one in points if minute - one[0] < timedelta(minutes=KEPT))
    return Rate(rate.what, rate.unit, (*kept, (minute, value)))
