"""Which fields an object has, as `managedFields` writes them, and which of its lists have items with a key.

The keys stand in the types of the API; here as a table of field names. `ports` differs: a container's go by
containerPort, a Service's by port.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.demo.kubernetes.cluster.kinds import Json

Path = tuple[str, ...]
"""Segments as in fieldsV1: `f:spec`, `k:{"name":"web"}`."""

_IDENTITY = frozenset({"f:name", "f:namespace", "f:uid", "f:resourceVersion"})
KEYS: Mapping[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}


def key_of(name: str, items: list[Any]) -> str:
    """The key that the list `name` is merged by; empty when it is replaced as a whole."""
    keys = KEYS.get(name, ())
    return next((key for key in keys if all(isinstance(one, dict) and key in one for one in items)), "")


def paths(value: Any, name: str = "", at: Path = ()) -> Iterator[Path]:
    """The leaves of a configuration. A list with a key is entered item by item, any other is one leaf."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            if not (at == ("f:metadata",) and f"f:{key}" in _IDENTITY):
                yield from paths(one, key, (*at, f"f:{key}"))
        return
    if isinstance(value, list) and value and (key := key_of(name, value)):
        for one in value:
            yield from paths(one, "", (*at, _item(key, one)))
        return
    yield at


def _item(key: str, one: Json) -> str:
    found = {key: one[key]}
    if key == "containerPort":
        found["protocol"] = one.get("protocol", "TCP")
    return "k:" + json.dumps(found, separators=(",", ":"))


def leaves(tree: Json, at: Path = ()) -> Iterator[Path]:
    inner = {key: value for key, value in tree.items() if key != "."}
    if not inner:
        yield at
    for key, value in inner.items():
        yield from leaves(value, (*at, key))


def tree(paths: set[Path]) -> Json:
    made: Json = {}
    for path in sorted(paths):
        at = made
        for part in path:
            at = at.setdefault(part, {})
    return made


def step(value: Any, part: str) -> Any:
    """What lies behind one segment; None when nothing does."""
    if part.startswith("f:"):
        return value.get(part[2:]) if isinstance(value, dict) else None
    wanted = json.loads(part[2:])
    if not isinstance(value, list):
        return None
    fits = (
        one for one in value if isinstance(one, dict) and all(_or_tcp(one, key) == word for key, word in wanted.items())
    )
    return next(fits, None)


def _or_tcp(one: Json, key: str) -> Any:
    return one.get(key, "TCP" if key == "protocol" else None)


def value_at(obj: Any, path: Path) -> Any:
    """What lies at a path; None when nothing does."""
    for part in path:
        obj = step(obj, part)
    return obj


def managed(obj: Json, api_version: str, now: str) -> list[Json]:
    """What `managedFields` says of an object whose spec a controller wrote and whose status the kubelet writes."""
    meta = {key: obj["metadata"][key] for key in ("labels", "annotations", "generateName") if key in obj["metadata"]}
    common = {"operation": "Update", "apiVersion": api_version, "time": now, "fieldsType": "FieldsV1"}
    spec = tree(set(paths({"metadata": meta, "spec": obj["spec"]})))
    status = tree(set(paths({"status": obj["status"]})))
    return [
        {"manager": "kube-controller-manager", **common, "fieldsV1": spec},
        {"manager": "kubelet", **common, "fieldsV1": status, "subresource": "status"},
    ]
