"""JSON merge patch (RFC 7396): null takes a field away, a list is replaced as a whole."""

from typing import Any


def merge_patch(old: Any, patch: Any) -> Any:
    """`old` with `patch` over it; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merge_patch(made.get(name), value)
    return made
