"""What an HTTP answer means: status, patterns, JSON checks, what the body says of itself."""

from typing import Any

import msgspec
import pytest

from cockpit.board.model import ReadingState
from cockpit.board.text import safe
from cockpit.probes.ask import CannotAsk
from cockpit.probes.http_fetch import Received
from cockpit.probes.http_judge import expected_statuses, judge
from cockpit.profile.probes import HttpProbe

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN


def judged(body: bytes, code: int = 200, **spec: Any) -> tuple[ReadingState, str]:
    """State and detail of one answer."""
    probe = msgspec.convert({"kind": "http", "url": "http://shop/", **spec}, HttpProbe)
    answer = judge(probe, Received(code, "", body, False), safe)
    return answer.state, answer.detail


@pytest.mark.parametrize(
    ("status", "patterns", "state"),
    [
        (200, ["200-299"], OK),
        (299, ["200-299"], OK),
        (300, ["200-299"], DOWN),
        (404, ["200", "404"], OK),
        (401, ["400-403"], OK),
        (503, ["200"], DOWN),
    ],
)
def test_statuses(status: int, patterns: list[str], state: ReadingState) -> None:
    assert judged(b"", status, status=patterns)[0] is state


def test_a_class_of_statuses_and_a_wrong_one() -> None:
    assert expected_statuses(("2xx",)) == frozenset(range(200, 300))
    with pytest.raises(CannotAsk, match="status 'fine' is not a status"):
        expected_statuses(("fine",))


@pytest.mark.parametrize(
    ("body", "spec", "wanted"),
    [
        (b'{"a": {"b": [1]}}', {"json": {"a.b[0]": 1}}, (OK, "HTTP 200")),
        (b'{"up": true}', {"json": {"up": 1}}, (DOWN, "HTTP 200, but up is true, not 1")),
        (b'{"up": null}', {"json": {"up": None}}, (OK, "HTTP 200")),
        (b'{"s": "red"}', {"json": {"s": "green"}}, (DOWN, 'HTTP 200, but s is "red", not "green"')),
        (b"{}", {"json": {"s": "green"}}, (DOWN, "HTTP 200, but s is missing")),
        (b"", {"json": {"s": "green"}}, (DOWN, "HTTP 200, but the answer is empty")),
        (b"line\nready: yes\n", {"matches": "^ready: yes$"}, (OK, "HTTP 200")),
        (b"ready: no", {"matches": "yes"}, (DOWN, "HTTP 200, but it does not match 'yes'")),
        (b'{"status": "unhealthy"}', {}, (DEGRADED, 'HTTP 200, but it says "unhealthy"')),
        (b'{"status": "unhealthy"}', {"json": {"status": "unhealthy"}}, (OK, "HTTP 200")),
        (
            b'{"status": "ok", "checks": {"db": "ok", "redis": {"status": "down", "error": "gone"}}}',
            {},
            (DEGRADED, "HTTP 200, but redis down: gone"),
        ),
        (b"<html>fine</html>", {}, (OK, "HTTP 200")),
    ],
)
def test_bodies(body: bytes, spec: dict[str, Any], wanted: tuple[ReadingState, str]) -> None:
    assert judged(body, **spec) == wanted


def test_an_unexpected_status_names_the_component_that_is_down() -> None:
    body = b'{"status": "DOWN", "components": {"db": {"status": "DOWN", "details": {"error": "no route"}}}}'
    assert judged(body, 503) == (DOWN, "HTTP 503 db down: no route")


def test_an_unexpected_status_shows_the_beginning_of_its_body() -> None:
    assert judged(b"a\n  b\x00" + b"c" * 100, 500) == (DOWN, "HTTP 500 a b\x00" + "c" * 76 + "…")


def test_a_deep_or_broken_document_is_no_crash() -> None:
    assert judged(b"[" * 100_000)[0] is OK
    assert judged(b'{"a": "\xff"}', json={"a": "b"})[0] is DOWN


def test_components_where_the_profile_says() -> None:
    probe = HttpProbe(url="http://shop/", components="data.parts")
    answer = judge(probe, Received(200, "", b'{"data": {"parts": {"x": "fail"}}}', False), safe)
    assert [(part.name, part.state) for part in answer.components] == [("x", DOWN)]
    assert answer.state is DEGRADED
    gone = judge(probe, Received(200, "", b"{}", False), safe)
    assert (gone.state, gone.components) == (OK, ())
