"""The engine's event stream: what is asked for, and its lines as typed events.

Asked for by type and name, so that the exec_* events of every health check are never sent.
"""

from collections.abc import AsyncIterator

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.docker.wire import Event

_NAMES = (
    "create", "start", "die", "stop", "kill", "oom", "pause", "unpause", "destroy", "rename", "restart", "update",
    "health_status", "remove", "connect", "disconnect",
)  # fmt: skip
_LINE_LIMIT = 1024 * 1024

_DECODER = msgspec.json.Decoder(Event)


def event_query() -> dict[str, str]:
    """The query of GET /events. "health_status" stands for all of its values (a special case of the engine)."""
    filters = {"type": ["container", "service", "node", "network"], "event": list(_NAMES)}
    return {"filters": msgspec.json.encode(filters).decode()}


async def read_events(parts: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Events as they come. SourceError for what cannot be read: events were then lost."""
    buffer = b""
    async for part in parts:
        buffer += part
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            if line.strip():
                yield _decoded(line)
        if len(buffer) > _LINE_LIMIT:
            raise SourceError("the Docker Engine sent an event of more than 1 MiB")


def _decoded(line: bytes) -> Event:
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise SourceError(f"the Docker Engine sent an event that cannot be read ({error})") from None
