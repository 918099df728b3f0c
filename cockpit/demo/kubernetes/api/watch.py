"""A watch: what there is (when asked for), what has happened since a version, then what happens, with bookmarks.

An event is encoded once and shared by every watcher that sees the whole object; one that selects sees an object come
and go as it starts and ceases to match.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import NamedTuple

import msgspec

from cockpit.board.clock import Clock
from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.api.selectors import Test, everything
from cockpit.demo.kubernetes.api.views import View, WholeView
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.store import Change, Entry, Store

LONGEST = 1800.0
"""Seconds of a watch that names no end. A real server takes 30 to 60 minutes."""
BACKLOG = 50_000
"""Events that wait for a slow client: past that its watch ends, as on a real server."""

_encode = msgspec.json.Encoder().encode


class Wanted(NamedTuple):
    """What a watch was asked for. since: a version; None: first all there is, then on."""

    kind: Kind
    namespace: str
    meant: Test
    view: View
    since: int | None
    bookmarks: bool
    seconds: float
    initial_bookmark: bool


class Watches:
    """The watches of one store. While `moving` is cleared all hold still, as half-open connections do."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.bookmark_every = 60.0
        self.moving = asyncio.Event()
        self.moving.set()
        self._open: set[_Watch] = set()
        store.listen(self._changed)

    def cut(self) -> None:
        """End every watch, as a restarted API server does."""
        for watch in tuple(self._open):
            watch.end()

    def _changed(self, storage: str, change: Change) -> None:
        for watch in self._open:
            if watch.storage == storage:
                watch.add(change)

    async def stream(self, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        """The lines of a watch, several to a chunk."""
        shelf = self._store.shelves[wanted.kind.storage]
        if wanted.since is not None and wanted.since < shelf.compacted:
            words = f"too old resource version: {wanted.since} ({shelf.compacted})"
            yield _line("ERROR", _encode(ApiError(410, words).body))
            return
        watch = _Watch(wanted)
        # Open before the first byte is sent: what changes while a slow client reads the beginning comes after it.
        self._open.add(watch)
        try:
            for lines in self._first(wanted, watch):
                yield lines
            async for chunk in self._follow(wanted, watch):
                yield chunk
        finally:
            self._open.discard(watch)

    def _first(self, wanted: Wanted, watch: "_Watch") -> list[bytes]:
        shelf = self._store.shelves[wanted.kind.storage]
        if wanted.since is not None:
            for change in shelf.log:
                if change.version > wanted.since:
                    watch.add(change)
            return []
        lines = []
        for key in shelf.ordered():
            entry = shelf.items[key]
            if watch.sees(entry):
                lines.append(_line("ADDED", wanted.view.event(wanted.kind, entry)))
        if wanted.initial_bookmark:
            lines.append(self._bookmark(wanted, first=True))
        return [b"".join(lines)]

    async def _follow(self, wanted: Wanted, watch: "_Watch") -> AsyncGenerator[bytes, None]:
        end = self._clock.monotonic() + wanted.seconds
        due = self._clock.monotonic() + self.bookmark_every
        while not watch.ended:
            await self.moving.wait()
            if lines := watch.take():
                yield b"".join(lines)
                continue
            now = self._clock.monotonic()
            if now >= end:
                break
            if wanted.bookmarks and now >= due:
                due = now + self.bookmark_every
                yield self._bookmark(wanted)
            try:
                async with self._clock.timeout(min(end, due if wanted.bookmarks else end) - now):
                    await watch.news.wait()
            except TimeoutError:
                continue
        if wanted.bookmarks and not watch.ended:
            yield self._bookmark(wanted)

    def _bookmark(self, wanted: Wanted, first: bool = False) -> bytes:
        meta: Json = {"resourceVersion": str(self._store.version), "creationTimestamp": None}
        if first:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = {"kind": wanted.kind.kind, "apiVersion": wanted.kind.api_version, "metadata": meta}
        entry = Entry({"metadata": meta}, self._store.version)
        whole = isinstance(wanted.view, WholeView)
        return _line("BOOKMARK", _encode(obj) if whole else wanted.view.event(wanted.kind, entry))


class _Watch:
    """One watcher: its own queue of changes that it has not been sent yet."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._waiting: deque[Change] = deque()
        self.storage = wanted.kind.storage
        self.news = asyncio.Event()
        self.ended = False

    def sees(self, entry: Entry) -> bool:
        """Whether an object is watched."""
        wanted = self._wanted
        in_place = not wanted.namespace or entry.key[0] == wanted.namespace
        return in_place and (wanted.meant is everything or wanted.meant(entry.obj))

    def add(self, change: Change) -> None:
        self._waiting.append(change)
        if len(self._waiting) > BACKLOG:
            self.end()
        self.news.set()

    def end(self) -> None:
        self.ended = True
        self.news.set()

    def take(self) -> list[bytes]:
        """The lines of what waited."""
        self.news.clear()
        lines = []
        while self._waiting:
            change = self._waiting.popleft()
            if kind := self._type(change):
                lines.append(self._told(kind, change))
        return lines

    def _type(self, change: Change) -> str:
        """The event's type for this watcher; empty when it is none of its."""
        before = change.old is not None and self.sees(change.old)
        after = change.type != "DELETED" and self.sees(change.entry)
        if after:
            return "MODIFIED" if before else "ADDED"
        return "DELETED" if before else ""

    def _told(self, kind: str, change: Change) -> bytes:
        return _line(kind, self._wanted.view.event(self._wanted.kind, change.entry))


def _line(kind: str, obj: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), obj)
