"""The runner: intervals on the clock, hysteresis, deadlines, one hung endpoint among others, samples, other kinds."""

import asyncio
import re
import sys
from itertools import pairwise

import pytest

from cockpit.board.clock import ManualClock
from cockpit.board.model import ReadingState
from cockpit.board.update import Sampled
from cockpit.probes.ask import Answer, Stopwatch
from cockpit.probes.run import ProbeRunner
from cockpit.profile.probes import AnyProbe, HttpProbe
from tests.patience import PATIENCE
from tests.probes.hostile import hostile, silent
from tests.probes.rig import Rig, ask, profile_of

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN


async def test_two_bad_answers_before_it_counts() -> None:
    clock = ManualClock()
    async with hostile() as server:
        server.ok("/", b"fine")
        probe = {"kind": "http", "url": f"http://127.0.0.1:{server.port}/", "timeout": 300, "bad_after": 2}
        rig = Rig(profile_of({"probe": probe}), clock)

        async def next_reading() -> tuple[ReadingState, str]:
            before = len(rig.readings)
            await clock.advance(11.5)
            await rig.until(lambda: len(rig.readings) > before)
            return rig.readings[-1].state, rig.readings[-1].detail

        async with rig.running():
            assert await next_reading() == (OK, "HTTP 200")
            server.at("/", "HTTP/1.1 500 No\nContent-Length: 4", b"oops")
            assert await next_reading() == (OK, "HTTP 500 oops (1 of 2 before it counts)")
            assert await next_reading() == (DOWN, "HTTP 500 oops")
            server.ok("/", b"fine")
            assert await next_reading() == (OK, "HTTP 200")


async def test_hung_endpoints_delay_nobody() -> None:
    clock = ManualClock()
    async with hostile() as server:
        server.answers["/hung"] = silent
        server.ok("/fine", b"fine")
        base = f"http://127.0.0.1:{server.port}"
        hung = {f"hung{count}": {"kind": "http", "url": f"{base}/hung", "timeout": 300} for count in range(20)}
        # Its own timeout is as long: the manual clock may run ahead of a real answer under way.
        fine = {"fine": {"kind": "http", "url": f"{base}/fine", "every": 5, "timeout": 300}}
        rig = Rig(profile_of({**hung, **fine}), clock)
        async with rig.running():
            await clock.advance(0.4)
            for count in range(1, 4):
                await rig.at_least(count)
                await clock.advance(6)
    assert {reading.probe for reading in rig.readings} == {"fine"}
    assert all(reading.state is OK for reading in rig.readings)


class Made:
    """An asker without a network, which a manual clock could outrun: what hangs never answers, others do at once."""

    slack = 0.0

    def __init__(self, spec: AnyProbe) -> None:
        self._hangs = isinstance(spec, HttpProbe) and spec.path == "/hung"

    async def ask(self, watch: Stopwatch) -> Answer:
        watch.begin("first byte")
        if self._hangs:
            await asyncio.Event().wait()
        return Answer(state=OK)


async def test_more_hung_endpoints_than_slots_delay_others_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    monkeypatch.setattr(ProbeRunner, "_asker", lambda _, __, spec, ___: Made(spec))
    probes = {f"hung{count}": {"kind": "http", "port": 80, "path": "/hung", "timeout": 3} for count in range(40)}
    probes["fine"] = {"kind": "http", "port": 80, "every": 5}
    rig = Rig(profile_of(probes), clock)
    async with rig.running():
        await clock.advance(120)
    fine = [reading for reading in rig.readings if reading.probe == "fine"]
    late = [reading for reading in rig.readings if reading.probe != "fine"]
    assert {reading.probe for reading in late} == probes.keys() - {"fine"}
    assert {reading.detail for reading in late} == {"connected, but no answer in 3 s"}
    assert all(reading.state is OK for reading in fine)
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(fine)]
    assert len(gaps) >= 15
    assert sum(gap > 5.5 for gap in gaps) <= 1  # the interval with its jitter
    assert max(gaps) <= 5.5 + 3.0


async def test_a_question_that_cannot_be_put_is_tried_again_soon() -> None:
    clock = ManualClock()
    rig = Rig(profile_of({"probe": {"kind": "http", "port": 80, "every": 60}}), clock)
    async with rig.running():
        await clock.advance(1.5)
        early = len(rig.readings)
        await clock.advance(600)
    assert early >= 3
    assert len(rig.readings) < 25
    assert {reading.state for reading in rig.readings} == {UNKNOWN}


async def test_a_slow_answer_is_degraded() -> None:
    clock = ManualClock()

    async def late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await clock.advance(2.0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with hostile() as server:
        server.answers["/"] = late
        probe = {"kind": "http", "url": f"http://127.0.0.1:{server.port}/", "timeout": 300, "slow": 1}
        rig = Rig(profile_of({"probe": probe}), clock)
        async with rig.running():
            await clock.advance(0.4)
            await rig.until(lambda: bool(rig.readings))
    reading = rig.readings[0]
    assert reading.state is DEGRADED
    assert re.fullmatch(r"HTTP 200 in 2(\.\d+)? s, slower than 1 s", reading.detail)
    assert 2000 <= dict(reading.timings_ms)["first byte"] <= 2400


async def test_a_first_answer_that_is_only_slow_is_asked_for_once_more() -> None:
    """The cockpit itself is still loading when it asks first: its own half second must not count against a service."""
    clock, asked = ManualClock(), list[float]()

    async def late_at_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(clock.monotonic())
        if len(asked) == 1:
            await clock.advance(2.0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with hostile() as server:
        server.answers["/"] = late_at_first
        probe = {"kind": "http", "url": f"http://127.0.0.1:{server.port}/", "timeout": 300, "slow": 1}
        rig = Rig(profile_of({"probe": probe}), clock)
        async with rig.running():
            await clock.advance(0.4)
            await rig.until(lambda: bool(rig.readings))
    assert (rig.readings[0].state, rig.readings[0].detail) == (OK, "HTTP 200")
    assert len(asked) == 2


async def test_samples_with_rate_and_threshold() -> None:
    clock = ManualClock()
    async with hostile() as server:
        server.ok("/metrics", b"requests_total 100\nqueue 3\n", "text/plain")
        probe = {
            "kind": "http",
            "url": f"http://127.0.0.1:{server.port}/metrics",
            "samples": {
                "rps": {"metric": "requests_total", "unit": "req", "rate": True},
                "queue": {"metric": "queue", "threshold": {"warn_above": 10, "bad_above": 50}},
            },
        }
        rig = Rig(profile_of({"probe": probe}), clock)
        async with rig.running():
            await clock.advance(0.4)
            await rig.until(lambda: bool(rig.samples))
            server.ok("/metrics", b"requests_total 200\nqueue 60\n", "text/plain")
            await clock.advance(11.5)
            await rig.until(lambda: len(rig.samples) >= 3)
    first, second = [update for update in rig.updates if isinstance(update, Sampled)]
    assert [(one.metric, one.value, one.unit, one.bad) for one in first.samples] == [("queue", 3.0, "", OK)]
    rate, queue = second.samples
    assert (rate.target, rate.metric, rate.unit, rate.bad) == ("shop", "rps", "req/s", None)
    assert 100 / 11.5 <= rate.value <= 100 / 8.5
    assert (queue.value, queue.bad) == (60.0, DOWN)
    assert rig.readings[-1].detail == "queue 60 > 50 (1 of 2 before it counts)"


async def test_promql_waits_for_its_server() -> None:
    reading = await ask({"kind": "promql", "query": "up"})
    assert (reading.state, reading.detail, reading.target) == (UNKNOWN, "no Prometheus server is declared", "promql up")


async def test_a_command_probe() -> None:
    script = "import os; print('pong', os.environ['WORD'])"
    argv = [sys.executable, "-c", script]
    probe = {"kind": "command", "argv": argv, "environment": {"WORD": "${SECRET_WORD}"}, "matches": "^pong"}
    environ = {"SECRET_WORD": "swordfish", "PATH": "/usr/bin:/bin"}
    fine = await ask(probe, environ=environ)
    bad = await ask({**probe, "matches": "^nothing"}, environ=environ)
    assert (fine.state, fine.detail, fine.kind) == (OK, "exit 0", "command")
    assert bad.state is DOWN
    assert bad.detail == "exit 0, but it does not match '^nothing': pong ***"


@pytest.mark.parametrize(
    ("argv", "state", "detail"),
    [
        (["sh", "-c", "echo no disk; exit 3"], DOWN, "exit 3: no disk"),
        (["sh", "-c", "kill -9 $$"], DOWN, "signal 9"),
        (["sh", "-c", "sleep 30"], DOWN, "sh did not end in 0.3 s and was ended"),
        (["no-such-command-here"], UNKNOWN, "no-such-command-here: there is no such command here"),
    ],
)
async def test_commands_that_fail(argv: list[str], state: ReadingState, detail: str) -> None:
    probe = {"kind": "command", "argv": argv, "timeout": 0.3 if "sleep" in argv[-1] else PATIENCE}
    reading = await ask(probe, environ={"PATH": "/usr/bin:/bin"})
    assert (reading.state, reading.detail) == (state, detail)
