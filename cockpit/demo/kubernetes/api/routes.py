"""From a path to what it names: a kind, a namespace, a name, a subresource."""

from typing import NamedTuple

from cockpit.demo.kubernetes.cluster.kinds import BY_PATH, Kind


class Target(NamedTuple):
    """What a request is about. An empty name is all objects, an empty namespace all namespaces."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def target_of(path: str) -> Target | None:
    """The target of /api/v1/... or /apis/GROUP/VERSION/...; None when the path names no resource that is served."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, version, rest = "", *_head(parts[1:])
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group = parts[1]
        version, rest = _head(parts[2:])
    else:
        return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and (group, version, rest[2]) in BY_PATH:
        namespace, rest = rest[1], rest[2:]
    if not rest or (kind := BY_PATH.get((group, version, rest[0]))) is None or (namespace and not kind.namespaced):
        return None
    rest = [*rest[1:], "", ""]
    return Target(kind, namespace, rest[0], rest[1], "/".join(part for part in rest[2:] if part))


def _head(parts: list[str]) -> tuple[str, list[str]]:
    return (parts[0], parts[1:]) if parts else ("", [])
