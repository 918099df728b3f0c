"""One open log: its streams pour into a merge, that into a ring, and a view of it is what the screen reads."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from operator import attrgetter

from cockpit.board.model import Identity, SafeText
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.text import safe
from cockpit.engine.frame import LogWindow, TailStatus
from cockpit.engine.port import LogQuery, OpenTail
from cockpit.engine.streams import Around, Streams
from cockpit.engine.tallies import Tallies
from cockpit.logs.ingest import SLICE_LINES, Ingest, slices
from cockpit.logs.line import Level, RawLine
from cockpit.logs.merge import HOLD, Merge
from cockpit.logs.pattern import PatternError
from cockpit.logs.ring import Parsed, Ring
from cockpit.logs.view import View

_LOST, _NOTE, _PART = attrgetter("lost"), attrgetter("note"), attrgetter("part")
WINDOW_MOST = 1_000
MOVED = 2 * SLICE_LINES
"""Lines that go from the merge into the ring in one turn of the loop."""
NOTE_MOST = 300
LONG_HOLD = 5.0
"""Seconds that lines wait while one that has ended is still being read, or its end is about to be told."""


def note(name: str, text: str, at: datetime | None) -> Parsed:
    """A line that the cockpit itself writes into a log."""
    return Parsed(at, name, "", Level.UNKNOWN, SafeText(f"--- {safe(text, NOTE_MOST)} ---"), True)


class Tail:
    """Everything of one open log. `window` may be called from any thread, all else belongs to the engine's loop."""

    def __init__(
        self,
        name: str,
        spec: OpenTail,
        around: Around,
        changed: Callable[[], None],
        ring: Ring,
        turn: asyncio.Lock | None = None,
    ) -> None:
        self.id, self.spec, self.ring = name, spec, ring
        self.turn = turn or asyncio.Lock()
        """Held for each slice of lines: fifty streams that pour in take one turn of the loop each, not one together."""
        self.lost = 0
        """Lines that backends say were lost before they got here."""
        self.givers = 0
        """Others than the streams that put lines into this log now."""
        self.parted = False
        """Instances of several containers write it, which come one after the other where they are old."""
        self._clock, self._changed = around.clock, changed
        self._closed = False
        self.view = View(ring, LogQuery())
        self._merge = Merge()
        self._tasks: set[asyncio.Task[None]] = set()
        self._search: asyncio.Task[None] | None = None
        self._flusher: asyncio.Task[None] | None = None
        self._version = 0
        self._error = SafeText("")
        self.tallies = Tallies(spec, around)
        self.streams = Streams(spec, around, lambda one, shown: TailSink(self, one, shown, around), self._touch)
        self.set_query(spec.query)

    def look(self, services: Sequence[ServiceStatus]) -> None:
        """Follow what is there now."""
        self.streams.look(services)

    def set_query(self, query: LogQuery) -> None:
        """Show only what the query asks for; an earlier search is cancelled. A wrong pattern changes nothing."""
        try:
            view = View(self.ring, query)
        except PatternError as error:
            self._error = safe(str(error), 300)
        else:
            if self._search:
                self._search.cancel()
            self.view, self._error = view, SafeText("")
            self._search = self._spawn(self._run_search(view)) if view.searching else None
        self._touch()

    async def searched(self) -> View:
        """The view, once its query has been through the whole ring."""
        while self.view.searching and self._search is not None:
            await asyncio.wait({self._search})
        return self.view

    def status(self) -> TailStatus:
        """What the frame says of this log."""
        ring, view, streams = self.ring, self.view, self.streams
        error = self._error
        if not error and streams.left_out:
            followed = streams.total - streams.left_out
            error = SafeText(f"{followed} of {streams.total} instances are read, the most that one log can follow")
        return TailStatus(
            id=self.id,
            title=safe(", ".join(self.spec.services) or "log", 200),
            version=self._version,
            rows=view.rows,
            first_row=view.first_row,
            lines=ring.end - ring.first,
            dropped=ring.dropped,
            first_seq=ring.first,
            last_seq=ring.end - 1,
            sources=tuple(SafeText(name) for name in ring.names),
            searching=view.searching,
            following=streams.active > 0 or streams.looking,
            error=error,
            lost=self.lost,
        )

    def window(self, start: int, count: int) -> LogWindow:
        """Rows of the view; called from any thread."""
        view = self.view
        first, lines, matched = view.window(start, min(count, WINDOW_MOST))
        return LogWindow(start=first, lines=lines, matched=matched, rows=view.rows, version=self._version)

    def bound(self, max_bytes: int) -> None:
        """Keep at most so many bytes of lines from now on."""
        self.ring.bound(max_bytes)
        self.view.extend()
        self._touch()

    async def close(self) -> None:
        """End every stream; bounded."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await self.streams.close()

    async def room(self) -> None:
        """Wait while too many lines are held; the oldest go on meanwhile."""
        while self._merge.full:
            async with self.turn:
                self._move(MOVED)
                await asyncio.sleep(0)

    def put(self, lines: Sequence[Parsed]) -> None:
        """Lines of one instance: merged by time when there are several, of instances or of their containers."""
        if self._closed:
            return
        if self._speaking <= 1 and not self.parted and not len(self._merge):
            self._append(lines)
            return
        self._merge.put(lines, self._clock.monotonic(), self._clock.now())
        if self._flusher is None:
            self._flusher = self._spawn(self._flush())

    async def _flush(self) -> None:
        """Move what has waited long enough into the ring, until nothing waits."""
        try:
            while len(self._merge):
                if self._move(MOVED) == MOVED:
                    await asyncio.sleep(0)
                else:
                    await self._clock.sleep(HOLD / 3)
        finally:
            self._flusher = None

    @property
    def _speaking(self) -> int:
        return self.streams.speaking + self.givers

    def _move(self, most: int) -> int:
        self._merge.hold = LONG_HOLD if self.streams.catching_up else HOLD
        lines = self._merge.take(self._clock.monotonic(), most, everything=not self._speaking)
        if lines:
            self._append(lines)
        return len(lines)

    def _append(self, lines: Sequence[Parsed]) -> None:
        self.ring.append(lines)
        self.view.extend()
        self._touch()

    async def _run_search(self, view: View) -> None:
        for step, _ in enumerate(view.search()):
            if step % 8 == 0:
                self._touch()
            await asyncio.sleep(0)
        view.extend()
        self._touch()

    def _touch(self) -> None:
        self._version += 1
        self._changed()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class TailSink:
    """Reads the lines of one instance and puts them into its tail."""

    def __init__(self, tail: Tail, identity: Identity, name: str, around: Around) -> None:
        self._tail, self._name, self._around = tail, name, around
        self._ingest = Ingest(name, around.mask)
        self._listener = tail.tallies.listener(identity)
        self._last: datetime | None = None

    async def take(self, batch: Sequence[RawLine]) -> None:
        """Lines in order, a few hundred at a time: others have their turn in between."""
        tail = self._tail
        for part in slices(batch):
            async with tail.turn:
                lines = self._ingest(part)
                tail.parted = tail.parted or any(map(_PART, part))
                self._listener.take(lines)
                if any(map(_LOST, part)) or any(map(_NOTE, part)):
                    lines = self._with_notes(part, lines)
                    tail.lost += sum(raw.lost for raw in part)
                self._last = lines[-1].at or self._last
                tail.put(lines)
                await asyncio.sleep(0)
            await tail.room()

    def say(self, text: str, at: datetime | None = None) -> None:
        """A note at its moment; without one after the last line, also if that machine's clock is ahead of ours."""
        now = self._around.clock.now()
        at = at or max(now, self._last or now)
        self._tail.put([note(self._name, self._around.mask(safe(text, NOTE_MOST)), at)])

    def _with_notes(self, batch: Sequence[RawLine], lines: list[Parsed]) -> list[Parsed]:
        found: list[Parsed] = []
        for raw, line in zip(batch, lines, strict=True):
            if raw.note:
                found.append(note(self._name, raw.note, raw.at))
            if raw.lost:
                text = f"{raw.lost} lines are missing here: they came faster than they were read"
                found.append(note(self._name, text, raw.at))
            found.append(line)
        return found
