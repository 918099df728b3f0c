"""The words of reasons."""

from datetime import timedelta

import pytest

from cockpit.board import why
from cockpit.board.history import Past
from cockpit.board.model import Freshness, Reading, ReadingState, SafeText
from cockpit.board.snapshot import SourceStatus
from tests.board.fleet import START
from tests.board.scene import exited, identity, instance

PAST = Past(first_seen=START)


@pytest.mark.parametrize(
    ("code", "oom", "words"),
    [
        (137, True, "OOM killed, 137"),
        (None, True, "OOM killed"),
        (137, False, "exit 137 (SIGKILL)"),
        (143, False, "exit 143 (SIGTERM)"),
        (139, False, "exit 139 (SIGSEGV)"),
        (1, False, "exit 1"),
        (255, False, "exit 255"),
        (-1, False, "exit -1"),
        (None, False, "ended, exit code not known"),
    ],
)
def test_how_a_run_ended(code: int | None, oom: bool, words: str) -> None:
    assert why.exit_words(code, oom) == words


def test_restarts_and_their_rate() -> None:
    owner = identity("web")
    times = tuple((START + timedelta(seconds=30 * number), 1) for number in range(7))
    seen = Past(first_seen=START, restarts=times, exit_code=1)
    assert why.restarting(instance(owner), seen) == "exit 1, restarted 7x in 3 min"
    assert why.restarting(instance(owner, restarts=7), PAST) == "restarted 7x"
    spoke = instance(owner, **exited(1), error=SafeText("FATAL no DSN"))
    assert why.restarting(spoke, seen) == "exit 1: FATAL no DSN, restarted 7x in 3 min"
    again = Past(first_seen=START, restarts=times, exit_code=1, said="FATAL no DSN")
    assert why.restarting(instance(owner), again) == "exit 1: FATAL no DSN, restarted 7x in 3 min"
    assert why.ended(instance(owner, **exited(1)), seen) == "exit 1, restarted 7x in 3 min"
    assert why.ended(instance(owner, **exited(0)), PAST) == "stopped, exit 0"


def test_start_errors() -> None:
    owner = identity("web")
    pull = instance(owner, error=SafeText("pull access denied for x"))
    assert why.start_error(pull) == "image pull: pull access denied for x"
    assert why.start_error(instance(owner, error=SafeText("port is already allocated"))) == "port is already allocated"
    known = instance(owner, error=SafeText("image pull: not found"))
    assert why.start_error(known) == "image pull: not found"


@pytest.mark.parametrize(
    ("kind", "target", "detail", "words"),
    [
        ("http", "GET 127.0.0.1:8001/health (published port of 8001)", "503 busy", "http /health 503 busy"),
        ("http", "GET https://example.com/a/b?key=1", "404", "http /a/b 404"),
        ("http", "GET https://example.com", "refused", "http probe refused"),
        ("tcp", "127.0.0.1:5432 (published port of 5432)", "connection refused", "tcp 5432 connection refused"),
        ("exec", "redis-cli ping", "exit 1", "exec probe exit 1"),
        ("tcp", "", "", "tcp probe down"),
    ],
)
def test_probes(kind: str, target: str, detail: str, words: str) -> None:
    reading = Reading(
        service="web", probe="probe", kind=kind, state=ReadingState.DOWN, at=START, detail=SafeText(detail),
        target=SafeText(target),
    )  # fmt: skip
    assert why.probe(reading) == words


def test_silence() -> None:
    lost = SourceStatus(
        name="main", label=SafeText("docker:prod-1"), kind="docker", freshness=Freshness.LOST, since=START,
        heard_at=START, why=SafeText("connection refused"),
    )  # fmt: skip
    assert why.silence(lost, "main") == "no answer from docker:prod-1 since 14:00:00Z (connection refused)"
    assert why.silence(None, "main") == "nothing heard of main yet"


@pytest.mark.parametrize(
    ("value", "limit", "below", "words"),
    [(91.4, 85.0, False, "cpu 91 % > 85 %"), (6.2, 2.0, False, "cpu 6.2 % > 2 %"), (1.0, 2.5, True, "cpu 1 % < 2.5 %")],
)
def test_thresholds(value: float, limit: float, below: bool, words: str) -> None:
    assert why.threshold("cpu", value, "%", limit, below=below) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.204509, "0.2"), (0.0003, "0.0003"), (6.21, "6.2"), (3.0, "3"), (91.4, "91"), (-2.55, "-2.5")],
)
def test_numbers_are_as_exact_as_a_reader_needs(value: float, words: str) -> None:
    assert why.number(value) == words
