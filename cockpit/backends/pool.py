"""Named, bounded threads for calls that may hang: name lookups, files, /proc.

Never the loop's default executor: eight hung lookups in it delayed a healthy one by 3 s. The threads are daemons, so a
call that never returns does not keep the program from ending.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class PoolFull(Exception):
    """Every thread is busy and too many calls wait already; str(error) is one line."""


class Pool:
    """At most `size` threads, started when they are needed, and at most `waiting` calls that wait for one."""

    def __init__(self, name: str, size: int, waiting: int = 256) -> None:
        self._name, self._size = name, size
        self._jobs: queue.Queue[_Job | None] = queue.Queue(waiting)
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call `function` in a thread. PoolFull when it cannot even wait for one.

        A cancelled wait leaves the call running (a thread cannot be ended), or takes it back when it had not begun.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        with self._lock:
            if self._jobs.qsize() >= self._idle and len(self._threads) < self._size:
                name = f"{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                self._idle += 1
                thread.start()
        try:
            self._jobs.put_nowait((loop, future, lambda: function(*arguments)))
        except queue.Full:
            raise PoolFull(
                f"all {self._size} threads for {self._name} are busy and {self._jobs.maxsize} more wait"
            ) from None
        return await future

    def close(self) -> None:
        """Let idle threads end. Calls that hang keep theirs until the program ends."""
        for _ in self._threads:
            try:
                self._jobs.put_nowait(None)
            except queue.Full:
                return

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._idle -= 1
            _perform(*job)
            del job
            with self._lock:
                self._idle += 1


def _perform(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", call: Callable[[], Any]) -> None:
    if future.cancelled():
        return
    result: Any = None
    failure: BaseException | None = None
    try:
        result = call()
    except BaseException as error:  # handed to whoever waits
        failure = error
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_settle, future, result, failure)


def _settle(future: "asyncio.Future[Any]", result: object, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
