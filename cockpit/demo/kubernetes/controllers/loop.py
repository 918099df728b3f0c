"""One loop for all controllers: keys whose time has come are reconciled, one after the other.

A key is queued once however often it changes. A reconciler that has to look again later says when.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping
from itertools import count

from cockpit.board.clock import Clock

Key = tuple[str, str, str]
"""(controller, namespace, name)"""
Reconcile = Callable[[str, str], float | None]
"""(namespace, name) -> seconds until it wants to look again, None when only a change shall wake it."""

AT_ONCE = 50
"""Keys between two turns of the event loop: requests are answered while 5,000 pods are looked at."""


class WorkLoop:
    """Runs `reconcilers` by their names. Times are the clock's."""

    def __init__(self, clock: Clock, reconcilers: Mapping[str, Reconcile]) -> None:
        self._clock, self._reconcilers = clock, reconcilers
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = count()
        self._news = asyncio.Event()
        self.failed: dict[Key, str] = {}
        """What could not be reconciled, and why; until it changes again it is not tried again."""

    def add(self, controller: str, namespace: str, name: str, after: float = 0.0) -> None:
        """Look at an object in `after` seconds at the latest."""
        key, due = (controller, namespace, name), self._clock.monotonic() + after
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, next(self._order), key))
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            done = 0
            while (key := self._next()) is not None:
                self._reconcile(key)
                done += 1
                if done % AT_ONCE == 0:
                    await asyncio.sleep(0)
            await self._wait()

    def settle(self) -> None:
        """Reconcile whatever is due now, until nothing is."""
        while (key := self._next()) is not None:
            self._reconcile(key)

    def _reconcile(self, key: Key) -> None:
        controller, namespace, name = key
        try:
            after = self._reconcilers[controller](namespace, name)
        except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
            # An object may say what no controller understands: it is left alone, all others go on.
            self.failed[key] = f"{type(error).__name__}: {error}"
            return
        self.failed.pop(key, None)
        if after is not None:
            self.add(controller, namespace, name, after)

    def _next(self) -> Key | None:
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                return key
        return None

    async def _wait(self) -> None:
        self._news.clear()
        if not self._heap:
            await self._news.wait()
            return
        seconds = max(0.0, self._heap[0][0] - self._clock.monotonic())
        try:
            async with self._clock.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
