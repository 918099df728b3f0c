"""What a server does to an object on its way into the store: names, uids, defaults, generations, graceful deletion.

Clients' requests and controllers both come through here. `dry` does all of it but the storing.
"""

from datetime import datetime, timedelta

from cockpit.board.clock import Clock
from cockpit.demo.kubernetes.cluster.defaults import defaulted
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json, Kind
from cockpit.demo.kubernetes.cluster.names import suffix, uid
from cockpit.demo.kubernetes.cluster.store import Store
from cockpit.demo.kubernetes.cluster.times import stamp

_KEPT = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "namespace",
    "name",
)
"""Metadata that a client cannot change."""

_NO_GENERATION = frozenset(
    {
        "configmaps",
        "endpoints",
        "events",
        "leases.coordination.k8s.io",
        "namespaces",
        "nodes",
        "pods",
        "secrets",
        "serviceaccounts",
        "services",
    }
)


class Objects:
    """Creates, changes and deletes objects of one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def now(self) -> datetime:
        """The moment on the cluster's clock."""
        return self._clock.now()

    def create(self, kind: Kind, obj: Json, *, dry: bool = False, created: str = "") -> Json:
        """Store a new object. The caller has seen to it that its name is free. created: its time, now when empty."""
        meta = {key: value for key, value in obj.get("metadata", {}).items() if key not in {"resourceVersion", "uid"}}
        if not meta.get("name"):
            meta["name"] = meta.get("generateName", "") + suffix()
        meta |= {"uid": uid(), "creationTimestamp": created or stamp(self._clock.now())}
        if kind.storage not in _NO_GENERATION:
            meta["generation"] = 1
        whole = {key: value for key, value in obj.items() if key not in {"kind", "apiVersion", "metadata"}}
        if "status" in kind.subresources and kind.storage != "nodes":
            whole.pop("status", None)
        made = defaulted(kind, {"metadata": meta, **whole})
        return made if dry else self._store.put(kind.storage, made)

    def change(self, kind: Kind, old: Json, new: Json, *, part: str = "", dry: bool = False) -> Json:
        """Store a changed object: its status only for `part` "status", else all but its status. What changes nothing
        makes no new version."""
        made = self._status(old, new) if part == "status" else self._spec(kind, old, new)
        if _same(made, old):
            return old
        ends = made["metadata"].get("deletionTimestamp") and not made["metadata"].get("finalizers")
        if ends and kind.storage != "pods" and not dry:
            return self._remove(kind, made)
        return made if dry else self._store.put(kind.storage, made)

    def set_status(self, kind_name: str, obj: Json, status: Json) -> Json:
        """As controllers do it: a new status for the stored object, nothing when it is the same."""
        if obj.get("status") == status:
            return obj
        return self._store.put(kind_name, {**obj, "status": status})

    def _status(self, old: Json, new: Json) -> Json:
        meta = {**old["metadata"]}
        for name in ("labels", "annotations"):
            if name in new.get("metadata", {}):
                meta[name] = new["metadata"][name]
        return {**old, "metadata": meta, "status": new.get("status", {})}

    def _spec(self, kind: Kind, old: Json, new: Json) -> Json:
        meta = {**new.get("metadata", {})}
        meta.pop("selfLink", None)
        for name in _KEPT:
            meta.pop(name, None)
            if name in old["metadata"]:
                meta[name] = old["metadata"][name]
        whole = {key: value for key, value in new.items() if key not in {"kind", "apiVersion", "metadata"}}
        made = defaulted(kind, {"metadata": meta, **whole})
        if "status" in kind.subresources:
            made.pop("status", None)
            if "status" in old:
                made["status"] = old["status"]
        if "generation" in old["metadata"] and made.get("spec") != old.get("spec"):
            made["metadata"] = {**made["metadata"], "generation": old["metadata"]["generation"] + 1}
        return made

    def delete(
        self, kind: Kind, obj: Json, *, grace: int | None = None, orphan: bool = False, dry: bool = False
    ) -> Json:
        """Begin or finish a deletion: a pod that runs is given its grace (the kubelet ends it), what has finalizers
        waits for them, everything else goes at once. The object as it is then."""
        meta = obj["metadata"]
        seconds = self._grace(kind, obj, grace)
        waits = bool(meta.get("finalizers")) or seconds > 0
        if waits and meta.get("deletionTimestamp") and meta.get("deletionGracePeriodSeconds", 0) <= seconds:
            return obj
        if waits:
            end: datetime = self._clock.now() + timedelta(seconds=seconds)
            meta = {**meta, "deletionTimestamp": stamp(end), "deletionGracePeriodSeconds": seconds}
            made = {**obj, "metadata": meta}
            return made if dry else self._store.put(kind.storage, made)
        if dry:
            return obj
        if orphan:
            self._orphan(meta["uid"])
        return self._remove(kind, obj)

    def _grace(self, kind: Kind, obj: Json, asked: int | None) -> int:
        if kind.storage != "pods" or not obj["spec"].get("nodeName"):
            return 0
        if obj.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
            return 0
        return int(obj["spec"].get("terminationGracePeriodSeconds", 30)) if asked is None else max(0, asked)

    def _remove(self, kind: Kind, obj: Json) -> Json:
        meta = obj["metadata"]
        return self._store.remove(kind.storage, meta.get("namespace", ""), meta["name"]) or obj

    def _orphan(self, owner: str) -> None:
        for storage in BY_SHELF:
            for obj in self._store.owned(storage, owner):
                kept = [one for one in obj["metadata"]["ownerReferences"] if one["uid"] != owner]
                self._store.put(storage, {**obj, "metadata": {**obj["metadata"], "ownerReferences": kept}})


def _same(new: Json, old: Json) -> bool:
    """Whether two versions differ in nothing but their version."""
    return _bare(new) == _bare(old) and all(new.get(key) == old.get(key) for key in {*new, *old} - {"metadata"})


def _bare(obj: Json) -> Json:
    return {key: value for key, value in obj["metadata"].items() if key not in {"resourceVersion", "managedFields"}}


def changed(obj: Json, **parts: object) -> Json:
    """A copy of an object with parts of its metadata replaced."""
    return {**obj, "metadata": {**obj["metadata"], **parts}}
