"""The kinds of patches, by their content type."""

from collections.abc import Callable, Mapping
from typing import Any

from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.api.patch.json_patch import json_patch
from cockpit.demo.kubernetes.api.patch.merge import merge_patch
from cockpit.demo.kubernetes.api.patch.strategic import strategic_patch
from cockpit.demo.kubernetes.cluster.kinds import Json

APPLY = "application/apply-patch+yaml"

_KINDS: Mapping[str, Callable[[Json, Any], Any]] = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge_patch,
    "application/strategic-merge-patch+json": strategic_patch,
}


def patched(content_type: str, old: Json, patch: Any) -> Json:
    """The object with the patch on it; `old` stays as it is. ApiError 400, 415 or 422 when that cannot be."""
    apply = _KINDS.get(content_type)
    if apply is None:
        allowed = ", ".join((*_KINDS, APPLY))
        words = f"the body of the request was in an unknown format - accepted media types include: {allowed}"
        raise ApiError(415, words)
    made = apply(old, patch)
    if not isinstance(made, dict) or not isinstance(made.get("metadata"), dict):
        raise ApiError(422, "the patch leaves no object", details={})
    return made
