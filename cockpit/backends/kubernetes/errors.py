"""Why a cluster cannot be reached or does not answer as hoped, in one sentence: what, where, why, what to do."""

import errno
import ssl

import msgspec
from msgspec import Struct

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.kubernetes.access import Access
from cockpit.backends.resolver import LookupFailed, NoSuchHost
from cockpit.board.text import safe


class _Cause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(Struct, frozen=True, rename="camel"):
    retry_after_seconds: int = 0
    causes: tuple[_Cause, ...] = ()


class Status(Struct, frozen=True, rename="camel"):
    """What the API answers when it refuses."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None


class ApiAnswer(SourceError):
    """The API answered with an error. status: of HTTP; message: its own words.

    retry_after: seconds it asks to wait, 0 when it does not say. budget: what a disruption budget says that lets no pod
    go now; asking again at once is of no use then.
    """

    def __init__(self, where: str, status: int, body: Status, retry_after: float = 0.0) -> None:
        self.status, self.retry_after = status, retry_after
        causes = body.details.causes if body.details else ()
        self.budget = next((str(safe(one.message, 300)) for one in causes if one.reason == "DisruptionBudget"), "")
        self.message = str(safe(body.message.strip(), 400)) or f"HTTP status {status}"
        super().__init__(f"{where}: {_ADVICE.get(status, '')}{self.message}")


_ADVICE = {
    401: "it does not accept these credentials, log in again: ",
    403: "not permitted: ",
    429: "it is overloaded and asks to wait: ",
}


def answer(where: str, status: int, headers: object, data: bytes) -> ApiAnswer:
    """The error for an answer of the API; headers has `get`."""
    try:
        body = msgspec.json.decode(data, type=Status)
    except msgspec.MsgspecError:
        body = Status(message=data[:300].decode("utf-8", "replace"))
    words = str(headers.get("retry-after", "")) if hasattr(headers, "get") else ""
    seconds = float(words) if words.isdecimal() and len(words) < 6 else 0.0
    return ApiAnswer(where, status, body, seconds or float(body.details.retry_after_seconds if body.details else 0))


def where(name: str, access: Access | None) -> str:
    """The cluster as a sentence begins with it."""
    return f"Kubernetes {name} ({access.server})" if access is not None else f"Kubernetes {name}"


def unreachable(name: str, access: Access | None, error: BaseException) -> NoAnswer:
    """The sentence for a connection that could not be made, or broke."""
    return NoAnswer(f"{where(name, access)}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    for cause in _causes(error):
        if words := _of_system(cause):
            return words
    kind = type(error).__name__
    if "Timeout" in kind:
        return _LATE
    if "Proxy" in kind:
        return f"the proxy does not let it through: {safe(str(error), 200)}"
    if "Connect" in kind and str(error):
        return f"no connection ({safe(str(error), 200)}): check the address and the VPN"
    return "the connection was closed: the API server ended or restarts, or something on the way cut it"


def _of_system(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return _tls(cause)
    if isinstance(cause, NoSuchHost | LookupFailed):
        return f"{safe(str(cause), 300)}: check the VPN and the DNS"
    if isinstance(cause, TimeoutError):
        return _LATE
    if isinstance(cause, ConnectionRefusedError):
        return "the connection was refused: is the API server up, and is this its port?"
    if isinstance(cause, OSError) and cause.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "there is no route to it: check the VPN"
    return ""


_LATE = "no answer in time: the API server is overloaded, or something on the way drops what is sent"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it came from, at most ten deep; several connection attempts are looked into."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(found) < 10:
        one = todo.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        todo += one.exceptions if isinstance(one, BaseExceptionGroup) else [one.__cause__ or one.__context__]
    return found


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or error
        return f"its certificate is not trusted ({why}): {_UNTRUSTED.get(error.verify_code, _NOBODY_VOUCHES)}"
    if any(words in str(error) for words in _NOT_ACCEPTED):
        return "it does not accept this client's certificate: has it expired? log in again"
    return f"TLS failed ({getattr(error, 'reason', '') or error}): does it speak TLS on this port?"


_NOBODY_VOUCHES = "check the cluster's authority and the name in the address"
_UNTRUSTED = {
    9: "is this machine's clock right?",
    10: "it must be renewed on the cluster, unless this machine's clock is wrong",
}
"""What to do, by OpenSSL's number: not yet valid, expired."""
_NOT_ACCEPTED = (
    "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
)  # fmt: skip
"""Alerts by which a server refuses what the client shows."""
