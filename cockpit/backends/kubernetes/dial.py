"""HTTP to one API server, loaded only when a cluster is first spoken to.

httpcore keeps and reuses the connections. What httpx would add, redirects, cookies, forms, is not used here: it is a
third of the 100 ms that both take to import, and a tenth of what the lists of 5,000 pods cost.
"""

import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpcore

from cockpit.backends.base import SourceError
from cockpit.backends.connections import Connections
from cockpit.backends.kubernetes.access import Access
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver

CONNECTIONS = 256
"""A watch of each kind in each of twelve namespaces, 60 logs of containers, and what is asked beside them. None waits
for another to end: httpcore goes through all connections for each that waits, whenever any of them begins or ends."""
IDLE = 30.0
_KEEPALIVE: list[tuple[int, int, int]] = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
# A peer that is gone without a word is noticed within 10 + 3 * 5 s, where the system lets that be set.
for _name, _value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
    if hasattr(socket, _name):
        _KEEPALIVE.append((socket.IPPROTO_TCP, getattr(socket, _name), _value))

_NAMES = Pool("kubernetes-names", 4)
_GZIP = 16 + zlib.MAX_WBITS
_SAFE = "/%:@!$&'()*+,;=~"
"""What stands in a path as it is; parts that may hold any of it are quoted by who puts them in."""

FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)
"""What fails between here and the server, beside the system's own errors."""


class Reply:
    """An answer whose body is still to come; `aclose` it. headers: by their names in lower case."""

    def __init__(self, inner: httpcore.Response) -> None:
        self._inner = inner
        self.status_code = inner.status
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in inner.headers}

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """The body as it comes, still compressed where the server did so."""
        return self._inner.aiter_stream()

    async def aiter_bytes(self, most: int) -> AsyncIterator[bytes]:
        """The body as it comes, unpacked. most: bytes of one part at most; what would be more is left out."""
        if self.headers.get("content-encoding", "").lower() != "gzip":
            async for part in self.aiter_raw():
                yield part
            return
        unpacking = zlib.decompressobj(_GZIP)
        try:
            async for part in self.aiter_raw():
                yield unpacking.decompress(part, most)
        except zlib.error as error:
            raise SourceError(f"an answer of the Kubernetes API cannot be unpacked: {error}") from None

    async def aclose(self) -> None:
        """Let go of it, read to its end or not."""
        await self._inner.aclose()


class Line:
    """The connections to one API server. No deadlines of its own: its user keeps them.

    SourceError: an address or a proxy that it cannot speak to.
    """

    def __init__(self, access: Access, context: ssl.SSLContext | None, agent: str) -> None:
        server = urlsplit(access.server)
        self._scheme, self._port, self._base = server.scheme.encode(), server.port, server.path
        host = _ascii(server.hostname or "", access)
        self._host = host.encode()
        shown = f"[{host}]" if ":" in host else host
        self._always = [("Host", f"{shown}:{server.port}" if server.port else shown), ("User-Agent", agent)]
        self._name = access.cluster.tls_server_name
        self._names = Resolver(_NAMES)
        self._connections = Connections(self._names)
        self._closed = False
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_proxy(access) if access.proxy else None,
            max_connections=CONNECTIONS,
            max_keepalive_connections=8,
            keepalive_expiry=IDLE,
            network_backend=self._connections,
            socket_options=_KEEPALIVE,
        )

    async def send(
        self, method: str, path: str, query: Mapping[str, str | int] | None, content: bytes | None,
        headers: Iterable[tuple[str, str]],
    ) -> Reply:  # fmt: skip
        """Ask; the head of the answer. What httpcore and the system raise."""
        if self._closed:
            raise ConnectionAbortedError("the connection was given up")
        target = quote(f"{self._base}{path}", safe=_SAFE)
        if query:
            target += f"?{urlencode(query, quote_via=quote)}"
        sent = [*self._always, *headers, *([("Content-Length", str(len(content)))] if content is not None else ())]
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=self._scheme, host=self._host, port=self._port, target=target),
            headers=[(name.encode(), value.encode()) for name, value in sent],
            content=content,
            extensions={"sni_hostname": self._name} if self._name else None,
        )
        return Reply(await self._pool.handle_async_request(request))

    async def close(self) -> None:
        """Close every connection, those under way too."""
        self._closed = True
        await self._pool.aclose()
        await self._names.close()
        await self._connections.settled()


def _ascii(host: str, access: Access) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise SourceError(f"context {access.context} names a host that is no name: {host[:100]}") from None


def _proxy(access: Access) -> httpcore.Proxy:
    try:
        parts = urlsplit(access.proxy)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"the proxy of context {access.context} is none of http:// and https://")
    url = httpcore.URL(scheme=parts.scheme, host=_ascii(parts.hostname, access), port=port, target="/")
    known = parts.username or parts.password
    auth = (unquote(parts.username or "").encode(), unquote(parts.password or "").encode()) if known else None
    return httpcore.Proxy(url, auth=auth)
