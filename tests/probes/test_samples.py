"""Numbers read from answers."""

from typing import Any

import msgspec
import pytest

from cockpit.board.model import ReadingState
from cockpit.probes.samples import Sampler
from cockpit.probes.threshold import crossed, limit
from cockpit.profile.probes import SampleSpec, Threshold

OK, DEGRADED, DOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN


def sampler(specs: dict[str, dict[str, Any]], thresholds: dict[str, Threshold] | None = None) -> Sampler:
    """A sampler of the service "shop"."""
    return Sampler("shop", msgspec.convert(specs, dict[str, SampleSpec]), thresholds or {})


@pytest.mark.parametrize(
    ("spec", "body", "value"),
    [
        ({"metric": "x"}, b'x{a="1"} 2\nx{a="2"} 3\n', 5.0),
        ({"metric": "x", "labels": {"a": "2"}}, b'x{a="1"} 2\nx{a="2"} 3\n', 3.0),
        ({"json": "queue.depth"}, b'{"queue": {"depth": 7}}', 7.0),
        ({"json": "queue.depth"}, b'{"queue": {"depth": " 7.5 "}}', 7.5),
        ({"pattern": r"lag=(\d+)"}, b"up lag=42 ok", 42.0),
        ({"pattern": r"-?\d+\.\d+"}, b"load -1.5", -1.5),
    ],
)
def test_values(spec: dict[str, Any], body: bytes, value: float) -> None:
    measured = sampler({"n": spec}).measure(body, 0.0)
    assert [(one.metric, one.value) for one in measured.samples] == [("n", value)]
    assert measured.missing == ""


@pytest.mark.parametrize(
    ("spec", "body", "why"),
    [
        ({"metric": "x"}, b"y 1\n", "n: no series x"),
        ({"metric": "x"}, b"x NaN\n", "n: its value is nan"),
        ({"metric": "x"}, b"x +Inf\n", "n: its value is inf"),
        ({"metric": "x"}, b"x one\n", "n: no number at character 3"),
        ({"json": "a"}, b"no json", "n: the answer is not JSON"),
        ({"json": "a"}, b'{"a": true}', "n: what stands there is not a number"),
        ({"json": "a"}, b'{"a": "1_0"}', "n: what stands there is not a number"),
        ({"json": "b"}, b'{"a": 1}', "n: b is missing"),
        ({"pattern": "x=(.*)"}, b"y", "n: the pattern is not found"),
        ({"pattern": "x=(.*)"}, b"x=nan", "n: what stands there is not a number"),
    ],
)
def test_what_is_no_number_is_said(spec: dict[str, Any], body: bytes, why: str) -> None:
    measured = sampler({"n": spec}).measure(body, 0.0)
    assert (measured.samples, measured.missing) == ((), why)


def test_a_rate_needs_two_values_and_survives_a_reset() -> None:
    rates = sampler({"n": {"metric": "x", "unit": "req", "rate": True}})
    assert rates.measure(b"x 100\n", 10.0).samples == ()
    values = [rates.measure(b"x %d\n" % value, at).samples[0] for value, at in ((150, 20.0), (150, 25.0), (20, 30.0))]
    assert [(one.value, one.unit) for one in values] == [(5.0, "req/s"), (0.0, "req/s"), (4.0, "req/s")]


def test_thresholds_name_the_worst() -> None:
    specs: dict[str, dict[str, Any]] = {
        "a": {"json": "a", "threshold": {"warn_above": 1}},
        "b": {"json": "b", "unit": "ms", "threshold": {"bad_above": 100}},
        "c": {"json": "c"},
    }
    measured = sampler(specs, {"c": Threshold(warn_below=5)}).measure(b'{"a": 2, "b": 250, "c": 4}', 0.0)
    assert [one.bad for one in measured.samples] == [DEGRADED, DOWN, DEGRADED]
    assert measured.bad == "b 250 ms > 100"


@pytest.mark.parametrize(
    ("value", "state", "words"),
    [(96, DOWN, "> 95"), (95, DEGRADED, "> 85"), (85, OK, ""), (9, DEGRADED, "< 10"), (4, DOWN, "< 5")],
)
def test_limits(value: float, state: ReadingState, words: str) -> None:
    threshold = Threshold(warn_above=85, bad_above=95, warn_below=10, bad_below=5)
    assert (crossed(threshold, value), limit(threshold, value)) == (state, words)


def test_no_limit_and_no_number_say_nothing() -> None:
    assert crossed(Threshold(), 1e9) is None
    assert crossed(Threshold(warn_above=1), float("nan")) is None
