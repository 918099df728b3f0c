"""Connections that are made to their end, their host looked up in threads of their own.

A deadline may pass in the very moment in which a connection succeeds: anyio drops a socket whose connecting is
cancelled then, still open, for the collector to find. So connecting has a task of its own, which is not cancelled with
the question; what it brings when nobody waits any more is closed.
"""

import asyncio
import contextlib
from collections.abc import Iterable

import httpcore

from cockpit.backends.resolver import LookupFailed, NoSuchHost, Resolver

LATE = 1.0
"""Seconds that the end waits for connections under way; what has not come by then is cancelled with the loop."""
ANOTHER_TRY = 1.0
"""Seconds for a connection before the host's next address is tried."""


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
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            closing = asyncio.create_task(_close(connecting))
            self._late.add(closing)
            closing.add_done_callback(self._late.discard)
            raise

    async def settled(self) -> None:
        """Until nothing is under way that nobody waits for, at most a second."""
        if self._late:
            await asyncio.wait(self._late, timeout=LATE)


async def _close(connecting: "asyncio.Task[httpcore.AsyncNetworkStream]") -> None:
    with contextlib.suppress(Exception):
        await (await connecting).aclose()
