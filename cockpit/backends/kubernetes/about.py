"""Events that are asked for once: those about an object when somebody looks at it, those that tell of scalings."""

from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from cockpit.backends.base import NoAnswer
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import EVENTS
from cockpit.backends.kubernetes.scalings import SCALERS, SETS
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import Event

EVENTS_MOST = 100
PAGE, PAGES = 500, 4


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


async def past_scalings(client: KubeClient, space: str) -> Sequence[Event]:
    """Every scaling that is still told of in a namespace (empty: all). What may not be seen is none."""
    found: list[Event] = []
    for reason in (SETS, SCALERS):
        query: dict[str, str | int] = {"fieldSelector": f"reason={reason}", "limit": PAGE}
        for _ in range(PAGES):
            try:
                page = await client.get(EVENTS.path(space), Page[Event], query)
            except (ApiAnswer, NoAnswer):
                break
            found += page.items or ()
            if not page.metadata.token:
                break
            query["continue"] = page.metadata.token
    return found
