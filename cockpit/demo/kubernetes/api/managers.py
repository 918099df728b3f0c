"""Who changed which field when, for those that create, update and patch: as `managedFields` says it."""

from collections.abc import Iterable

from cockpit.demo.kubernetes.cluster.fields import Path, leaves, paths, tree, value_at
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.server.wire import Call

LONGEST = 128
"""Characters of a manager's name."""
_META = ("labels", "annotations", "finalizers", "ownerReferences")
_NOT_OWNED = frozenset({"kind", "apiVersion", "metadata", "status"})


def manager_of(call: Call) -> str:
    """Who a request says it is: its fieldManager, else the first word of its User-Agent."""
    name = call.query("fieldManager") or call.headers.get("user-agent", "").partition("/")[0].strip()
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST] or "unknown"


def entered(kind: Kind, old: Json | None, new: Json, manager: str, now: str) -> Json:
    """`new` with what of it differs from `old` (None: all of it) entered under `manager`. now: a timestamp."""
    named = set(paths(_owned(new)))
    changed = {path for path in named if old is None or value_at(old, path) != value_at(new, path)}
    before = list(old["metadata"].get("managedFields") or ()) if old is not None else []
    own = [one for one in before if _is_update(one, manager)]
    fields = {path for one in own for path in _leaves(one)} & named | changed
    kept = [_less(one, changed) for one in before if one not in own]
    entry = {
        "manager": manager,
        "operation": "Update",
        "apiVersion": kind.api_version,
        "time": now if changed or not own else own[0].get("time", now),
        "fieldsType": "FieldsV1",
        "fieldsV1": tree(fields),
    }
    managed = [one for one in (*kept, entry) if one["fieldsV1"]]
    return {**new, "metadata": {**new["metadata"], "managedFields": managed}}


def _owned(obj: Json) -> Json:
    """What of an object somebody manages."""
    meta = {name: obj["metadata"][name] for name in _META if obj["metadata"].get(name)}
    rest = {name: value for name, value in obj.items() if name not in _NOT_OWNED}
    return rest | ({"metadata": meta} if meta else {})


def _is_update(entry: Json, manager: str) -> bool:
    same = entry["manager"] == manager and entry["operation"] == "Update"
    return bool(same and not entry.get("subresource"))


def _leaves(entry: Json) -> Iterable[Path]:
    return leaves(entry.get("fieldsV1") or {})


def _less(entry: Json, changed: set[Path]) -> Json:
    """Another manager's entry without what this one changed."""
    if entry.get("subresource") or not (lost := set(_leaves(entry)) & changed):
        return entry
    return {**entry, "fieldsV1": tree(set(_leaves(entry)) - lost)}
