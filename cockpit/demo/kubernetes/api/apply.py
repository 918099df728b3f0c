"""Server-side apply: who owns which field, what two managers want differently, and what one of them gave up.

What a stored object says of other managers (managers.py enters those that update and patch) counts for conflicts.
"""

import json
from typing import Any

from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.api.patch.strategic import strategic_patch
from cockpit.demo.kubernetes.cluster.fields import Path, leaves, paths, step, tree, value_at
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind


def applied(kind: Kind, old: Json, wanted: Json, manager: str, *, force: bool, now: str) -> Json:
    """`old` with what `manager` wants. ApiError 409 where another manager wants something else, unless forced."""
    entries = list(old["metadata"].get("managedFields") or ())
    mine = set(paths(wanted))
    conflicts = _conflicts(old, wanted, entries, manager, mine)
    if conflicts and not force:
        raise _refused(conflicts)
    before = {path for one in entries if _is_applier(one, manager) for path in leaves(one.get("fieldsV1") or {})}
    others = {path for one in entries if not _is_applier(one, manager) for path in leaves(one.get("fieldsV1") or {})}
    made = old
    for path in sorted(before - mine - others, key=len, reverse=True):
        made = _without(made, path)
    made = strategic_patch(made, wanted)
    kept = [one for one in entries if not _is_applier(one, manager)]
    entry = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": kind.api_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": tree(mine),
    }
    managed = [*(_given_up(one, mine) if conflicts else one for one in kept), entry]
    return {**made, "metadata": {**made["metadata"], "managedFields": managed}}


def _is_applier(entry: Json, manager: str) -> bool:
    return bool(entry["manager"] == manager and entry["operation"] == "Apply")


def _conflicts(old: Json, wanted: Json, entries: list[Json], manager: str, mine: set[Path]) -> list[tuple[Json, Path]]:
    """(whose, where) of each field that somebody else owns and that would change."""
    found = []
    for one in entries:
        if one["manager"] == manager or one.get("subresource"):
            continue
        for path in sorted(mine & set(leaves(one.get("fieldsV1") or {}))):
            if value_at(old, path) != value_at(wanted, path):
                found.append((one, path))
    return found


def _refused(conflicts: list[tuple[Json, Path]]) -> ApiError:
    causes = []
    for one, path in conflicts:
        words = f'conflict with "{one["manager"]}" using {one["apiVersion"]}'
        causes.append({"reason": "FieldManagerConflict", "message": words, "field": _dotted(path)})
    told = "; ".join(f"{cause['message']}: {cause['field']}" for cause in causes)
    number = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    return ApiError(409, f"Apply failed with {number}: {told}", details={"causes": causes})


def _without(obj: Any, path: Path) -> Any:
    """A copy without what lies at `path`."""
    part = path[0]
    inner = step(obj, part)
    if inner is None:
        return obj
    if part.startswith("f:"):
        name = part[2:]
        if len(path) == 1:
            return {key: value for key, value in obj.items() if key != name}
        return {**obj, name: _without(inner, path[1:])}
    return [_without(one, path[1:]) if one is inner and len(path) > 1 else one for one in obj]


def _given_up(entry: Json, mine: set[Path]) -> Json:
    """Another manager's entry without what was taken from it by force."""
    if entry.get("subresource"):
        return entry
    return {**entry, "fieldsV1": tree(set(leaves(entry.get("fieldsV1") or {})) - mine)}


def _dotted(path: Path) -> str:
    made = ""
    for part in path:
        if part.startswith("f:"):
            made += f".{part[2:]}"
        else:
            pairs = json.loads(part[2:]).items()
            made += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in pairs) + "]"
    return made
