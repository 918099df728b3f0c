"""The networks of containers in words that can be read, typed and sent: what isolating takes, connecting gives back.

"container=shop_web_1 network=shop_default alias=web ip=172.18.0.3 network=shop_back": of each container its networks,
of each network the names, fixed addresses and options that the container has in it. Pure.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from cockpit.backends.change import PlanRefused
from cockpit.board.text import safe

Json = dict[str, Any]

_ADDRESSES = {"ip": "IPv4Address", "ip6": "IPv6Address"}
_LISTS = {"alias": "Aliases", "link": "Links"}
LONGEST = 8000


class Endpoint(Struct, frozen=True):
    """One network of a container, and how it is joined again (EndpointConfig of the Engine API)."""

    network: str
    settings: Json


def endpoints_of(whole: Json) -> tuple[Endpoint, ...]:
    """The networks of an inspected container, as it was told to join them."""
    own = str(whole.get("Id", ""))[:12]
    found = (whole.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple(Endpoint(name, _settings(one or {}, own)) for name, one in sorted(found.items()))


def mode_of(whole: Json) -> str:
    """How it is attached: "host", "container:...", "none", or the name of its first network."""
    return str((whole.get("HostConfig") or {}).get("NetworkMode") or "")


def _settings(found: Json, own: str) -> Json:
    settings: Json = {}
    fixed = found.get("IPAMConfig") or {}
    addresses = {key: fixed[key] for key in _ADDRESSES.values() if fixed.get(key)}
    if addresses:
        settings["IPAMConfig"] = addresses
    # The engine adds the container's short id by itself.
    aliases = [one for one in found.get("Aliases") or () if one != own]
    for key, value in (("Aliases", aliases), ("Links", found.get("Links")), ("DriverOpts", found.get("DriverOpts"))):
        if value:
            settings[key] = value
    return settings


def written(found: Mapping[str, Sequence[Endpoint]]) -> str:
    """In words, by the containers' names."""
    words: list[str] = []
    for container, endpoints in found.items():
        words.append(f"container={container}")
        for one in endpoints:
            words.append(f"network={one.network}")
            for word, key in _ADDRESSES.items():
                address = (one.settings.get("IPAMConfig") or {}).get(key)
                words += [f"{word}={address}"] if address else []
            for word, key in _LISTS.items():
                words += [f"{word}={value}" for value in one.settings.get(key) or ()]
            words += [f"opt={name}={value}" for name, value in (one.settings.get("DriverOpts") or {}).items()]
    return shlex.join(words)


def read(text: str) -> dict[str, tuple[Endpoint, ...]]:
    """The words as they were written. PlanRefused says what is wrong with them."""
    try:
        words = shlex.split(text[:LONGEST])
    except ValueError as error:
        raise PlanRefused(f"networks cannot be read: {error}") from None
    found: dict[str, list[Endpoint]] = {}
    container = ""
    for word in words:
        name, _, value = word.partition("=")
        if not value:
            raise PlanRefused(f"networks: {safe(word, 60)} says nothing; {ALLOWED}")
        if name == "container":
            container = value
            found.setdefault(container, [])
        elif name == "network" and container:
            found[container].append(Endpoint(value, {}))
        elif not container or not found[container] or not _add(found[container][-1].settings, name, value):
            raise PlanRefused(f"networks: {safe(word, 60)} belongs to nothing; {ALLOWED}")
    if not any(found.values()):
        raise PlanRefused(f"networks: none is named; {ALLOWED}")
    return {name: tuple(each) for name, each in found.items()}


ALLOWED = "container=NAME network=NAME alias=NAME ip=ADDRESS, and so on"


def _add(settings: Json, name: str, value: str) -> bool:
    if name in _ADDRESSES:
        settings.setdefault("IPAMConfig", {})[_ADDRESSES[name]] = value
    elif name in _LISTS:
        settings.setdefault(_LISTS[name], []).append(value)
    elif name == "opt" and "=" in value:
        key, _, text = value.partition("=")
        settings.setdefault("DriverOpts", {})[key] = text
    else:
        return False
    return True


def shown(endpoints: Sequence[Endpoint]) -> str:
    """ "shop_default (web), shop_back"."""
    each = (
        one.network + (f" ({', '.join(one.settings['Aliases'])})" if one.settings.get("Aliases") else "")
        for one in endpoints
    )
    return ", ".join(each)
