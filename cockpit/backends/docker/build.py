"""Creates a container from a copied configuration, with all of its networks."""

from urllib.parse import quote

import msgspec

from cockpit.backends.docker.clone import Clone, Json
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.wire import Wire

MARGIN = 20.0


class _Created(Wire, frozen=True):
    id: str


async def create(hands: Hands, name: str, copy: Clone, body: Json | None = None) -> str:
    """The id of a new container, not started. EngineAnswer; what was half made is removed."""
    answer = await hands.client.post("/containers/create", body or copy.body, {"name": name}, timeout=MARGIN)
    made = msgspec.json.decode(answer, type=_Created).id
    try:
        for network, endpoint in copy.joins:
            joined = {"Container": made, "EndpointConfig": endpoint}
            await hands.client.post(f"/networks/{quote(network, safe='')}/connect", joined, timeout=MARGIN)
    except EngineAnswer:
        await hands.client.delete(f"/containers/{made}", {"force": "1"}, timeout=MARGIN)
        raise
    return made
