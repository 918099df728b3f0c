"""A list of objects as it is read: page after page, again and again, with what is left out and what failed."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from cockpit.board.clock import Clock
from cockpit.engine.port import (
    CommandError,
    EnginePort,
    ListObjects,
    ObjectColumn,
    ObjectKind,
    ObjectPage,
    ObjectQuery,
    ObjectRow,
)

ROWS_MOST, PAGES_MOST = 5_000, 100
"""Rows that are held, and pages that are asked for (each of 50 namespaces takes one). What is left out is said."""
EVERY = 5.0
"""Seconds between the end of one reading and the next, for each page that it takes: ten pages are read each 50 s."""
LONGEST = 60.0
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

    @property
    def waiting(self) -> float | None:
        """Seconds since the reading that is under way began."""
        return None if self._began is None else self._clock.monotonic() - self._began

    @property
    def old(self) -> float | None:
        """Seconds since what is shown was read."""
        return None if self.page is None else max(0.0, (self._clock.now() - self.page.at).total_seconds())

    @property
    def due(self) -> bool:
        """Whether it is time to read it (again)."""
        if self._began is not None:
            return False
        return self._ended is None or self._clock.monotonic() - self._ended >= self._gap

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
        return f"{len(self.rows) + self.page.remaining} in all" if self.page.remaining else "there are more"

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
        while not pages or (token and len(rows) < ROWS_MOST and pages < PAGES_MOST):
            page: ObjectPage = await self._port.submit(ListObjects(self.source, replace(self.query, token=token)))
            if page.expired:
                return False
            pages, token = pages + 1, page.token
            rows += page.rows[: ROWS_MOST - len(rows)]
            self.kind, self.columns, self.spaces = page.kind, page.columns, page.spaces
            if not self._whole or not token or len(rows) >= ROWS_MOST or pages >= PAGES_MOST:
                # The first time rows appear as they come; later the old ones stand until all are new.
                self.rows, self.page = tuple(rows), page
            self.version += 1
            changed(page.rows)
        self._whole, self._gap = True, min(LONGEST, EVERY * pages)
        return True
