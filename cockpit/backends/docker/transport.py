"""HTTP to one engine over any kind of connection: `dial` opens one, httpcore keeps and reuses them.

Loaded only when an engine is first spoken to: httpx and httpcore take 60 to 110 ms to import.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable

import httpcore
import httpx

from cockpit.backends.base import SourceError
from cockpit.backends.docker.longstream import READ_SIZE, ask
from cockpit.backends.docker.readonly import refusal
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import LookupFailed, NoSuchHost, Resolver

Dial = Callable[[], Awaitable[httpcore.AsyncNetworkStream]]
"""Opens one connection to the engine. OSError, SourceError."""

_NAMES = Pool("docker-names", 4)
IDLE = 30.0
"""Seconds after which an unused connection is closed."""


class Refused(Exception):
    """A request that a reader may not make; str(error) says which."""


class NotDialled(Exception):
    """No connection was made, so nothing was sent. reason: why."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason  # the pool raises its errors again without their cause


class PairStream(httpcore.AsyncNetworkStream):
    """A connection over asyncio's streams. Deadlines are the client's: none is kept here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        self._writer.write(buffer)
        await self._writer.drain()

    async def aclose(self) -> None:
        # No wait: with a peer that hangs `wait_closed` would too.
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        return self

    def get_extra_info(self, info: str) -> object:
        if info == "is_readable":
            # Readable while idle means closed by the engine: the pool then opens another.
            return self._reader.at_eof() or self._writer.is_closing()
        return self._writer.get_extra_info(info)


def dial_unix(path: str) -> Dial:
    """Connections to a unix socket of this machine."""

    async def dial() -> httpcore.AsyncNetworkStream:
        return PairStream(*await asyncio.open_unix_connection(path, limit=READ_SIZE * 4))

    return dial


def dial_tcp(host: str, port: int, tls: ssl.SSLContext | None, names: Resolver | None = None) -> Dial:
    """Connections to a TCP port, with TLS when there is a context for it. names: looks the host up."""
    names = names or Resolver(_NAMES)

    async def opened(address: str) -> httpcore.AsyncNetworkStream:
        name = host if tls is not None else None
        return PairStream(
            *await asyncio.open_connection(address, port, ssl=tls, server_hostname=name, limit=READ_SIZE * 4)
        )

    async def dial() -> httpcore.AsyncNetworkStream:
        *others, last = await _addresses(names, host, port)
        for address in others:
            with contextlib.suppress(OSError):
                return await opened(address)
        return await opened(last)

    return dial


async def _addresses(names: Resolver, host: str, port: int) -> list[str]:
    try:
        return await names.addresses(host, port)
    except NoSuchHost as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
    except LookupFailed as error:
        raise socket.gaierror(socket.EAI_AGAIN, str(error)) from None


class _Counted(httpcore.AsyncNetworkStream):
    """A connection that stands in a set while it is open. Its TLS, where it has one, began when it was dialled."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, counted: set[httpcore.AsyncNetworkStream]) -> None:
        self._inner, self._counted = inner, counted
        counted.add(self)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer)

    async def aclose(self) -> None:
        self._counted.discard(self)
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Network(httpcore.AsyncNetworkBackend):
    """Every connection of the pool goes where `dial` leads, whatever host stands in the URL.

    A pool that is closed forgets the connections that are just being dialled: here they are known, and closed.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._pooled: set[httpcore.AsyncNetworkStream] = set()
        self._closed = False

    async def dialled(self) -> httpcore.AsyncNetworkStream:
        """A new connection, for the caller to close. NotDialled, SourceError."""
        try:
            stream = await self._dial()
        except OSError as error:
            raise NotDialled(error) from error
        if self._closed:
            await stream.aclose()
            raise NotDialled(ConnectionAbortedError("the connection was given up"))
        return stream

    async def aclose(self) -> None:
        """Close what the pool left open; whatever is dialled from now on is closed at once."""
        self._closed = True
        for stream in tuple(self._pooled):
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Counted(await self.dialled(), self._pooled)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError("nothing is tried again at this level")


class _Body(httpx.AsyncByteStream):
    def __init__(self, parts: AsyncIterable[bytes]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._parts)

    async def aclose(self) -> None:
        close = getattr(self._parts, "aclose", None)
        if close is not None:
            await close()


class EngineTransport(httpx.AsyncBaseTransport):
    """A pool of at most `connections` connections, and at most `streams` beside it for answers without an end.

    A request with the extension "long" gets a connection of its own. read_only: what would change the engine raises
    `Refused`.
    """

    def __init__(self, dial: Dial, *, connections: int, streams: int, read_only: bool) -> None:
        self._read_only, self._streams = read_only, streams
        self._network = _Network(dial)
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=connections, keepalive_expiry=IDLE, network_backend=self._network
        )
        self._open: set[httpcore.AsyncNetworkStream] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._read_only and (why := refusal(request.method, request.url.path)):
            raise Refused(why)
        if request.extensions.get("long"):
            return await self._long(request)
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = request.url
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = await self._pool.handle_async_request(inner)
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    async def _long(self, request: httpx.Request) -> httpx.Response:
        if len(self._open) >= self._streams:
            raise SourceError(f"{self._streams} logs are read from this engine already, the most it bears: close one")
        stream = _Counted(await self._network.dialled(), self._open)
        try:
            return await ask(stream, request)
        except BaseException:
            await stream.aclose()
            raise

    async def aclose(self) -> None:
        for stream in tuple(self._open):
            await stream.aclose()
        with contextlib.suppress(RuntimeError):
            await self._pool.aclose()
        await self._network.aclose()
