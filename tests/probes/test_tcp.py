"""The tcp probe, and the lookup of names."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cockpit.backends.base import Address
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver
from cockpit.board.model import ReadingState, SafeText
from tests.patience import PATIENCE
from tests.probes.rig import Rig, ask, ask_late, profile_of

OK, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DOWN, ReadingState.UNKNOWN


@asynccontextmanager
async def speaking(answer: bytes | None, heard: list[bytes] | None = None) -> AsyncIterator[int]:
    """A server that answers the first thing it hears, once (None: never), and keeps the connection."""
    told = [] if heard is None else heard

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            told.append(await reader.read(100))
            if told[-1] and answer is not None:
                writer.write(answer)
                await writer.drain()
            await reader.read()
        except OSError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_port_that_accepts() -> None:
    async with speaking(b"") as port:
        by_address = await ask({"kind": "tcp", "address": f"127.0.0.1:{port}"})
        by_port = await ask({"kind": "tcp", "port": 5432}, port=port)
    assert (by_address.state, by_address.detail, by_address.target) == (OK, "connected", f"tcp 127.0.0.1:{port}")
    assert by_port.target == f"tcp 127.0.0.1:{port} (published port of 5432)"
    assert [name for name, _ in by_port.timings_ms] == ["dns", "connect", "total"]


async def test_what_relays_every_port_is_no_answer_of_what_is_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(b"+PONG\r\n") as port:

        async def relayed(rig: Rig, service: str, wanted: int) -> Address:
            return Address("127.0.0.1", port, SafeText(f"forwarded to web-1:{wanted}"), relayed=True)

        monkeypatch.setattr(Rig, "_resolve", relayed)
        connects = await ask({"kind": "tcp", "port": 6379})
        answers = await ask({"kind": "tcp", "port": 6379, "send": "PING\r\n", "expect": "PONG"})
    assert (connects.state, answers.state) == (UNKNOWN, OK)
    assert connects.detail.startswith("needs expect: a port-forward connects to every port")
    assert connects.target == f"tcp 127.0.0.1:{port} (forwarded to web-1:6379)"


async def test_a_closed_port(unused_tcp_port: int) -> None:
    reading = await ask({"kind": "tcp", "address": f"localhost:{unused_tcp_port}"})
    assert (reading.state, reading.detail) == (DOWN, "connection refused")


async def test_send_and_expect() -> None:
    async with speaking(b"+PONG\r\n") as port:
        fine = await ask({"kind": "tcp", "address": f"127.0.0.1:{port}", "send": "PING\r\n", "expect": r"^\+PONG"})
    async with speaking(b"-LOADING\x1b[2J\r\n" * 5000) as port:
        probe = {"kind": "tcp", "address": f"127.0.0.1:{port}", "send": "PING\r\n", "expect": "PONG"}
        other = await ask(probe)
    heard: list[bytes] = []
    async with speaking(None, heard) as port:
        silent = await ask_late({**probe, "address": f"127.0.0.1:{port}", "timeout": 3}, lambda: bool(heard))
    assert (fine.state, fine.detail) == (OK, "connected, the expected answer")
    assert other.state is DOWN
    assert other.detail.startswith("answers '-LOADING")
    assert other.detail.endswith(", expected 'PONG'")
    assert (silent.state, silent.detail) == (DOWN, "connected, but no answer in 3 s")


async def test_a_name_that_does_not_exist() -> None:
    def lookup(*_: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver = Resolver(Pool("dns", 1), lookup)
    reading = await ask({"kind": "tcp", "address": "nowhere.example:80"}, resolver=resolver)
    assert (reading.state, reading.detail) == (DOWN, "no such host: nowhere.example")
    web = await ask({"kind": "http", "url": "http://nowhere.example/"}, resolver=resolver)
    assert (web.state, web.detail) == (DOWN, "no such host: nowhere.example")


async def test_the_real_resolver_gives_a_sentence() -> None:
    reading = await ask({"kind": "http", "url": "http://does-not-exist.invalid/"})
    assert (reading.state, reading.detail) in (
        (DOWN, "no such host: does-not-exist.invalid"),
        (UNKNOWN, "the name servers give no answer for does-not-exist.invalid"),  # a machine without any
    )


async def test_name_servers_that_give_no_answer_are_unknown() -> None:
    def lookup(*_: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    reading = await ask({"kind": "http", "url": "http://shop.example/"}, resolver=Resolver(Pool("dns", 1), lookup))
    assert (reading.state, reading.detail) == (UNKNOWN, "the name servers give no answer for shop.example")


async def test_a_hung_lookup_holds_one_thread_and_delays_nobody() -> None:
    release, asked = threading.Event(), list[str]()

    def lookup(host: str, port: int, *_: Any) -> list[Any]:
        asked.append(host)
        if host.startswith("hung"):
            release.wait(PATIENCE)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with speaking(b"") as port:
        hung = {
            f"hung{count}": {"kind": "tcp", "address": f"hung.example:{port}", "timeout": 0.2, "every": 1}
            for count in range(5)
        }
        fine = {"fine": {"kind": "tcp", "address": f"fine.example:{port}", "timeout": PATIENCE}}
        rig = Rig(profile_of({**hung, **fine}), resolver=Resolver(Pool("dns", 2), lookup))
        try:
            async with rig.running():
                await rig.until(lambda: {"fine"} | hung.keys() <= {reading.probe for reading in rig.readings})
                await rig.at_least(12)
        finally:
            release.set()
    by_name = {reading.probe: reading for reading in rig.readings}
    assert by_name["fine"].state is OK
    assert by_name["hung0"].detail == "the name lookup did not end in 0.2 s"
    assert sorted(set(asked)) == ["fine.example", "hung.example"]
    assert asked.count("hung.example") == 1


async def test_the_next_address_is_tried() -> None:
    def lookup(host: str, port: int, *_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    async with speaking(b"") as port:
        resolver = Resolver(Pool("dns", 1), lookup)
        reading = await ask({"kind": "tcp", "address": f"two.example:{port}"}, resolver=resolver)
    assert (reading.state, reading.detail) == (OK, "connected")
