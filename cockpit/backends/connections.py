"""Connections that are made to their end, their host looked up in threads of their own.

A deadline may pass in the very moment in which a connection succeeds: anyio drops a socket whose connecting is
cancelled then, still open, for the collector to find. So connecting has a task of its own, which is not cancelled with
the question; what it brings when nobody waits any more is closed.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable

import httpcore

from cockpit.backends.resolver import LookupFailed, NoSuchHost, Resolver

LATE = 1.0
"""Seconds that the end waits for connections under way; what has not come by then is cancelled with the loop."""
ANOTHER_TRY = 1.0
"""Seconds for a connection before the host's next address is tried."""
READ_SIZE = 256 * 1024
"""Bytes that are read at once at most, as asyncio has them: each read costs 0.15 ms, and httpcore asks for 64 KiB, of
TLS it gets 16. The lists of 5,000 pods are 31 MB."""


class Connections(httpcore.AnyIOBackend):
    """The network of a pool. resolver: looks names up; without one they are addresses already."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver
        self._late: set[asyncio.Task[None]] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to host:port. Cancelled, it is closed as soon as it is there."""
        *others, last = await self._addresses(host, port)
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._connected(address, port, ANOTHER_TRY, local_address, socket_options)
        return await self._connected(last, port, timeout, local_address, socket_options)

    async def _addresses(self, host: str, port: int) -> list[str]:
        if self._resolver is None:
            return [host]
        try:
            return await self._resolver.addresses(host, port)
        except (NoSuchHost, LookupFailed) as error:
            raise httpcore.ConnectError(str(error)) from error

    async def _connected(
        self,
        host: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        connecting = asyncio.create_task(super().connect_tcp(host, port, timeout, local_address, socket_options))
        try:
            return _Wide(await asyncio.shield(connecting))
        except asyncio.CancelledError:
            closing = asyncio.create_task(_close(connecting))
            self._late.add(closing)
            closing.add_done_callback(self._late.discard)
            raise

    async def settled(self) -> None:
        """Until nothing is under way that nobody waits for, at most a second."""
        if self._late:
            await asyncio.wait(self._late, timeout=LATE)


class _Wide(httpcore.AsyncNetworkStream):
    """A connection that is read in large pieces, whatever is asked for."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        first = await self._inner.read(max(max_bytes, READ_SIZE), timeout)
        tls = self._inner.get_extra_info("ssl_object")
        return _with_more(first, tls) if first and isinstance(tls, ssl.SSLObject) else first

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Wide(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _with_more(first: bytes, tls: ssl.SSLObject) -> bytes:
    """What was read, and the records behind it that have come already: a read gives one, of 16 KiB at most."""
    parts, size = [first], len(first)
    # Whatever ends it, the end and errors too, the next read meets again.
    with contextlib.suppress(ssl.SSLError):
        while size < READ_SIZE and (part := tls.read(READ_SIZE)):
            parts.append(part)
            size += len(part)
    return b"".join(parts)


async def _close(connecting: "asyncio.Task[httpcore.AsyncNetworkStream]") -> None:
    with contextlib.suppress(Exception):
        await (await connecting).aclose()
