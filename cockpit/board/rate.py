"""How much went wrong of one service, minute by minute: what a change is held against.

The best that there is: a number of the profile that counts errors, else failing answers of its probes, else instances
that are missing.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

KEPT = 120
"""Minutes."""
_STEPS = 200
_COUNTS = re.compile(r"(?i)error|fail|5xx|exception|reject")
"""Names of metrics that count what went wrong."""
Points = tuple[tuple[datetime, float], ...]


class Rate(Struct, frozen=True):
    """Points are (beginning of the minute, the most in it), oldest first. holds: each is so until the next.

    what: what is counted, as shown ("failing probe answers a minute").
    """

    what: str
    unit: str = ""
    points: Points = ()
    holds: bool = False


class Rates:
    """What is counted of one service."""

    def __init__(self) -> None:
        self._metric: Rate | None = None
        self._probes: Rate | None = None
        self._missing: Rate | None = None

    def measured(self, metric: str, value: float, unit: str, at: datetime) -> None:
        """A number of the profile; what counts no errors is left aside, and of several that do the first is kept."""
        if self._metric is None and _COUNTS.search(metric):
            self._metric = Rate(metric, unit)
        if self._metric is not None and self._metric.what == metric:
            self._metric = _with(self._metric, at, value, max)

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
        return self._metric or self._probes or self._missing


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
