"""One thread with a bounded queue: SQLite may wait for the disk or a lock without holding the engine's loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from cockpit.incident.errors import JournalError

T = TypeVar("T")

MAX_WAITING = 1024


class Worker:
    """Runs functions one after the other on its own thread. A daemon: a disk that hangs must not keep the program."""

    def __init__(self, name: str) -> None:
        self.most = MAX_WAITING
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[], T], within: float | None = None) -> T:
        """The function's result. It is run even when the caller is cancelled: a record once begun is finished.

        Raises queue.Full when 1,024 calls are waiting already, TimeoutError when there is no result `within` so many
        seconds (it may still be run), JournalError after `stop`.
        """
        if self._ended:
            raise JournalError("the journal is closed")
        if self._queue.qsize() >= self.most:
            raise queue.Full(f"{self.most} entries are waiting for the disk")
        future: Future[T] = Future()
        self._queue.put((future, function))
        # The machine's own time, whatever clock the program has: what is waited for is a real disk.
        async with asyncio.timeout(within):
            return await asyncio.shield(asyncio.wrap_future(future))

    async def stop(self, last: Callable[[], None], within: float | None = None) -> None:
        """Run what is waiting, then `last`, then end the thread. Nothing happens the second time.

        TimeoutError when that takes longer than `within` seconds; the thread is left to itself.
        """
        if self._ended:
            return
        self._ended = True
        future: Future[None] = Future()
        self._queue.put((future, last))
        self._queue.put(None)
        async with asyncio.timeout(within):
            await asyncio.shield(asyncio.wrap_future(future))

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            future, function = item
            try:
                result = function()
            except BaseException as error:  # whatever it is, the caller has to hear of it
                future.set_exception(error)
            else:
                future.set_result(result)
