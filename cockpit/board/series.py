"""Measured numbers of the services: rings of 60 sums over instances, and which of them are beyond a threshold."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.board import why
from cockpit.board.model import Identity, ReadingState, Sample
from cockpit.board.snapshot import Series
from cockpit.profile.probes import Threshold

KEPT = 60
SAME_MOMENT = timedelta(milliseconds=500)
"""Numbers of several instances that come this close together make one point."""
METRICS_MOST = 40
"""Metrics kept of one service; more are ignored (a probe may yield any number of names)."""
_PATIENCE = {"cpu": 3}
"""Samples in a row that must be bad: one busy moment of a processor is no fault."""


class Breach(Struct, frozen=True):
    """A number beyond its threshold: how bad, in words, since when."""

    state: ReadingState
    reason: str
    since: datetime


class _Level(Struct):
    """The last value of one instance (or of the service itself), and how long it has been bad."""

    value: float
    bad: ReadingState | None = None
    reason: str = ""
    since: datetime | None = None
    run: int = 0


class Numbers:
    """The numbers of one service. `series` is a new mapping whenever something in it changed."""

    def __init__(self, thresholds: Mapping[str, Threshold]) -> None:
        self._thresholds = thresholds
        self._levels: dict[str, dict[Identity | str, _Level]] = {}
        self._touched: dict[str, str] = {}
        self.series: Mapping[str, Series] = {}

    def put(self, sample: Sample, at: datetime, limit: float | None = None) -> None:
        """Take in one number; `settle` must follow. limit: that instance's limit (bytes, for "memory")."""
        levels = self._levels.get(sample.metric)
        if levels is None:
            if len(self._levels) >= METRICS_MOST:
                return
            levels = self._levels[sample.metric] = {}
        level = levels.get(sample.target)
        if level is None:
            level = levels[sample.target] = _Level(sample.value)
        level.value = sample.value
        threshold = self._thresholds.get(sample.metric)
        if threshold is not None or sample.bad is not None:
            self._judge(level, at, _beyond(sample, threshold, limit))
        self._touched[sample.metric] = sample.unit

    def settle(self, at: datetime, limits: Mapping[str, float | None]) -> None:
        """Make one point of each metric that was put. limits: by metric, of all instances together."""
        series = dict(self.series)
        for metric, unit in self._touched.items():
            value = sum(one.value for one in self._levels[metric].values())
            bad = _worst(self._ripe(metric))
            series[metric] = _longer(series.get(metric), Series(unit, at, (value,), limits.get(metric), bad))
        self._touched.clear()
        self.series = series

    def keep_only(self, targets: Iterable[Identity]) -> None:
        """Forget the last values of instances that do not run any more; what the rings hold stays."""
        kept = set(targets)
        for levels in self._levels.values():
            for target in [one for one in levels if isinstance(one, Identity) and one not in kept]:
                del levels[target]

    def value(self, metric: str) -> float | None:
        """The newest sum; None when nothing that runs is measured."""
        levels = self._levels.get(metric)
        return sum(one.value for one in levels.values()) if levels else None

    def breaches(self) -> list[Breach]:
        """Everything beyond its threshold, the worst number of each metric."""
        found = []
        for metric in self._levels:
            ripe = self._ripe(metric)
            bad = _worst(ripe)
            level = next((one for one in ripe if one.bad is bad), None)
            if bad is not None and level is not None and level.since is not None:
                found.append(Breach(bad, level.reason, level.since))
        return found

    def _ripe(self, metric: str) -> list[_Level]:
        patience = _PATIENCE.get(metric, 1)
        return [one for one in self._levels[metric].values() if one.bad is not None and one.run >= patience]

    @staticmethod
    def _judge(level: _Level, at: datetime, found: tuple[ReadingState | None, str]) -> None:
        level.bad, level.reason = found
        if level.bad is None:
            level.since, level.run = None, 0
        else:
            level.since, level.run = level.since or at, level.run + 1


def _longer(old: Series | None, point: Series) -> Series:
    if old is None:
        return point
    if point.at - old.at < SAME_MOMENT:
        return Series(point.unit, old.at, (*old.values[:-1], *point.values), point.limit, point.bad)
    return Series(point.unit, point.at, (*old.values[-(KEPT - 1) :], *point.values), point.limit, point.bad)


def _beyond(sample: Sample, threshold: Threshold | None, limit: float | None) -> tuple[ReadingState | None, str]:
    metric, value, unit = sample.metric, sample.value, sample.unit
    if sample.bad in (ReadingState.DEGRADED, ReadingState.DOWN):
        return sample.bad, f"{metric} {why.number(value)}{f' {unit}' if unit else ''}"
    if threshold is None:
        return None, ""
    if metric == "memory":
        # Thresholds of memory are in per cent of the limit: without a limit there is nothing to compare with.
        if not limit:
            return None, ""
        value, unit = 100 * value / limit, "% of limit"
    for bound, state, below in (
        (threshold.bad_above, ReadingState.DOWN, False),
        (threshold.bad_below, ReadingState.DOWN, True),
        (threshold.warn_above, ReadingState.DEGRADED, False),
        (threshold.warn_below, ReadingState.DEGRADED, True),
    ):
        if bound is not None and (value < bound if below else value > bound):
            return state, why.threshold(metric, value, unit, bound, below=below)
    return None, ""


def _worst(levels: list[_Level]) -> ReadingState | None:
    if any(one.bad is ReadingState.DOWN for one in levels):
        return ReadingState.DOWN
    return ReadingState.DEGRADED if levels else None
