"""A connection that succeeds when nobody waits for it any more is closed, not lost; each is read in large pieces."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import httpcore
import pytest

from cockpit.backends.connections import READ_SIZE, Connections
from tests.patience import PATIENCE

TLS = Path(__file__).with_name("tls")


class Stream(httpcore.AsyncNetworkStream):
    """Says when it is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def aclose(self) -> None:
        self.closed.set()


async def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, succeeds, stream = asyncio.Event(), asyncio.Event(), Stream()

    async def connect(*_: object) -> Stream:
        begun.set()
        await succeeds.wait()
        return stream

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    network = Connections()
    asking = asyncio.create_task(network.connect_tcp("127.0.0.1", 80))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        succeeds.set()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await stream.closed.wait()
        await network.settled()


class Encrypted(httpcore.AsyncNetworkStream):
    """What a server has sent at once over TLS, without a network between."""

    def __init__(self, body: bytes) -> None:
        here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
        serving, asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        serving.load_cert_chain(TLS / "good.pem", TLS / "key.pem")
        asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
        server, self.tls = serving.wrap_bio(here, there, server_side=True), asking.wrap_bio(there, here)
        for end in (self.tls, server, self.tls, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
        server.write(body)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.tls.read(max_bytes)

    def get_extra_info(self, info: str) -> object:
        return self.tls if info == "ssl_object" else None


async def test_what_has_come_over_tls_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    body = bytes(range(256)) * 400

    async def connect(*_: object) -> Encrypted:
        return Encrypted(body)

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    stream = await Connections().connect_tcp("127.0.0.1", 443)
    assert len(body) < READ_SIZE
    assert await stream.read(10) == body
    with pytest.raises(ssl.SSLWantReadError):
        await stream.read(10)
