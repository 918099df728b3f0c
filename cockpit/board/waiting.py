"""Waiting for the board: futures with predicates, judged when the board changed, once a turn of the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cockpit.board.snapshot import Snapshot


class Waiting:
    """Who waits for what. All of it belongs to one event loop."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._waiters: dict[asyncio.Future[Snapshot], Callable[[Snapshot], bool]] = {}
        self._due = False

    @contextmanager
    def expect(self, predicate: Callable[[Snapshot], bool]) -> Iterator["asyncio.Future[Snapshot]"]:
        """A future of the first snapshot of which `predicate` is true."""
        future: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
        self._waiters[future] = predicate
        try:
            yield future
        finally:
            del self._waiters[future]

    def wake(self) -> None:
        """Something changed. Costs nothing while nobody waits; a burst of updates is judged once."""
        if self._waiters and not self._due:
            self._due = True
            next(iter(self._waiters)).get_loop().call_soon(self._judge)

    def _judge(self) -> None:
        self._due = False
        if not self._waiters:
            return
        snapshot = self._snapshot()
        for future, predicate in list(self._waiters.items()):
            if future.done():
                continue
            try:
                if predicate(snapshot):
                    future.set_result(snapshot)
            except Exception as error:
                # A fault of one who waits must not reach the engine's loop, nor the others.
                future.set_exception(error)
