"""Strategic merge patch: as a merge patch, but the lists that have a key are merged item by item.

Which lists those are stands in a table of field names (cluster/fields.py).
"""

from collections.abc import Mapping
from typing import Any

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.fields import KEYS, key_of

_PRIMITIVES = frozenset({"finalizers"})
"""Lists of words that are merged as sets."""
_ORDER, _DROP, _RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys"


def strategic_patch(old: Any, patch: Any) -> Any:
    """`old` with `patch` over it; neither is changed. ApiError 400 when a list's item lacks its key."""
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: a strategic merge patch is an object")
    return _map(old if isinstance(old, dict) else {}, patch)


def _map(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    directive = patch.get("$patch")
    if directive == "replace":
        return {name: _plain(value) for name, value in patch.items() if name != "$patch"}
    if directive == "delete":
        return {}
    made = dict(old)
    if _RETAIN in patch:
        made = {name: value for name, value in made.items() if name in patch[_RETAIN]}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict):
            made[name] = _map(made[name] if isinstance(made.get(name), dict) else {}, value)
        elif isinstance(value, list):
            made[name] = _list(name, made.get(name) or [], value)
        else:
            made[name] = value
    return _directed(made, patch)


def _directed(made: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """What the directives beside the fields ask for: words taken out of a list, items put in order."""
    for name, value in patch.items():
        if name.startswith(_DROP):
            field = name.removeprefix(_DROP)
            made[field] = [one for one in made.get(field) or () if one not in value]
        elif name.startswith(_ORDER) and isinstance(made.get(name.removeprefix(_ORDER)), list):
            field = name.removeprefix(_ORDER)
            made[field] = _ordered(field, made[field], value)
    return made


def _list(name: str, old: list[Any], patch: list[Any]) -> list[Any]:
    if name in _PRIMITIVES:
        return [*old, *(one for one in patch if one not in old)]
    if any(isinstance(one, dict) and one.get("$patch") == "replace" for one in patch):
        return [_plain(one) for one in patch if one != {"$patch": "replace"}]
    if name not in KEYS or not all(isinstance(one, dict) for one in (*old, *patch)):
        return [_plain(one) for one in patch]
    key = key_of(name, [*old, *patch])
    if not key:
        raise bad_request(f"map: {patch!r:.200} does not contain declared merge key: {KEYS[name][0]}")
    return _merged(key, old, patch)


def _merged(key: str, old: list[Any], patch: list[Any]) -> list[Any]:
    """Items that both have are merged where they stand; new ones come first, as the real server puts them."""
    changes = {one[key]: one for one in patch}
    known = {one[key] for one in old}
    made = [_map({}, one) for one in patch if one[key] not in known and one.get("$patch") != "delete"]
    for one in old:
        change = changes.get(one[key])
        if change is None:
            made.append(one)
        elif change.get("$patch") != "delete":
            made.append(_map(one, change))
    return made


def _ordered(name: str, items: list[Any], order: list[Any]) -> list[Any]:
    """Items in the order that was sent; what it does not name keeps its place behind."""
    key = key_of(name, items)
    wanted = [one.get(key) if isinstance(one, dict) else one for one in order]

    def place(item: Any) -> int:
        word = item.get(key) if isinstance(item, dict) else item
        return wanted.index(word) if word in wanted else len(wanted)

    return sorted(items, key=place)


def _plain(value: Any) -> Any:
    """A value without directives."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if not name.startswith("$") and one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
