"""Name lookups with a deadline: in bounded threads of their own, one in flight for each name."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from cockpit.backends.pool import Pool, PoolFull

MAX_ADDRESSES = 4

Lookup = Callable[..., list[tuple[Any, ...]]]
"""Shaped like socket.getaddrinfo."""


class NoSuchHost(Exception):
    """The name does not exist; str(error) is one line."""


class LookupFailed(Exception):
    """The name servers gave no answer, so nothing is known; str(error) is one line."""


class Resolver:
    """Resolves names. A lookup that hangs holds one thread, however often its name is asked for."""

    def __init__(self, pool: Pool, lookup: Lookup = socket.getaddrinfo) -> None:
        self._pool, self._lookup = pool, lookup
        self._pending: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Up to four addresses of `host`, as the system orders them; an address stands for itself.

        Waits without a limit of its own: the caller has a deadline. NoSuchHost, LookupFailed.
        """
        try:
            return [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            pass
        key = (host, port)
        task = self._pending.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(host, port))
            self._pending[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        # Shielded: who gives up must not take the lookup from others who wait for the same name.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop waiting for lookups in flight."""
        pending = list(self._pending.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    def _ended(self, key: tuple[str, int], task: "asyncio.Task[list[str]]") -> None:
        self._pending.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen here, in case everyone who waited has given up

    async def _ask(self, host: str, port: int) -> list[str]:
        try:
            found = await self._pool.run(self._lookup, host, port, 0, socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
                raise LookupFailed(f"the name servers give no answer for {host}") from None
            raise NoSuchHost(f"no such host: {host}") from None
        except UnicodeError:
            raise NoSuchHost(f"not a host name: {host}") from None
        except PoolFull as error:
            raise LookupFailed(f"{host} cannot be looked up: {error}") from None
        unique = dict.fromkeys(str(entry[4][0]) for entry in found)
        return list(unique)[:MAX_ADDRESSES]
