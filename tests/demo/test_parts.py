"""The host's pure parts: the log ring, the volume's budget, the judgement of /health, metric text, the table."""

import errno
import os
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.faults import FAULTS
from cockpit.demo.host import log as log_module
from cockpit.demo.host.healthcheck import judge
from cockpit.demo.host.log import LINE_LIMIT, InstanceLog
from cockpit.demo.host.operations import OPERATIONS
from cockpit.demo.shape import BAD_RELEASE, BY_NAME, SERVICES
from cockpit.demo.shop.disk import LEFTOVER, Volume
from cockpit.demo.shop.health import DEGRADED, DOWN, OK, Component, fold
from cockpit.demo.shop.logs import Log
from cockpit.demo.shop.metrics import Metrics


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40)), st.binary(max_size=10))
def test_a_log_keeps_every_line_however_its_bytes_are_cut(chunks: list[bytes], last: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = InstanceLog(os.path.join(folder, "x.log"))
        for chunk in [*chunks, last]:
            log.feed("out", chunk, 1.0, 1)
        log.finish(1.0, 1)
        log.close()
    written = b"".join([*chunks, last])
    expected = written.split(b"\n")[: None if not written.endswith(b"\n") and written else -1]
    assert [line.text for line in log.since(0, 10_000)] == [line.decode("utf-8", "replace") for line in expected]


@settings(deadline=None)
@given(st.integers(0, 3 * LINE_LIMIT), st.integers(100, 8000))
def test_a_long_line_is_cut_and_counted(length: int, step: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = InstanceLog(os.path.join(folder, "x.log"))
        data = b"y" * length + b"\n"
        for place in range(0, len(data), step):
            log.feed("err", data[place : place + step], 1.0, 1)
        log.close()
    (line,) = log.since(0, 10)
    assert len(line.text) + line.cut == length
    assert len(line.text) <= LINE_LIMIT


def test_a_log_is_bounded_in_memory_and_on_disk(tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "FILE_LIMIT", 10_000)
    monkeypatch.setattr(log_module, "RING_LINES", 100)
    log = InstanceLog(os.path.join(tmp_path, "x.log"))
    for number in range(2000):
        log.feed("out", f"line {number}\n".encode(), float(number), 1)
    assert (log.first_seq, log.next_seq) == (1900, 2000)
    assert log.window(since=1990.0, tail=None, run=None) == 1990
    assert log.window(since=None, tail=7, run=None) == 1993
    sizes = [os.path.getsize(os.path.join(tmp_path, name)) for name in ("x.log", "x.log.1")]
    assert sum(sizes) <= 20_000
    log.close()


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=40), st.integers(1, 600))
def test_a_volume_never_holds_more_than_its_budget(rows: list[bytes], budget: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        volume = Volume(folder, budget)
        written = b""
        for row in rows:
            if len(written) + len(row) <= budget:
                volume.append("wal", row)
                written += row
            else:
                with pytest.raises(OSError, match="No space left on device") as caught:
                    volume.append("wal", row)
                assert caught.value.errno == errno.ENOSPC
        assert volume.read("wal") == written
        assert volume.used == len(written) <= budget
        assert volume.fill(LEFTOVER) == budget - len(written)
        with pytest.raises(OSError, match="No space left on device"):
            volume.append("wal", b"x")
        assert Volume(folder, budget).used == budget
        volume.remove(LEFTOVER)
        assert volume.used == len(written)


@given(st.binary(max_size=300))
def test_any_answer_to_a_health_check_is_judged(data: bytes) -> None:
    finding = judge(data)
    assert not finding.good
    assert finding.status == "no answer"


@given(st.lists(st.tuples(st.sampled_from([OK, DEGRADED, DOWN]), st.booleans())))
def test_health_is_as_bad_as_its_worst_part_that_matters(parts: list[tuple[str, bool]]) -> None:
    health = fold(Component(f"c{n}", status, "why", critical) for n, (status, critical) in enumerate(parts))
    if (DOWN, True) in parts:
        assert health.status == DOWN
    else:
        assert health.status == (OK if all(status == OK for status, _ in parts) else DEGRADED)
    assert bool(health.words()) == (health.status != OK)


def test_the_histogram_counts_every_request_once() -> None:
    metrics = Metrics("cart", "cart-1", "2.3.1")
    for seconds in (0.001, 0.005, 0.2, 9.0):
        metrics.observe("/carts/", 200, seconds)
    text = metrics.render()
    assert 'http_requests_total{route="/carts/",status="200"} 4' in text
    assert 'http_request_seconds_bucket{le="0.005"} 2' in text
    assert 'http_request_seconds_bucket{le="+Inf"} 4' in text
    assert "http_request_seconds_sum 9.206000" in text


def test_a_log_line_is_one_write_that_pipes_do_not_mix(capfd: pytest.CaptureFixture[str]) -> None:
    Log("json", "cart", "cart-1").error("x" * 10_000)
    _, errors = capfd.readouterr()
    assert len(errors) <= 4096
    assert errors.count("\n") == 1


def test_the_tables_agree_with_each_other() -> None:
    for fault in FAULTS:
        assert fault.service in BY_NAME
        assert fault.mends
        for mend in fault.mends:
            assert mend.verb == "call" or mend.verb in OPERATIONS
            assert mend.verb not in fault.useless
        assert set(fault.useless) <= OPERATIONS.keys()
    assert BAD_RELEASE[1] == BY_NAME[BAD_RELEASE[0]].versions[-1]
    started: set[str] = set()
    for shape in SERVICES:
        assert {need.service for need in shape.needs} <= started, "what others need starts first"
        started.add(shape.name)
        assert sum(release.days is not None for release in shape.releases) >= 2, "there is something to roll back to"
