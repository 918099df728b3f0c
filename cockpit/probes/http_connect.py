"""Connections of probes, made to their end: a deadline may pass in the very moment in which one succeeds.

anyio drops a socket whose connecting is cancelled then, still open, for the collector to find. So connecting has a task
of its own, which is not cancelled with the question; what it brings when nobody waits any more is closed.
"""

import asyncio
import contextlib
from collections.abc import Iterable

import httpcore

LATE = 1.0
"""Seconds that the end waits for connections under way; what has not come by then is cancelled with the loop."""


class Connections(httpcore.AnyIOBackend):
    """The network of a pool."""

    def __init__(self) -> None:
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
