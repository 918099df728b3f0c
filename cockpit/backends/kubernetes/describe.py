"""One object as text to read: the warnings about it first, then all of it in the shape of YAML.

Left out: who wrote which field, and the copy that kubectl keeps of what was applied (it holds the values of variables).
Masked: the data of Secrets, and values of variables, which may hold anything; names are kept.
"""

from collections.abc import Iterable
from typing import Any

from cockpit.backends.kubernetes.wire_apps import Event
from cockpit.backends.outline import outline
from cockpit.board.secrets import MASK

_SECRET_FIELDS = ("data", "stringData")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def describe(answer: dict[str, Any], events: Iterable[Event] = ()) -> str:
    """Lines of an object's answer."""
    told = [
        f"  {one.last_timestamp or one.event_time or '-'}  {one.type} {one.reason} ({one.count or 1}x): {one.message}"
        for one in events
    ]
    head = ["events:", *told, ""] if told else []
    return "\n".join([*head, outline(shown(answer))])


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    """An object without what nobody reads and nobody may see."""
    whole = {name: _masked(value, name) for name, value in answer.items()}
    meta = whole.get("metadata")
    if isinstance(meta, dict):
        meta.pop("managedFields", None)
        annotations = meta.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_APPLIED, None)
    if answer.get("kind") == "Secret":
        for field in _SECRET_FIELDS:
            if isinstance(whole.get(field), dict):
                whole[field] = dict.fromkeys(whole[field], MASK)
    return whole


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        if key == "env":
            return [_variable(one) for one in value]
        return [_masked(one) for one in value]
    return value


def _variable(one: Any) -> Any:
    return {**one, "value": MASK} if isinstance(one, dict) and "value" in one else _masked(one)
