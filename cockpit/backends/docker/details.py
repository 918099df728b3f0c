"""Inspects containers that were touched: at most four at a time, each at most three times a second, the worst first."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable

from cockpit.backends.base import SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.fleet import Fleet
from cockpit.backends.docker.wire import Container

AT_ONCE = 4
BURST, WITHIN = 3, 1.0
"""So many inspections of the same container in so many seconds: a crash loop without pause would ask for hundreds."""
URGENT, SOON, LATER = 0, 1, 2


class Details:
    """A queue of containers to inspect, and those who work it off. changed: called after each and after the last."""

    def __init__(self, client: EngineClient, fleet: Fleet, changed: Callable[[], None]) -> None:
        self._client, self._fleet, self._changed = client, fleet, changed
        self._queue: list[tuple[int, int, str]] = []
        self._waiting: dict[str, int] = {}
        self._busy: set[str] = set()
        self._again: dict[str, int] = {}
        self._last: dict[str, deque[float]] = {}
        self._order = itertools.count()
        self._news, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()

    def ask(self, containers: Iterable[str], urgency: int = SOON) -> None:
        """Inspect these when their turn comes; asking twice is asking once."""
        for container in containers:
            if container in self._busy:
                self._again[container] = min(urgency, self._again.get(container, LATER))
            elif self._waiting.get(container, LATER + 1) > urgency:
                self._waiting[container] = urgency
                heapq.heappush(self._queue, (urgency, next(self._order), container))
        if self._queue:
            self._idle.clear()
            self._news.set()

    async def settled(self) -> None:
        """Until nothing waits."""
        await self._idle.wait()

    @property
    def waits(self) -> bool:
        """Whether anything is still to be inspected."""
        return not self._idle.is_set()

    async def run(self) -> None:
        """Work until cancelled. SourceError only when the engine is gone."""
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, self._client.lanes)):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            container = await self._next()
            try:
                await self._spaced(container)
                await self._inspect(container)
            finally:
                self._busy.discard(container)
                again = self._again.pop(container, None)
                if again is not None:
                    self.ask((container,), again)
                if not self._queue and not self._busy:
                    self._idle.set()
                    self._changed()

    async def _next(self) -> str:
        while True:
            while self._queue:
                urgency, _, container = heapq.heappop(self._queue)
                if self._waiting.get(container) == urgency:
                    del self._waiting[container]
                    self._busy.add(container)
                    return container
            self._news.clear()
            await self._news.wait()

    async def _spaced(self, container: str) -> None:
        clock = self._client.clock
        if len(self._last) > 4 * len(self._fleet) + 100:
            self._last.clear()
        last = self._last.setdefault(container, deque(maxlen=BURST))
        if len(last) == BURST and (wait := last[0] + WITHIN - clock.monotonic()) > 0:
            await clock.sleep(wait)
        last.append(clock.monotonic())

    async def _inspect(self, container: str) -> None:
        known = self._fleet.get(container)
        stamp = known.stamp if known else 0
        try:
            found = await self._client.get(f"/containers/{container}/json", Container)
        except EngineAnswer as error:
            if error.status == 404:
                self._fleet.destroyed(container)
                self._changed()
            return
        except SourceError:
            # Inspect waits for the container's lock while it stops or starts; what the event said stands until then.
            return
        if not self._fleet.inspected(found, stamp):
            self._again.setdefault(container, SOON)
        self._changed()
