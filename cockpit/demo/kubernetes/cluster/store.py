"""Objects with their versions: a shelf for each kind, one counter over all, and a log of changes for watches.

Stored objects are never changed in place, so a page, a watch and a controller may hold one as long as they like. An
object's bytes are encoded once for each of its versions and shared by every list and watch that asks.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json, Kind

Key = tuple[str, str]
"""(namespace, name); the namespace of what has none is empty."""

LOG_LENGTH = 20_000
"""Changes kept for each kind: a watch that starts further back is told 410. 50 changes a second are kept 7 minutes."""

_encode = msgspec.json.Encoder().encode


class Entry:
    """One version of one object, without `kind` and `apiVersion`: those depend on who asks."""

    __slots__ = ("_raw", "obj", "version")

    def __init__(self, obj: Json, version: int) -> None:
        self.obj, self.version = obj, version
        self._raw = b""

    @property
    def raw(self) -> bytes:
        """Its JSON as it stands in a list."""
        if not self._raw:
            self._raw = _encode(self.obj)
        return self._raw

    def typed(self, kind: Kind) -> bytes:
        """Its JSON as it stands alone."""
        return b'{"kind":"%b","apiVersion":"%b",%b' % (kind.kind.encode(), kind.api_version.encode(), self.raw[1:])

    @property
    def key(self) -> Key:
        meta = self.obj["metadata"]
        return meta.get("namespace", ""), meta["name"]


class Change(NamedTuple):
    """What happened at `version`: ADDED, MODIFIED or DELETED; `old` is the version before, None for ADDED."""

    version: int
    type: str
    entry: Entry
    old: Entry | None


Listener = Callable[[str, Change], None]


class Shelf:
    """The objects of one kind, by key, and its latest changes."""

    def __init__(self) -> None:
        self.items: dict[Key, Entry] = {}
        self.log: deque[Change] = deque(maxlen=LOG_LENGTH)
        self.compacted = 0
        """Changes up to this version are not known any more."""
        self.by_owner: dict[str, set[Key]] = {}
        """Keys by the uid of the controlling owner."""
        self._order: list[Key] | None = None

    def ordered(self) -> list[Key]:
        """All keys in the order of lists."""
        if self._order is None:
            self._order = sorted(self.items)
        return self._order

    def record(self, change: Change) -> None:
        """Put the change in place: objects, index by owner, log."""
        key = change.entry.key
        if change.type == "DELETED":
            del self.items[key]
            self._order = None
        else:
            if key not in self.items:
                self._order = None
            self.items[key] = change.entry
        self._index(key, change)
        if len(self.log) == self.log.maxlen:
            self.compacted = self.log[0].version
        self.log.append(change)

    def _index(self, key: Key, change: Change) -> None:
        before = owner_uid(change.old.obj) if change.old else ""
        after = "" if change.type == "DELETED" else owner_uid(change.entry.obj)
        if before == after:
            return
        if before:
            self.by_owner[before].discard(key)
            if not self.by_owner[before]:
                del self.by_owner[before]
        if after:
            self.by_owner.setdefault(after, set()).add(key)


class Store:
    """All shelves. Every write makes one `Change`, tells the listeners in the order they came, and returns."""

    def __init__(self) -> None:
        self.version = 1
        self.shelves: dict[str, Shelf] = {name: Shelf() for name in BY_SHELF}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of every change (kind's storage name, change), at once; what is returned ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def get(self, storage: str, namespace: str, name: str) -> Json | None:
        entry = self.shelves[storage].items.get((namespace, name))
        return None if entry is None else entry.obj

    def each(self, storage: str, namespace: str = "") -> Iterator[Json]:
        """The objects of a kind, of one namespace or of all, in no order."""
        for (space, _), entry in list(self.shelves[storage].items.items()):
            if not namespace or space == namespace:
                yield entry.obj

    def owned(self, storage: str, uid: str) -> list[Json]:
        """The objects whose controller is `uid`, by name."""
        shelf = self.shelves[storage]
        return [shelf.items[key].obj for key in sorted(shelf.by_owner.get(uid, ()))]

    def put(self, storage: str, obj: Json) -> Json:
        """Store an object (new or changed) under the next version; the object with that version in it."""
        self.version += 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.version)}}
        entry = Entry(obj, self.version)
        old = self.shelves[storage].items.get(entry.key)
        self._commit(storage, Change(self.version, "MODIFIED" if old else "ADDED", entry, old))
        return obj

    def remove(self, storage: str, namespace: str, name: str) -> Json | None:
        """Take an object away; its last state, with the version of its end, or None when there is none."""
        old = self.shelves[storage].items.get((namespace, name))
        if old is None:
            return None
        self.version += 1
        obj = {**old.obj, "metadata": {**old.obj["metadata"], "resourceVersion": str(self.version)}}
        self._commit(storage, Change(self.version, "DELETED", Entry(obj, self.version), old))
        return obj

    def compact(self, storages: Iterable[str] = ()) -> None:
        """Forget all changes so far of these kinds (of all, when none is named): older watches are told 410."""
        for name in storages or self.shelves:
            shelf = self.shelves[name]
            shelf.log.clear()
            shelf.compacted = self.version

    def _commit(self, storage: str, change: Change) -> None:
        self.shelves[storage].record(change)
        for listener in tuple(self._listeners):
            listener(storage, change)


def owner_uid(obj: Json) -> str:
    """The uid of the owner that controls it; empty when there is none."""
    for owner in obj["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            return str(owner["uid"])
    return ""
