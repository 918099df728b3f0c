"""Opens the HTTP client of one API server. Loaded only when a cluster is first spoken to, for httpx takes a while."""

import socket
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from cockpit.backends.base import SourceError
from cockpit.backends.connections import Connections
from cockpit.backends.kubernetes.access import Access
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver

CONNECTIONS = 192
"""A watch of each kind in each of six namespaces, 60 logs of containers, and what is asked beside them. None waits for
another to end: httpcore goes through all connections for each that waits, whenever any of them begins or ends."""
IDLE = 30.0
_KEEPALIVE: list[tuple[int, int, int]] = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
# A peer that is gone without a word is noticed within 10 + 3 * 5 s, where the system lets that be set.
for _name, _value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
    if hasattr(socket, _name):
        _KEEPALIVE.append((socket.IPPROTO_TCP, getattr(socket, _name), _value))


_NAMES = Pool("kubernetes-names", 4)


class Line(NamedTuple):
    """A client, and what stands behind it and ends with it."""

    http: httpx.AsyncClient
    connections: Connections
    names: Resolver

    async def close(self) -> None:
        """Close every connection, those under way too."""
        await self.http.aclose()
        await self.names.close()
        await self.connections.settled()


def open_line(access: Access, context: ssl.SSLContext | None, agent: str) -> Line:
    """A client without deadlines of its own: its user keeps them. SourceError: a proxy that it cannot speak to."""
    if access.proxy and urlsplit(access.proxy).scheme not in ("http", "https"):
        raise SourceError(f"the proxy of context {access.context} is none of http:// and https://")
    transport = httpx.AsyncHTTPTransport(
        verify=context if context is not None else False,
        trust_env=False,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=8, keepalive_expiry=IDLE),
        proxy=access.proxy or None,
        socket_options=_KEEPALIVE,
    )
    names = Resolver(_NAMES)
    connections = Connections(names)
    transport._pool._network_backend = connections  # with a proxy too, where httpx leaves no way to hand it in
    http = httpx.AsyncClient(transport=transport, timeout=None, trust_env=False, headers={"User-Agent": agent})
    return Line(http, connections, names)
