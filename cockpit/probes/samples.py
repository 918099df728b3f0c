"""Numbers read from a probe's answer: OpenMetrics series, a JSON path, or a pattern's group."""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cockpit.board.model import ReadingState, Sample
from cockpit.probes import jsonpath, openmetrics, regex
from cockpit.probes.ask import CannotAsk
from cockpit.probes.threshold import NONE, crossed, limit
from cockpit.profile.probes import SampleSpec, Threshold
from cockpit.profile.schema import Profile, Service

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


class Measured(Struct, frozen=True):
    """What an answer gave: samples, the worst threshold crossed in words, and what could not be read."""

    samples: tuple[Sample, ...] = ()
    bad: str = ""
    missing: str = ""


class Sampler:
    """Reads the samples of one probe; remembers the last values for rates."""

    def __init__(self, service: str, specs: Mapping[str, SampleSpec], thresholds: Mapping[str, Threshold]) -> None:
        self._service, self._specs, self._thresholds = service, specs, thresholds
        self._last: dict[str, tuple[float, float]] = {}

    def measure(self, body: bytes, at: float) -> Measured:
        """The samples in `body`, which arrived at `at` (monotonic seconds)."""
        samples: list[Sample] = []
        bad: list[tuple[bool, str]] = []
        missing: list[str] = []
        for name, spec in self._specs.items():
            try:
                value = self._rated(name, spec, value_of(spec, body), at)
            except (CannotAsk, jsonpath.PathError, openmetrics.FormatError, _NoNumber) as error:
                missing.append(f"{name}: {error}")
                continue
            if value is None:
                continue
            threshold = spec.threshold if spec.threshold != NONE else self._thresholds.get(name, NONE)
            state = crossed(threshold, value)
            unit = f"{spec.unit}/s" if spec.rate else spec.unit
            samples.append(Sample(self._service, name, value, unit, state))
            if state in (ReadingState.DEGRADED, ReadingState.DOWN):
                number = f"{value:.4g}{' ' if unit else ''}{unit}"
                bad.append((state is not ReadingState.DOWN, f"{name} {number} {limit(threshold, value)}"))
        worst = min(bad, key=lambda one: one[0])[1] if bad else ""
        return Measured(tuple(samples), worst, "; ".join(missing[:2]))

    def _rated(self, name: str, spec: SampleSpec, value: float, at: float) -> float | None:
        """The value, or its increase a second once there are two; a counter that fell began again at 0."""
        if not spec.rate:
            return value
        before = self._last.get(name)
        self._last[name] = (value, at)
        if before is None or at <= before[1]:
            return None
        grown = value - before[0] if value >= before[0] else value
        return grown / (at - before[1])


class _NoNumber(Exception):
    """What was found is not a number."""


def thresholds_of(profile: Profile, service: Service) -> dict[str, Threshold]:
    """Thresholds by sample name: the profile's, overridden by the service's."""
    return {**profile.thresholds, **service.thresholds}


def value_of(spec: SampleSpec, body: bytes) -> float:
    """The number that one spec reads from a body; series of a metric are added up. Raises when there is none."""
    if spec.metric:
        values = openmetrics.find(body, spec.metric, spec.labels)
        if not values:
            raise _NoNumber(f"no series {spec.metric}{dict(spec.labels) if spec.labels else ''}")
        return _finite(math.fsum(values) if all(map(math.isfinite, values)) else values[0])
    if spec.json:
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _NoNumber("the answer is not JSON") from None
        return _number(jsonpath.get(document, spec.json))
    found = regex.group(spec.pattern, body)
    if found is None:
        raise _NoNumber("the pattern is not found")
    return _number(found)


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(float(value))
    if isinstance(value, str) and (match := _NUMBER.fullmatch(value)):
        return _finite(float(match[1]))
    raise _NoNumber("what stands there is not a number")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise _NoNumber(f"its value is {value}")
    return value
