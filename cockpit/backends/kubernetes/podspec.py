"""What a pod's specification says: its image and version, ports and limits. Pods of one release share the answers."""

from collections.abc import Sequence
from functools import lru_cache

from cockpit.backends.kubernetes.quantity import quantity
from cockpit.backends.kubernetes.wire_pods import ContainerSpec
from cockpit.board.model import Port, SafeText
from cockpit.board.text import safe


@lru_cache(maxsize=1024)
def release_of(image: str, label: str) -> tuple[SafeText, SafeText]:
    """Image and version: the same two objects for all pods of a release."""
    return safe(image, 512), SafeText(version_of(image, label))


def version_of(image: str, label: str) -> str:
    """The image's tag, else what the label says, else the beginning of its digest."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        tag = label or tag or digest.partition(":")[2][:12]
    return str(safe(tag, 128))


def ports_of(containers: Sequence[ContainerSpec]) -> tuple[Port, ...]:
    """Every port that is declared, in order."""
    return _ports(tuple([(port.container_port, port.protocol) for one in containers for port in one.ports or ()]))


@lru_cache(maxsize=1024)
def _ports(declared: tuple[tuple[int, str], ...]) -> tuple[Port, ...]:
    found = {Port(number, protocol.lower()) for number, protocol in declared}
    return tuple(sorted(found, key=lambda port: (port.number, port.protocol)))


def limit_of(containers: Sequence[ContainerSpec], resource: str, factor: float) -> float | None:
    """The limits of all containers together; None when one of them has none."""
    total = 0.0
    for one in containers:
        value = quantity(((one.resources.limits if one.resources else None) or {}).get(resource))
        if value is None:
            return None
        total += value * factor
    return total if containers else None
