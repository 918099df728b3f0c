"""How an engine's endpoint is dialled, and how many connections it bears."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from cockpit.backends.docker.endpoint import Endpoint
from cockpit.backends.docker.ssh import SshDialer
from cockpit.backends.docker.transport import Dial, dial_tcp, dial_unix
from cockpit.board.clock import Clock

CONNECTIONS, STREAMS = 30, 500
"""To a socket or port; streams: fifty logs for each of eight tails, what observes, and probes' commands."""
SSH_CONNECTIONS, SSH_STREAMS = 3, 6
"""Together what one ssh connection bears."""


class Line(Struct, frozen=True):
    """How a connection is opened, how many there may be at once of both sorts, and how what they share is closed."""

    dial: Dial
    connections: int = CONNECTIONS
    streams: int = STREAMS
    close: Callable[[], Awaitable[None]] | None = None


def line_to(name: str, endpoint: Endpoint, clock: Clock, environ: Mapping[str, str]) -> Line:
    """The line to one engine."""
    if endpoint.scheme == "unix":
        return Line(dial_unix(endpoint.path))
    if endpoint.scheme == "ssh":
        dialer = SshDialer(name, endpoint, clock, environ)
        return Line(dialer.dial, SSH_CONNECTIONS, SSH_STREAMS, dialer.close)
    return Line(dial_tcp(endpoint.host, endpoint.port, endpoint.tls))
