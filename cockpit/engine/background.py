"""Lines of services in trouble, kept while nobody reads them: what a container wrote before it was replaced is gone
from its engine, and it is what the responder needs.

Kept as they came, unparsed: a faulty service that writes 5,000 lines a second costs its transfer only, beside the
error lines that are counted among the first of each minute.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from cockpit.board.model import Identity, State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.board.update import Counted
from cockpit.engine.port import OpenTail
from cockpit.engine.streams import Around, Streams
from cockpit.engine.tallies import Tallies
from cockpit.logs.line import RawLine

MOST_INSTANCES = 8
"""Instances of one service that are read, the running ones first."""
MOST_KEPT = 16
"""Instances of one service whose lines are kept, those that are gone included; the oldest goes first."""
LINES, BYTES = 500, 128 * 1024
"""Of one instance: at most 10 services x 16 instances x 128 KiB = 20 MiB."""
NOTES = 20
LINGER = 900.0
"""Seconds for which the lines of a service that is well again are kept."""

_FAULTY = frozenset({State.DOWN, State.DEGRADED})


Note = tuple[str, datetime]
"""What is said in a log, and when that was."""


class Kept(NamedTuple):
    """What one instance wrote and what was to be said of it, each in order."""

    id: Identity
    name: str
    lines: Sequence[RawLine]
    notes: Sequence[Note]


class Background:
    """The background logs of a session, at most ten."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._services: dict[str, _Service] = {}
        self._seen: tuple[ServiceStatus, ...] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def update(self, snapshot: Snapshot) -> None:
        """Begin with services that turned down or degraded, end with those that have long been well."""
        now = self._around.clock.monotonic()
        news = snapshot.services is not self._seen
        self._seen = snapshot.services
        faulty = [one.key for one in snapshot.services if one.state in _FAULTY and one.workloads]
        for key, service in list(self._services.items()):
            service.well_since = None if key in faulty else service.well_since or now
            if service.well_since is not None and now - service.well_since >= LINGER:
                self._end(key)
        for key in faulty:
            if key not in self._services and self._room():
                news, self._services[key] = True, _Service(key, self._around)
        if news:
            for service in self._services.values():
                service.streams.look(snapshot.services)

    def kept(self, services: Collection[str], present: Collection[Identity]) -> list[Kept]:
        """What is known of instances of these services that are not `present` any more."""
        found = [service for key, service in self._services.items() if key in services]
        return [kept.value() for service in found for kept in service.kept.values() if kept.id not in present]

    def counted(self) -> Iterator[Counted]:
        """Error lines a minute, as far as that is new."""
        for service in self._services.values():
            yield from service.tallies.news(service.streams)

    async def close(self) -> None:
        """End all."""
        for key in list(self._services):
            self._end(key)
        await asyncio.gather(*self._closing)

    def _room(self) -> bool:
        if len(self._services) < self._around.background:
            return True
        well = [(one.well_since, key) for key, one in self._services.items() if one.well_since is not None]
        if well:
            self._end(min(well)[1])
        return bool(well)

    def _end(self, key: str) -> None:
        task = asyncio.get_running_loop().create_task(self._services.pop(key).streams.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Service:
    def __init__(self, key: str, around: Around) -> None:
        self.well_since: float | None = None
        self.kept: dict[Identity, _Instance] = {}
        self._around = around
        spec = OpenTail(services=(key,), tail=LINES)
        self.tallies = Tallies(spec, around)
        self.streams = Streams(spec, around, self._sink, lambda: None, MOST_INSTANCES)

    def _sink(self, identity: Identity, name: str) -> "_Instance":
        # An instance that comes back is read on from where it was left.
        found = self.kept.pop(identity, None) or _Instance(identity, name, self._around, self.tallies)
        self.kept[identity] = found
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        return found


class _Instance:
    """A `Sink` that keeps the newest lines of one instance."""

    def __init__(self, identity: Identity, name: str, around: Around, tallies: Tallies) -> None:
        self.id, self._name, self._around = identity, name, around
        self._listener = tallies.listener(identity)
        self._lines: deque[RawLine] = deque()
        self._notes: deque[Note] = deque(maxlen=NOTES)
        self._size = 0

    def value(self) -> Kept:
        """What it holds now."""
        return Kept(self.id, self._name, tuple(self._lines), tuple(self._notes))

    async def take(self, batch: Sequence[RawLine]) -> None:
        """Keep the newest; errors are counted of all."""
        self._listener.take_raw(batch)
        for line in batch[-LINES:]:
            self._lines.append(line)
            self._size += len(line.data)
        while len(self._lines) > LINES or (self._size > BYTES and len(self._lines) > 1):
            self._size -= len(self._lines.popleft().data)

    def say(self, text: str, at: datetime | None = None) -> None:
        """Keep a note."""
        self._notes.append((text, at or self._around.clock.now()))
