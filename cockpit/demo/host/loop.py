"""A small event loop: file descriptors, timers, and signals that arrive through a pipe."""

import contextlib
import heapq
import itertools
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable

Callback = Callable[[], None]


class Timer:
    """A call that is due later; `cancel` forgets it."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Callback) -> None:
        self.due = due
        self.call: Callback | None = call

    def cancel(self) -> None:
        self.call = None


class Loop:
    """Runs callbacks one after the other until `stop`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._running = True
        self._signals: dict[int, Callback] = {}
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)
        self.watch(self._woken.fileno(), self._on_signals)

    def watch(self, fd: int, on_read: Callback | None, on_write: Callback | None = None) -> None:
        """Call when `fd` can be read or written; both None: no more. Replaces what was set before."""
        events = (selectors.EVENT_READ if on_read else 0) | (selectors.EVENT_WRITE if on_write else 0)
        known = fd in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(fd)
        elif known:
            self._selector.modify(fd, events, (on_read, on_write))
        else:
            self._selector.register(fd, events, (on_read, on_write))

    def later(self, seconds: float, call: Callback) -> Timer:
        """Call once after `seconds`."""
        timer = Timer(time.monotonic() + max(0.0, seconds), call)
        heapq.heappush(self._timers, (timer.due, next(self._order), timer))
        return timer

    def on_signals(self, numbers: Iterable[int], call: Callback) -> None:
        """Call in the loop after one of the signals came."""
        for number in numbers:
            self._signals[number] = call
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def _on_signals(self) -> None:
        came: set[int] = set()
        with contextlib.suppress(BlockingIOError):
            while data := self._woken.recv(4096):
                came.update(data)
        for number in came:
            if number in self._signals:
                self._signals[number]()

    def run(self) -> None:
        """Until `stop`."""
        while self._running:
            for key, events in self._selector.select(self._wait()):
                on_read, on_write = key.data
                # An earlier callback of this round may have closed or changed this descriptor.
                now = self._selector.get_map().get(key.fd)
                if now is None or now.data is not key.data:
                    continue
                if events & selectors.EVENT_READ and on_read:
                    on_read()
                elif events & selectors.EVENT_WRITE and on_write:
                    on_write()
            self._fire()

    def _wait(self) -> float | None:
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _fire(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.call is not None:
                call, timer.call = timer.call, None
                call()

    def stop(self) -> None:
        self._running = False
