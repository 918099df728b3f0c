"""Services by the names that others know them by."""

from collections.abc import Mapping

from cockpit.board.snapshot import ServiceStatus, Snapshot

Services = Mapping[str, ServiceStatus]


def services_near(snapshot: Snapshot, key: str) -> Services:
    """Every service by key and by name, every node by key; of two of a name the one in the scope of `key` is meant."""
    services = snapshot.services
    here = next((one for one in services if one.key == key), None)
    found = {one.name: one for one in services}
    if here is not None:
        found |= {one.name: one for one in services if one.scope == here.scope}
    return found | {one.key: one for one in (*services, *snapshot.nodes)}
