"""The events about one object, asked for when somebody looks at it."""

from collections.abc import Sequence
from urllib.parse import quote

from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import EVENTS
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import Event

EVENTS_MOST = 100


async def events_of(client: KubeClient, space: str, uid: str) -> Sequence[Event]:
    """Newest first; none where they may not be seen."""
    query: dict[str, str | int] = {"fieldSelector": f"involvedObject.uid={uid}", "limit": EVENTS_MOST}
    try:
        page = await client.get(EVENTS.path(quote(space, safe="")), Page[Event], query)
    except ApiAnswer:
        # They may be seen by fewer than the object itself, which is what was asked for.
        return ()
    found = [one for one in page.items or () if one.involved_object.uid == uid]
    return sorted(found, key=lambda one: one.last_timestamp or one.event_time or "", reverse=True)
