"""The open logs of a session: opened, searched, saved and closed by command; each ring's share of memory bounded."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from cockpit.backends.pool import Pool
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.board.update import Counted
from cockpit.engine.background import Background, Kept, Note
from cockpit.engine.frame import LogWindow, TailStatus
from cockpit.engine.port import (
    CommandError,
    ErrorShape,
    FindLine,
    LogQuery,
    OpenTail,
    SaveLog,
)
from cockpit.engine.savelog import save, whole_path
from cockpit.engine.streams import Around
from cockpit.engine.tail import Tail, TailSink
from cockpit.logs.find import find
from cockpit.logs.line import RawLine
from cockpit.logs.pattern import Pattern, PatternError
from cockpit.logs.ring import MAX_BYTES, Ring
from cockpit.logs.shapes import Shapes

MAX_TAILS = 8
ALL_BYTES = 3 * MAX_BYTES
"""48 MiB over all rings: with more than three tails each gets its share."""


class Tails:
    """Open tails by id, and the lines kept of services in trouble."""

    def __init__(self, around: Around, changed: Callable[[], None]) -> None:
        self._around, self._changed = around, changed
        self._background = Background(around)
        self._tails: dict[str, Tail] = {}
        self._numbers = count(1)
        self._pool = Pool("save", 2, waiting=4)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._synced: tuple[ServiceStatus, ...] | None = None

    def open(self, spec: OpenTail) -> str:
        """Start following; CommandError when eight are open."""
        if len(self._tails) >= MAX_TAILS:
            raise CommandError(f"{MAX_TAILS} logs are open, the most there can be: close one first")
        name = f"log-{next(self._numbers)}"
        tail = self._tails[name] = Tail(name, spec, self._around, self._changed, Ring(), self._turn)
        self._share()
        self._bring_back(tail)
        tail.look(self._around.board.snapshot().services)
        self._changed()
        return name

    async def close_one(self, name: str) -> None:
        """Stop following and free its ring."""
        tail = self._tails.pop(name, None)
        if tail is not None:
            await tail.close()
            self._share()

    async def close(self) -> None:
        """Close all; bounded."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(self._background.close(), *(self.close_one(name) for name in list(self._tails)))
        self._pool.close()

    def sync(self, snapshot: Snapshot) -> None:
        """Instances may have come, services may have turned bad; nothing to do while no service changed."""
        if snapshot.services is not self._synced:
            self._synced = snapshot.services
            for tail in self._tails.values():
                tail.look(snapshot.services)
        self._background.update(snapshot)

    def counted(self) -> Iterator[Counted]:
        """How many error lines a minute each log that is read has, as far as that is new."""
        for tail in self._tails.values():
            yield from tail.tallies.news(tail.streams)
        yield from self._background.counted()

    def statuses(self) -> Mapping[str, TailStatus]:
        """What the frame says of each."""
        return {name: tail.status() for name, tail in self._tails.items()}

    def window(self, name: str, start: int, rows: int) -> LogWindow:
        """Rows of a tail; from any thread. Empty for one that is closed."""
        tail = self._tails.get(name)
        if tail is None:
            return LogWindow(start=start, lines=(), matched=(), rows=0, version=0)
        return tail.window(start, rows)

    def query(self, name: str, query: LogQuery) -> None:
        """Change what a tail shows."""
        self._get(name).set_query(query)

    async def find(self, command: FindLine) -> int | None:
        """The next row that matches; other work goes on between the steps."""
        tail = self._get(command.tail)
        try:
            pattern = Pattern(command.pattern, command.ignore_case)
        except PatternError as error:
            raise CommandError(str(error)) from None
        view = await tail.searched()
        for row in find(view, pattern, command.level, command.start, command.direction):
            if row is not None:
                return row
            await asyncio.sleep(0)
            if tail.view is not view:
                raise CommandError("the filter was changed during the search: search again")
        return None

    async def top_errors(self, name: str) -> tuple[ErrorShape, ...]:
        """Error lines of the whole ring grouped by shape."""
        shapes = Shapes()
        for _ in shapes.count(self._get(name).ring):
            await asyncio.sleep(0)
        return shapes.top()

    async def save(self, command: SaveLog) -> str:
        """Write what the tail shows to a new private file."""
        tail = self._get(command.tail)
        path = command.path or f"cockpit-log-{self._around.clock.now():%Y%m%dT%H%M%S}Z.log"
        return await save(tail, whole_path(path), self._pool)

    def _bring_back(self, tail: Tail) -> None:
        """Lines of instances that are gone, kept since their service turned bad, come first."""
        snapshot = self._around.board.snapshot()
        services = [one for one in snapshot.services if one.key in tail.spec.services]
        present = {instance.id for one in services for workload in one.workloads for instance in workload.instances}
        for kept in self._background.kept(tail.spec.services, present):
            lines = [line for line in kept.lines if self._inside(tail.spec, line)]
            if lines:
                task = asyncio.get_running_loop().create_task(self._give(tail, kept, lines))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _give(self, tail: Tail, kept: Kept, lines: list[RawLine]) -> None:
        sink = TailSink(tail, kept.id, kept.name, self._around)
        tail.givers += 1
        try:
            sink.say(f"{kept.name}, gone by now: its last lines, kept since the service turned bad", lines[0].at)
            for part, said in _with_notes(lines, kept.notes):
                await sink.take(part)
                for text, at in said:
                    sink.say(text, at)
        finally:
            tail.givers -= 1

    def _inside(self, spec: OpenTail, line: RawLine) -> bool:
        early = spec.since is not None and line.at is not None and line.at < spec.since
        late = spec.until is not None and line.at is not None and line.at > spec.until
        return not (early or late)

    def _get(self, name: str) -> Tail:
        tail = self._tails.get(name)
        if tail is None:
            raise CommandError("this log is closed")
        return tail

    def _share(self) -> None:
        for tail in self._tails.values():
            tail.bound(min(MAX_BYTES, ALL_BYTES // max(1, len(self._tails))))


def _with_notes(lines: list[RawLine], notes: Sequence[Note]) -> Iterator[tuple[list[RawLine], list[Note]]]:
    """Lines, each part with the notes that follow it: a run's end stands before the lines of the next run."""
    start = 0
    for text, at in sorted(notes, key=lambda note: note[1]):
        stop = next((index for index in range(start, len(lines)) if (lines[index].at or at) > at), len(lines))
        yield lines[start:stop], [(text, at)]
        start = stop
    yield lines[start:], []
