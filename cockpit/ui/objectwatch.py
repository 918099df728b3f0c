"""What has happened to a list since the screen last looked: put in by the engine's thread, of each object the last."""

from collections.abc import Sequence
from threading import Lock

from msgspec import Struct

from cockpit.engine.port import ObjectChanges, ObjectColumn, ObjectRow

Key = tuple[str, str, str]
MOST = 10_000
"""Objects that may have changed between two looks; beyond, the list is read anew."""


class News(Struct, frozen=True):
    """changed: each object by its key, None where it has gone; heard: the last word of each namespace.

    columns: those that the rows came with; whole: whether it is all that has happened.
    """

    changed: dict[Key, ObjectRow | None]
    heard: Sequence[ObjectChanges]
    columns: frozenset[tuple[ObjectColumn, ...]]
    whole: bool


class Happened:
    """`put` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._changed: dict[Key, ObjectRow | None] = {}
        self._heard: dict[int, ObjectChanges] = {}
        self._columns: set[tuple[ObjectColumn, ...]] = set()
        self._whole = True

    def put(self, changes: ObjectChanges) -> None:
        """More has happened."""
        with self._lock:
            self._heard[changes.since[0]] = changes
            if changes.columns:
                self._columns = {*self._columns, changes.columns} if len(self._columns) < 2 else self._columns
            self._whole = self._whole and len(self._changed) + len(changes.rows) + len(changes.gone) <= MOST
            if self._whole:
                self._changed.update(dict.fromkeys(changes.gone))
                self._changed.update((row.key, row) for row in changes.rows)

    def take(self) -> News:
        """What has; the next look begins anew."""
        with self._lock:
            news = News(self._changed, tuple(self._heard.values()), frozenset(self._columns), self._whole)
            self._changed, self._heard = {}, {}
        return news
