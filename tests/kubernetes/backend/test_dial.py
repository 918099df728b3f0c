"""What stands in the requests to an API server, also through a proxy, and how its answers are unpacked."""

import asyncio
import base64
import contextlib
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.test_kubeconfig import config, written
from tests.patience import PATIENCE

JSON = b'{"gitVersion": "v1.33.0"}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(JSON), JSON)


def packed(data: bytes) -> bytes:
    """An answer that says of its body that it is compressed."""
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data)


class Heard:
    """A server that gives every request one answer, and what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.heads: list[str] = []
        self.port = 0
        self._served: list[asyncio.Task[None] | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.append(asyncio.current_task())
        try:
            while True:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(self._answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def ended(self) -> None:
        """Until every client has closed its connection."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*[task for task in self._served if task is not None])

    def words(self) -> list[str]:
        """The lines of the one request there was."""
        (head,) = self.heads
        return head.split("\r\n")


@contextlib.asynccontextmanager
async def hearing(answer: bytes) -> AsyncIterator[Heard]:
    heard = Heard(answer)
    server = await asyncio.start_server(heard.serve, "127.0.0.1", 0)
    heard.port = server.sockets[0].getsockname()[1]
    try:
        yield heard
    finally:
        server.close()
        await heard.ended()


async def asked(
    folder: Path, server: str, path: str = "/version", *, cluster: str = "", **query: str
) -> dict[str, str]:
    """What a server answers a client of this kubeconfig."""
    environ = written(folder, config(server, cluster=cluster))
    client = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    try:
        return await client.get(path, dict[str, str], query)
    finally:
        await client.reset()


async def test_the_address_may_have_a_path_of_its_own(tmp_path: Path) -> None:
    async with hearing(PLAIN) as heard:
        url = f"http://127.0.0.1:{heard.port}/k8s/clusters/c-1"
        assert await asked(tmp_path, url, "/api/v1/pods", labelSelector="app=a b&c") == {"gitVersion": "v1.33.0"}
    first, *others = heard.words()
    assert first == "GET /k8s/clusters/c-1/api/v1/pods?labelSelector=app%3Da%20b%26c HTTP/1.1"
    assert f"Host: 127.0.0.1:{heard.port}" in others


async def test_what_stands_in_a_path_cannot_become_another_request(tmp_path: Path) -> None:
    async with hearing(PLAIN) as heard:
        await asked(tmp_path, f"http://127.0.0.1:{heard.port}", "/api/v1/pods/a b\r\nX-Y: z?watch=1#é")
    assert heard.words()[0] == "GET /api/v1/pods/a%20b%0D%0AX-Y:%20z%3Fwatch=1%23%C3%A9 HTTP/1.1"


async def test_a_proxy_is_told_where_to_and_by_whom(tmp_path: Path) -> None:
    async with hearing(PLAIN) as heard:
        proxy = f", proxy-url: 'http://ops:a%40b@127.0.0.1:{heard.port}'"
        await asked(tmp_path, "http://api.example:8080", cluster=proxy)
    first, *others = heard.words()
    assert first == "GET http://api.example:8080/version HTTP/1.1"
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'ops:a@b').decode()}" in others


async def test_a_proxy_that_lets_nothing_through_is_named(tmp_path: Path) -> None:
    async with hearing(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as heard:
        proxy = f", proxy-url: 'http://127.0.0.1:{heard.port}'"
        with pytest.raises(SourceError, match="the proxy does not let it through: 403"):
            await asked(tmp_path, "https://api.example", cluster=proxy)
    assert heard.words()[0] == "CONNECT api.example:443 HTTP/1.1"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://", "http://h:port", "nonsense"])
async def test_a_proxy_that_cannot_be_spoken_to_is_said(proxy: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is none of http:// and https://"):
        await asked(tmp_path, "https://api.example", cluster=f", proxy-url: '{proxy}'")


async def test_a_compressed_answer_is_unpacked(tmp_path: Path) -> None:
    async with hearing(packed(gzip.compress(JSON))) as heard:
        assert await asked(tmp_path, f"http://127.0.0.1:{heard.port}") == {"gitVersion": "v1.33.0"}


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(JSON)[:-12]], ids=["nonsense", "cut"])
async def test_what_cannot_be_unpacked_is_said(data: bytes, tmp_path: Path) -> None:
    async with hearing(packed(data)) as heard:
        with pytest.raises(SourceError, match=r"cannot be (unpacked|read)"):
            await asked(tmp_path, f"http://127.0.0.1:{heard.port}")


async def test_an_answer_that_swells_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.backends.kubernetes.client.ANSWER_LIMIT", 1 << 20)
    async with hearing(packed(gzip.compress(bytes(64 << 20)))) as heard:
        with pytest.raises(SourceError, match="is larger than 1 MiB"):
            await asked(tmp_path, f"http://127.0.0.1:{heard.port}")
