"""A list of objects as it is read: page after page, then what happens to it, or again and again; what failed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from cockpit.board.clock import Clock
from cockpit.engine.port import (
    CommandError,
    EnginePort,
    ListObjects,
    ObjectChanges,
    ObjectColumn,
    ObjectKind,
    ObjectPage,
    ObjectQuery,
    ObjectRow,
    Since,
    WatchObjects,
)
from cockpit.ui.objectwatch import Happened, Key, News
from cockpit.ui.wakeup import Wakeup

ROWS_MOST, PAGES_MOST = 5_000, 100
"""Rows that are held, and pages that are asked for (each of 50 namespaces takes one). What is left out is said."""
EVERY = 5.0
"""Seconds between the end of one reading and the next, for each page that it takes: ten pages are read each 50 s."""
LONGEST = 60.0
WATCHED_AGAIN = 60.0
"""Seconds after which a list is tried to be watched again that could not be; until then it is read again."""
GATHERED, SLOWER = 0.25, 5_000
"""Seconds between two looks at what has happened, and rows for each of which second more: it takes 10 ms of 5,000."""
TURNS = 3
"""How often a list is begun anew that changes too much to be read to its end."""


class ObjectList:
    """What has been read. changed: called with the rows that are new whenever there is something to show."""

    def __init__(self, port: EnginePort, clock: Clock, source: str, query: ObjectQuery) -> None:
        self.source, self.query = source, query
        self._port, self._clock = port, clock
        self.kind: ObjectKind | None = None
        self.columns: Sequence[ObjectColumn] = ()
        self.rows: Sequence[ObjectRow] = ()
        self.spaces: Sequence[str] = ()
        self.page: ObjectPage | None = None
        """The last page of the last reading."""
        self.error = ""
        self.version = 0
        self._began: float | None = None
        self._ended: float | None = None
        self._gap = 0.0
        self._whole = False
        self._since: dict[int, Since] = {}
        self._heard: dict[int, datetime] = {}
        """When each of its namespaces was heard of last, as `_since` is from where each goes on."""
        self._unwatched_until = -1e9
        self.asked = self.watching = False
        """Whether it was asked to be watched; whether what happens to it is told by now."""

    @property
    def waiting(self) -> float | None:
        """Seconds since the reading that is under way began."""
        return None if self._began is None else self._clock.monotonic() - self._began

    @property
    def old(self) -> float | None:
        """Seconds since it is known that what is shown is so."""
        if not self._heard:
            return None
        return max(0.0, (self._clock.now() - min(self._heard.values())).total_seconds())

    @property
    def due(self) -> bool:
        """Whether it is time to read it (again)."""
        if self._began is not None or self.asked or self.watchable:
            return False
        return self._ended is None or self._clock.monotonic() - self._ended >= self._gap

    @property
    def watchable(self) -> bool:
        """Whether what happens to it from now on can be told, as far as is known. A part of a list is read again."""
        if self.kind is None or not self.kind.watched or not self._whole or self.left_out or self.error:
            return False
        if self.asked or self._began is not None:
            return False
        return bool(self._since) and self._clock.monotonic() >= self._unwatched_until

    @property
    def again_in(self) -> float:
        """Seconds until it is read again."""
        spent = 0.0 if self._ended is None else self._clock.monotonic() - self._ended
        return max(0.0, self._gap - spent)

    @property
    def left_out(self) -> str:
        """What is not shown of a list that is too long, empty when all of it is."""
        if self.page is None or not (self.page.token or self.page.remaining):
            return ""
        return f"{self.whole} in all" if self.whole else "there are more"

    @property
    def whole(self) -> int | None:
        """How many objects there are, where the cluster tells how many are left out."""
        return len(self.rows) + self.page.remaining if self.page and self.page.remaining else None

    @property
    def spaced(self) -> bool:
        """Whether its rows are of several namespaces."""
        return bool(self.kind and self.kind.namespaced and len(self.spaces) != 1)

    async def read(self, changed: Callable[[Sequence[ObjectRow]], None]) -> None:
        """Read all of it once; what fails stands in `error`."""
        self._began = self._clock.monotonic()
        try:
            await self._read(changed)
            self.error = ""
        except Exception as error:  # whatever a command raises is a line for the reader
            self.error = str(error) or type(error).__name__
            self._gap = min(LONGEST, max(EVERY, 2 * self._gap))
        finally:
            self._began, self._ended = None, self._clock.monotonic()
        self.version += 1
        changed(())

    async def _read(self, changed: Callable[[Sequence[ObjectRow]], None]) -> None:
        for _ in range(TURNS):
            if await self._pages(changed):
                return
        raise CommandError("the list changes too much to be read to its end")

    async def _pages(self, changed: Callable[[Sequence[ObjectRow]], None]) -> bool:
        """Read from the first page to the last; False when the list expired on the way."""
        rows: list[ObjectRow] = []
        token, pages = "", 0
        since: dict[int, Since] = {}
        while not pages or (token and len(rows) < ROWS_MOST and pages < PAGES_MOST):
            page: ObjectPage = await self._port.submit(ListObjects(self.source, replace(self.query, token=token)))
            if page.expired:
                return False
            pages, token = pages + 1, page.token
            since |= {page.since[0]: page.since} if page.since else {}
            rows += page.rows[: ROWS_MOST - len(rows)]
            self.kind, self.columns, self.spaces = page.kind, page.columns, page.spaces
            if not self._whole or not token or len(rows) >= ROWS_MOST or pages >= PAGES_MOST:
                # The first time rows appear as they come; later the old ones stand until all are new.
                self.rows, self.page = tuple(rows), page
                self._since, self._heard = since, dict.fromkeys(since or (0,), page.at)
            self.version += 1
            changed(page.rows)
        self._whole, self._gap = True, min(LONGEST, EVERY * pages)
        return True

    # What happens to it

    async def watch(self, changed: Callable[[Sequence[ObjectRow]], None]) -> None:
        """Take in what happens, until it has to be read anew. To be cancelled when nobody looks any more."""
        happened, rung = Happened(), asyncio.Event()
        wakeup = Wakeup(rung.set)
        wakeup.attach()

        def take(changes: ObjectChanges) -> None:
            happened.put(changes)
            wakeup.ring()

        lost = True

        def over(done: "asyncio.Future[None]") -> None:
            # An error that nobody asked for would be written over the screen.
            nonlocal lost
            lost = done.cancelled() or done.exception() is not None
            rung.set()

        command = WatchObjects(source=self.source, query=self.query, since=tuple(self._since.values()), take=take)
        ended = self._port.submit(command)
        ended.add_done_callback(over)
        self.asked = True
        try:
            while self._take_in(happened.take(), changed) and not ended.done():
                await rung.wait()
                rung.clear()
                if self.watching:
                    await self._clock.sleep(GATHERED + len(self.rows) / SLOWER)
        finally:
            told = self.watching
            ended.cancel()
            self.asked = self.watching = False
        # What could not be watched, or only from its beginning, is only read for a while.
        if lost or not told:
            self._unwatched_until = self._clock.monotonic() + WATCHED_AGAIN
        self._since, self._ended = {}, self._clock.monotonic()
        changed(())

    def _take_in(self, news: News, changed: Callable[[Sequence[ObjectRow]], None]) -> bool:
        """What has happened; False when the list has to be read anew: it is too much, or has other columns now."""
        if not news.whole or news.columns - {tuple(self.columns)}:
            return False
        if news.heard:
            self.watching = True
            self._since |= {one.since[0]: one.since for one in news.heard}
            self._heard |= {one.since[0]: one.at for one in news.heard}
            self.version += 1
        if news.changed:
            rows: dict[Key, ObjectRow] = {row.key: row for row in self.rows}
            came = any(row is not None and key not in rows for key, row in news.changed.items())
            rows |= {key: row for key, row in news.changed.items() if row is not None}
            self.rows = [row for key, row in rows.items() if news.changed.get(key, row) is not None]
            if came:
                self.rows.sort(key=lambda row: (row.space, row.name))
        if news.heard:
            changed([row for row in news.changed.values() if row is not None])
        return len(self.rows) <= ROWS_MOST
