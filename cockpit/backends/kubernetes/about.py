"""The events about one object, asked for when somebody looks at it."""

from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import EVENTS
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import Event

EVENTS_MOST = 100


class Told(Struct, frozen=True):
    """The events about an object, newest first; missing: why they cannot be seen, empty when they can."""

    events: Sequence[Event] = ()
    missing: str = ""


async def events_of(client: KubeClient, space: str, uid: str) -> Told:
    """What was told of an object. They may be seen by fewer than the object itself: that is no error."""
    query: dict[str, str | int] = {"fieldSelector": f"involvedObject.uid={uid}", "limit": EVENTS_MOST}
    try:
        page = await client.get(EVENTS.path(quote(space, safe="")), Page[Event], query)
    except ApiAnswer as error:
        return Told(missing="not permitted: needs list on events" if error.status == 403 else error.message)
    found = [one for one in page.items or () if one.involved_object.uid == uid]
    return Told(sorted(found, key=lambda one: one.last_timestamp or one.event_time or "", reverse=True))
