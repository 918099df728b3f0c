"""What went wrong with a connection, in one short sentence."""

import errno
import ssl
from collections.abc import Iterator

_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "the connection was reset",
    errno.ECONNABORTED: "the connection was aborted",
    errno.EPIPE: "the connection was closed while asking",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
    errno.EHOSTDOWN: "the host is down",
    errno.EACCES: "connecting is not permitted here",
    errno.EPERM: "connecting is not permitted here (a firewall of this machine?)",
    errno.EMFILE: "this program has too many open files",
    errno.EADDRNOTAVAIL: "no local address or port is left to connect from",
}
_TLS = {
    "CERTIFICATE_VERIFY_FAILED": "the certificate is not trusted",
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS on this port",
    "RECORD_LAYER_FAILURE": "the other side does not speak TLS on this port",
    "HTTP_REQUEST": "the other side does not speak TLS on this port",
    "TLSV1_ALERT_PROTOCOL_VERSION": "no TLS version that both sides accept",
    "UNSUPPORTED_PROTOCOL": "no TLS version that both sides accept",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the other side refused the handshake",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the other side wants a client certificate",
    "UNEXPECTED_EOF_WHILE_READING": "the other side closed the connection in the handshake",
}
_PROTOCOL = {
    "Invalid URL in location": "redirects to what is not a URL",
    "Server disconnected": "the connection was closed without an answer",
    "illegal status line": "the answer is not HTTP",
    "illegal request line": "the answer is not HTTP",
    "without sending complete message body": "the connection was closed in the middle of the answer",
    "incomplete chunked read": "the connection was closed in the middle of the answer",
    "Receive buffer too long": "the answer's headers are larger than 100 KiB",
    "Too much data": "the answer is longer than it says",
    "illegal header line": "the answer has a broken header",
    "illegal chunk header": "the answer's chunks are broken",
}


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, outermost first, at most ten deep; groups are entered."""
    todo, seen = [error], 0
    while todo and seen < 10:
        seen += 1
        current = todo.pop(0)
        yield current
        if isinstance(current, BaseExceptionGroup):
            todo.extend(current.exceptions)
        cause = current.__cause__ or current.__context__
        if cause is not None:
            todo.append(cause)


def sentence(error: BaseException) -> str:
    """Why a connection or its answer failed, in plain words; what is not known is named by its type."""
    for cause in chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: {_certificate(cause)}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {_TLS.get(cause.reason or '', cause.reason or str(cause))}"
    for cause in chain(error):
        if isinstance(cause, OSError) and cause.errno is not None:
            return _ERRNO.get(cause.errno, (cause.strerror or str(cause)).lower())
    text = str(error)
    for sign, words in _PROTOCOL.items():
        if sign in text:
            return words
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    """OpenSSL's words: "certificate has expired", "self-signed certificate", "Hostname mismatch, ..."."""
    words = str(error.verify_message or "the certificate is not trusted").rstrip(".")
    return words[:1].lower() + words[1:]
