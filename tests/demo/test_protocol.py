"""The socket: hostile lines, bounds, slow readers, logs by window, and a client that never waits for ever."""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import pytest

from cockpit.board.clock import SystemClock
from cockpit.demo.client import DemoClient, DemoError
from tests.demo.platform import Platform
from tests.patience import PATIENCE

HOSTILE = [
    b"",
    b"garbage",
    b"\x00\xff\xfe\x1b]0;x\x07",
    b"[]",
    b"null",
    b'"list"',
    b"{}",
    b'{"v":1}',
    b'{"v":2,"op":"list"}',
    b'{"v":1,"op":null}',
    b'{"v":1,"op":["list"]}',
    b'{"v":1,"op":"nonsense"}',
    b'{"v":1,"op":"restart"}',
    b'{"v":1,"op":"restart","service":{"a":1}}',
    b'{"v":1,"op":"restart","service":"../../etc"}',
    b'{"v":1,"op":"kill","instance":"cart-1","signal":"STOP; rm"}',
    b'{"v":1,"op":"kill","instance":"cart-1","signal":9}',
    b'{"v":1,"op":"scale","service":"cart","n":true}',
    b'{"v":1,"op":"scale","service":"cart","n":1e999}',
    b'{"v":1,"op":"scale","service":"cart","n":NaN}',
    b'{"v":1,"op":"fault","name":"full-disk","service":"cart"}',
    b'{"v":1,"op":"fault","name":"crash-loop","speed":-1}',
    b'{"v":1,"op":"logs","instance":"cart-1","tail":-1}',
    b'{"v":1,"op":"logs","instance":"cart-1","since":"yesterday"}',
    b"[" * 60_000,
    b'{"v":1,"id":{"a":[]},"op":"x"}',
]


class Raw:
    """A connection that may send anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, demo: Platform) -> "Raw":
        return cls(*await asyncio.open_unix_connection(demo.host.socket, limit=8 * 1024 * 1024))

    async def ask(self, line: bytes) -> dict[str, Any]:
        self.writer.write(line + b"\n")
        async with asyncio.timeout(PATIENCE):
            return dict(json.loads(await self.reader.readline()))

    def close(self) -> None:
        self.writer.close()


async def test_every_hostile_line_gets_a_refusal_and_changes_nothing(demo: Platform) -> None:
    raw = await Raw.open(demo)
    for line in HOSTILE:
        told = await raw.ask(line)
        assert told["ok"] is False, line
        assert told["error"]["code"] in {"bad-request", "unknown-op", "not-found", "refused"}
        assert "\n" not in told["error"]["message"]
    assert (await raw.ask(b'{"v":1,"id":"x","op":"hello"}'))["result"]["protocol"] == 1
    raw.close()
    listed = await demo.client.request("list")
    assert all(each["run"] == 1 and each["health"] == "healthy" for each in listed["instances"])
    assert not any(each["active"] for each in listed["faults"])


async def test_a_line_of_ten_megabytes_is_refused_and_the_host_lives(demo: Platform) -> None:
    raw = await Raw.open(demo)
    for newline in (b"", b"\n"):
        raw.writer.write(b"x" * 10_000_000 + newline)
    told = json.loads(await raw.reader.readline())
    assert told["error"]["message"].startswith("a line of more than 65536 bytes")
    assert await raw.reader.read() == b""
    raw.close()
    assert (await demo.client.request("hello"))["pid"] == demo.host.pid


async def test_a_line_may_come_in_pieces_and_many_at_once(demo: Platform) -> None:
    raw = await Raw.open(demo)
    for byte in b'{"v":1,"id":1,"op":"hello"}':
        raw.writer.write(bytes([byte]))
        await raw.writer.drain()
    assert (await raw.ask(b""))["id"] == 1
    raw.writer.write(b'{"v":1,"id":2,"op":"hello"}\n' * 50)
    assert [json.loads(await raw.reader.readline())["id"] for _ in range(50)] == [2] * 50
    raw.close()


async def test_a_caller_that_never_reads_costs_a_bounded_amount(demo: Platform) -> None:
    raw = await Raw.open(demo)
    raw.writer.write(b'{"v":1,"id":1,"op":"watch"}\n')
    await raw.reader.readline()
    # The transport stops reading at twice its limit; what the host then holds for it is bounded as well.
    cast(asyncio.ReadTransport, raw.writer.transport).pause_reading()
    before = resident(demo.host.pid)
    for number in range(150):
        changes = {f"KEY_{key}": str(number) * 300 for key in range(40)}
        await demo.client.request("set_env", service="payments", set=changes)
    assert resident(demo.host.pid) - before < 8 * 1024 * 1024
    cast(asyncio.ReadTransport, raw.writer.transport).resume_reading()
    await demo.client.request("set_env", service="payments", set={"KEY_0": "last"})
    async with asyncio.timeout(PATIENCE):
        while (event := json.loads(await raw.reader.readline())["event"])["type"] != "lost":
            assert event["type"] in {"service", "instance", "swept"}
    assert event["count"] > 0
    raw.close()


def resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_too_many_connections_are_refused_and_the_host_recovers(demo: Platform) -> None:
    opened = [await Raw.open(demo) for _ in range(70)]
    last = json.loads(await opened[-1].reader.readline())
    assert last["error"]["message"] == "more than 64 connections"
    for raw in opened:
        raw.close()
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await demo.client.request("hello")
                break
            except DemoError:
                continue


async def test_a_stream_connection_takes_no_requests(demo: Platform) -> None:
    raw = await Raw.open(demo)
    await raw.ask(b'{"v":1,"id":1,"op":"watch"}')
    raw.writer.write(b'{"v":1,"id":2,"op":"list"}\n')
    async with asyncio.timeout(PATIENCE):
        while "event" in (told := json.loads(await raw.reader.readline())):
            continue
    assert told["error"]["code"] == "bad-request"
    raw.close()


async def test_logs_by_tail_window_and_previous_run(demo: Platform) -> None:
    lines = await demo.lines("payments-1")
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert [line["seq"] for line in await demo.lines("payments-1", tail=1)] == [
        (await demo.lines("payments-1"))[-1]["seq"]
    ]
    assert await demo.lines("payments-1", tail=0) == []
    assert await demo.lines("payments-1", since=time.time() + 100) == []
    middle = lines[1]["at"]
    assert (await demo.lines("payments-1", since=middle))[0]["seq"] == 1
    assert all(line["at"] <= middle for line in await demo.lines("payments-1", until=middle))
    await demo.client.request("restart", instance="payments-1")
    await demo.until(lambda: demo.instances["payments-1"]["run"] == 2 and demo.is_well())
    assert {line["run"] for line in await demo.lines("payments-1")} == {1, 2}
    previous = await demo.lines("payments-1", previous=True)
    assert {line["run"] for line in previous} == {1}
    assert "shutting down" in previous[-1]["text"]
    assert len(await demo.lines("payments-1", previous=True, tail=2)) == 2


async def test_a_followed_log_goes_on_over_a_restart_and_ends_with_its_instance(demo: Platform) -> None:
    stream = cast(AsyncGenerator[dict[str, Any]], demo.client.stream("logs", instance="cart-1", follow=True))
    runs: set[int] = set()
    seqs: list[int] = []
    async with asyncio.timeout(PATIENCE), aclosing(stream) as log:
        await demo.client.request("restart", instance="cart-1")
        removed = False
        async for event in log:
            seqs += [line["seq"] for line in event["lines"]]
            runs |= {line["run"] for line in event["lines"]}
            if 2 in runs and not removed:
                removed = True
                await demo.client.request("remove", instance="cart-1")
    assert runs == {1, 2}
    assert seqs == list(range(len(seqs)))


async def test_the_client_waits_no_longer_than_its_deadline(runtime_dir: str) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    path = f"{runtime_dir}/s"
    server = await asyncio.start_unix_server(never, path)
    client = DemoClient(path, SystemClock())
    with pytest.raises(DemoError, match=r"no answer to list within 0\.05 s"):
        await client.request("list", deadline=0.05)
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\n", b"[1]\n", b"{}\n", b'{"ok":false}\n', b"x" * 5_000_000],
    ids=lambda answer: f"{answer[:12]!r}",
)
async def test_the_client_takes_no_nonsense(runtime_dir: str, answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    path = f"{runtime_dir}/s"
    server = await asyncio.start_unix_server(speak, path)
    with pytest.raises(DemoError) as caught:
        await DemoClient(path, SystemClock()).request("list")
    assert caught.value.code == "lost"
    server.close()
    await server.wait_closed()
    os.unlink(path)
    with pytest.raises(DemoError, match="start the demo again"):
        await DemoClient(path, SystemClock()).request("list")
