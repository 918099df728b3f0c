"""One HTTP call, in a thread of its own pool: name lookups and the import of httpx (150 ms) do not hold the loop."""

import ssl
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cockpit.backends.change import Outcome
from cockpit.board.text import safe
from cockpit.profile.deeds import Call

LIMIT = 64 * 1024
SHOWN = 120
"""Characters of an unexpected answer that are shown."""


class NotSent(Exception):
    """The request never left: nothing was done. str(error) is one line."""


class Request(Struct, frozen=True, kw_only=True):
    """A call with every variable in its place."""

    call: Call
    url: str
    headers: Mapping[str, str]
    body: str


class Reply(Struct, frozen=True):
    """What came back, at most 64 KiB of it."""

    status: int
    body: bytes


def send(request: Request) -> Reply:
    """Ask once, without redirects. NotSent when nothing was; any other error: it may have been taken."""
    import httpx

    call = request.call
    own = {"user-agent": "incident-cockpit", "accept-encoding": "identity"}
    try:
        client = httpx.Client(verify=_tls(call), trust_env=False, follow_redirects=False, timeout=float(call.timeout))
        with client:
            built = client.build_request(
                call.method, request.url, headers={**own, **request.headers}, content=request.body or None
            )
            return _answer(client, built)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        raise NotSent(f"not reached: {error}") from error
    except (httpx.InvalidURL, OSError, UnicodeError) as error:
        raise NotSent(f"cannot be sent: {error}") from error


def _answer(client: Any, built: Any) -> Reply:
    response = client.send(built, stream=True)
    try:
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk[: LIMIT - len(body)]
            if len(body) >= LIMIT:
                break
        return Reply(response.status_code, bytes(body))
    finally:
        response.close()


def _tls(call: Call) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=call.ca or None) if call.verify else False


def judged(call: Call, reply: Reply) -> Outcome:
    """Whether it answered as the profile expects. Pure."""
    expected = ", ".join(call.status)
    said = " ".join(reply.body.decode("utf-8", "replace").split())[:SHOWN]
    tail = f": {said}" if said else ""
    if not any(_allows(word, reply.status) for word in call.status):
        return Outcome(False, safe(f"answered {reply.status}, not {expected}{tail}"))
    if call.matches and not matches(call.matches, reply.body):
        return Outcome(False, safe(f"answered {reply.status}, but it does not match {call.matches!r}{tail}"))
    return Outcome(True, safe(f"answered {reply.status}"))


def _allows(word: str, status: int) -> bool:
    low, _, high = word.lower().partition("-")
    if low.endswith("xx"):
        low, high = f"{low[0]}00", f"{low[0]}99"
    return int(low) <= status <= int(high or low)


def matches(pattern: str, body: bytes) -> bool:
    """Whether the pattern is found anywhere in at most 64 KiB."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options=options).search(body) is not None
