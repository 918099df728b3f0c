"""The one source of time. Aware UTC for moments, monotonic seconds for durations.

Nothing else in the program reads a clock or sleeps, so a test drives all of it with `ManualClock`.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as the rest of the program may know it."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` (>= 0)."""
        ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Raise TimeoutError inside the block when it takes longer than `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        async with asyncio.timeout(seconds):
            yield


class ManualClock:
    """A clock that stands still until `advance`: sleepers wake in order of their due time.

    `timeout` expires in this clock's time too. Use it on one event loop.
    """

    def __init__(self, start: datetime = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), future))
        await future

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        async with asyncio.timeout(None) as inner:
            loop = asyncio.get_running_loop()

            async def expire() -> None:
                await self.sleep(seconds)
                inner.reschedule(loop.time())

            alarm = loop.create_task(expire())
            try:
                yield
            finally:
                alarm.cancel()

    async def advance(self, seconds: float) -> None:
        """Move time on by `seconds`, waking each sleeper at its moment and letting the loop run in between."""
        end = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self._elapsed = end
        await self._settle()

    @staticmethod
    async def _settle() -> None:
        # Ten turns of the loop let a woken task run, start others and go back to sleep.
        for _ in range(10):
            await asyncio.sleep(0)
