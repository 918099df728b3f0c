"""JSON patch (RFC 6902): operations one after the other, all of them or none."""

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request

MOST_OPERATIONS = 10_000

Change = Callable[[Any], Any]


def json_patch(old: Any, patch: Any) -> Any:
    """`old` with the operations done on it. ApiError 400 for what is no patch, 422 when an operation does not fit."""
    if not isinstance(patch, list) or not all(isinstance(one, dict) for one in patch):
        raise bad_request("error decoding patch: json: cannot unmarshal into a list of operations")
    if len(patch) > MOST_OPERATIONS:
        raise bad_request(f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(patch)}")
    for one in patch:
        operation = _OPERATIONS.get(one.get("op", ""))
        if operation is None or "path" not in one:
            raise bad_request(f"unexpected kind: {one.get('op')}")
        try:
            old = operation(old, one)
        except (KeyError, IndexError, ValueError, TypeError):
            raise _rejected() from None
    return old


def _rejected() -> ApiError:
    return ApiError(422, "the server rejected our request due to an error in our request", details={})


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(pointer)
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _get(value: Any, parts: list[str]) -> Any:
    for part in parts:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _edit(value: Any, parts: list[str], change: Callable[[Any, str], Any]) -> Any:
    """A copy of `value` in which the container of the last part is what `change` made of it."""
    if len(parts) == 1:
        return change(value, parts[0])
    if isinstance(value, list):
        at = int(parts[0])
        return [*value[:at], _edit(value[at], parts[1:], change), *value[at + 1 :]]
    return {**value, parts[0]: _edit(value[parts[0]], parts[1:], change)}


def _add(old: Any, one: Mapping[str, Any]) -> Any:
    value, parts = one["value"], _parts(one["path"])

    def change(held: Any, part: str) -> Any:
        if isinstance(held, list):
            at = len(held) if part == "-" else int(part)
            if not 0 <= at <= len(held):
                raise IndexError(part)
            return [*held[:at], value, *held[at:]]
        return {**held, part: value}

    return _edit(old, parts, change) if parts else value


def _remove(old: Any, one: Mapping[str, Any]) -> Any:
    def change(held: Any, part: str) -> Any:
        if isinstance(held, list):
            at = range(len(held))[int(part)]
            return [*held[:at], *held[at + 1 :]]
        if part not in held:
            raise KeyError(part)
        return {name: value for name, value in held.items() if name != part}

    return _edit(old, _parts(one["path"]), change)


def _replace(old: Any, one: Mapping[str, Any]) -> Any:
    parts = _parts(one["path"])
    if not parts:
        return one["value"]
    _get(old, parts)

    def change(held: Any, part: str) -> Any:
        if isinstance(held, list):
            at = range(len(held))[int(part)]
            return [*held[:at], one["value"], *held[at + 1 :]]
        return {**held, part: one["value"]}

    return _edit(old, parts, change)


def _copy(old: Any, one: Mapping[str, Any]) -> Any:
    return _add(old, {"path": one["path"], "value": _get(old, _parts(one["from"]))})


def _move(old: Any, one: Mapping[str, Any]) -> Any:
    value = _get(old, _parts(one["from"]))
    return _add(_remove(old, {"path": one["from"]}), {"path": one["path"], "value": value})


def _test(old: Any, one: Mapping[str, Any]) -> Any:
    if _get(old, _parts(one["path"])) != one["value"]:
        raise ValueError(one["path"])
    return old


_OPERATIONS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "copy": _copy,
    "move": _move,
    "test": _test,
}
