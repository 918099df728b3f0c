"""Fetches one URL for a probe: timed, its body cut, redirects followed on the same host only."""

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from msgspec import Struct

from cockpit.backends.resolver import LookupFailed, NoSuchHost, Resolver
from cockpit.probes.ask import CannotAsk, Stopwatch
from cockpit.probes.http_client import Clients
from cockpit.probes.sentence import sentence

if TYPE_CHECKING:
    import httpx

REDIRECTS = frozenset({301, 302, 303, 307, 308})
ANOTHER_TRY = 1.0
"""Seconds for a connection before the host's next address is tried."""
_PARTS = {
    "connection.connect_tcp.started": ("begin", "connect"),
    "connection.connect_tcp.complete": ("end", "connect"),
    "connection.start_tls.started": ("begin", "tls"),
    "connection.start_tls.complete": ("end", "tls"),
    "http11.send_request_headers.started": ("begin", "first byte"),
    "http11.receive_response_headers.complete": ("end", "first byte"),
}


class NoAnswer(Exception):
    """Nothing usable came back; str(error) is the sentence. unknown: nothing can be said of the service."""

    def __init__(self, why: str, unknown: bool = False) -> None:
        super().__init__(why)
        self.unknown = unknown


class Question(Struct, frozen=True, kw_only=True):
    """What is asked. limit: bytes of the body that are kept. expected: statuses that are no redirect to follow."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    verify: bool
    ca: str
    redirects: int
    limit: int
    expected: frozenset[int] = frozenset()


class Received(Struct, frozen=True):
    """An answer; cut: its body was longer than the limit."""

    status: int
    content_type: str
    body: bytes
    cut: bool
    location: str = ""


class Fetcher:
    """Asks questions over HTTP. The caller has the deadline: cancelling closes the connection."""

    def __init__(self, resolver: Resolver, clients: Clients) -> None:
        self._resolver, self._clients = resolver, clients

    async def fetch(self, question: Question, watch: Stopwatch) -> Received:
        """The answer after redirects. NoAnswer, CannotAsk."""
        url, method, content, headers = parse_url(question.url), question.method, question.content, question.headers
        for hop in range(question.redirects + 1):
            received = await self._once(question, url, method, headers, content, watch)
            if received.status not in REDIRECTS or received.status in question.expected or not received.location:
                return received
            if not question.redirects:
                return received
            if hop == question.redirects:
                break
            target = next_url(url, received.location)
            if received.status == 303 or (received.status in (301, 302) and method == "POST"):
                method, content = ("HEAD" if method == "HEAD" else "GET"), b""
            if (target.scheme, target.port) != (url.scheme, url.port):
                # Another port of the host may be another service: what was declared for this one is not shown to it.
                headers = {}
            url = target
        raise NoAnswer(f"redirect loop: more than {question.redirects} redirects, the last to {url.path}")

    async def _once(
        self, question: Question, url: "httpx.URL", method: str, headers: Mapping[str, str], content: bytes,
        watch: Stopwatch,
    ) -> Received:  # fmt: skip
        https = url.scheme == "https"
        client = await self._clients.client(https, question.verify, question.ca)
        addresses = await self._addresses(url, watch)
        for address in addresses[:-1]:
            request = _request(client, url, address, method, headers, content, watch, ANOTHER_TRY)
            try:
                return await _receive(client, request, question.limit, watch)
            except _Unconnected:
                watch.end("connect")
        request = _request(client, url, addresses[-1], method, headers, content, watch, None)
        return await _receive(client, request, question.limit, watch)

    async def _addresses(self, url: "httpx.URL", watch: Stopwatch) -> list[str]:
        watch.begin("dns")
        try:
            found = await self._resolver.addresses(url.host, url.port or 0)
        except NoSuchHost as error:
            raise NoAnswer(str(error)) from None
        except LookupFailed as error:
            raise NoAnswer(str(error), unknown=True) from None
        watch.end("dns")
        return found


class _Unconnected(NoAnswer):
    """The connection itself failed."""


def parse_url(text: str) -> "httpx.URL":
    """The URL. CannotAsk when it is none or not http(s)."""
    import httpx

    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise CannotAsk(f"not a URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise CannotAsk("not a URL of the form http://host or https://host")
    return url


def next_url(url: "httpx.URL", location: str) -> "httpx.URL":
    """Where a redirect leads. NoAnswer when it is another host, no longer encrypted, or no URL."""
    import httpx

    try:
        target = httpx.URL(urljoin(str(url), location))
    except (httpx.InvalidURL, ValueError):
        raise NoAnswer("redirects to what is not a URL") from None
    if target.scheme not in ("http", "https") or target.host.lower() != url.host.lower():
        raise NoAnswer(f"redirects to another host, not followed: {target.host or location[:80]}")
    if url.scheme == "https" and target.scheme == "http":
        raise NoAnswer("redirects from https to http, not followed")
    return target.copy_with(userinfo=url.userinfo)


def _request(
    client: "httpx.AsyncClient", url: "httpx.URL", address: str, method: str, headers: Mapping[str, str],
    content: bytes, watch: Stopwatch, connect: float | None,
) -> "httpx.Request":  # fmt: skip
    """The request to one address of the host: its name goes into Host and, for TLS, into the handshake."""
    import httpx

    async def trace(event: str, _: Mapping[str, Any]) -> None:
        step = _PARTS.get(event)
        if step is not None:
            getattr(watch, step[0])(step[1])

    own = {"host": url.netloc.decode("ascii"), "accept-encoding": "identity", "user-agent": "incident-cockpit"}
    sent = {**own, **{name.lower(): value for name, value in headers.items()}}
    extensions = {"trace": trace, "sni_hostname": url.host}
    timeout = httpx.Timeout(None, connect=connect)
    target = url.copy_with(host=address)
    return client.build_request(
        method, target, headers=sent, content=content or None, extensions=extensions, timeout=timeout
    )


async def _receive(client: "httpx.AsyncClient", request: "httpx.Request", limit: int, watch: Stopwatch) -> Received:
    import httpx

    try:
        response = await client.send(request, stream=True)
        try:
            watch.begin("body")
            body, cut = await _read(response, limit, watch)
            watch.end("body")
        finally:
            await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _Unconnected(sentence(error)) from None
    except httpx.HTTPError as error:
        raise NoAnswer(sentence(error)) from None
    except (ValueError, UnicodeError) as error:
        raise CannotAsk(f"the request cannot be sent: {error}") from None
    kind = response.headers.get("content-type", "")
    return Received(response.status_code, kind, body, cut, response.headers.get("location", ""))


async def _read(response: "httpx.Response", limit: int, watch: Stopwatch) -> tuple[bytes, bool]:
    body = bytearray()
    cut = False
    async for chunk in response.aiter_raw():
        watch.received += len(chunk)
        body += chunk[: limit - len(body)]
        if watch.received > limit:
            cut = True
            break
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _inflated(bytes(body), limit, cut)
    return bytes(body), cut


def _inflated(body: bytes, limit: int, cut: bool) -> tuple[bytes, bool]:
    """A compressed body (sent although none was asked for), opened to `limit` bytes and no further."""
    stream = zlib.decompressobj(wbits=47)
    try:
        opened = stream.decompress(body, limit)
    except zlib.error:
        return body, cut
    return opened, cut or bool(stream.unconsumed_tail)
