"""Containers that an interrupted replacement left behind: "0123456789ab_shop_web_1", as Compose and this cockpit name
what they set aside until the new one is ready. Pure."""

import re
from collections.abc import Mapping, Sequence

from cockpit.backends.docker import target
from cockpit.backends.docker.plan import Target
from cockpit.backends.docker.shape import PROJECT, SERVICE

_ASIDE = re.compile(r"[0-9a-f]{12}_(.+)")
_TAKEN = re.compile(r'already in use by container "?([0-9a-f]{12,64})')


def plain_name(name: str, labels: Mapping[str, str]) -> str:
    """The name that a container had before it was set aside; empty for one that was not."""
    found = _ASIDE.fullmatch(name)
    return found[1] if found and labels.get(PROJECT) and labels.get(SERVICE) else ""


def leftovers(found: Sequence[Target]) -> dict[str, str]:
    """By container id: the plain name, of each that was set aside."""
    named = {
        one.container.id: plain_name(
            target.name_of(one.container), (one.container.config.labels if one.container.config else None) or {}
        )
        for one in found
    }
    return {container: name for container, name in named.items() if name}


def leftover_risks(found: Sequence[Target]) -> list[str]:
    """What to tell of them."""
    left = leftovers(found)
    names = [target.name_of(one.container) for one in found if one.container.id in left]
    if not names:
        return []
    return [f"{', '.join(names)}: left behind when a replacement was interrupted; recreate puts it right"]


def taken_by(message: str) -> str:
    """The id of the container that holds a name, in the engine's refusal; empty when it says none."""
    found = _TAKEN.search(message)
    return found[1] if found else ""
