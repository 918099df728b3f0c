"""The engine: its own thread with its own event loop, so that a terminal which stops reading stops nothing here."""

import asyncio
import concurrent.futures
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any

from msgspec.structs import replace

from cockpit.board.clock import Clock, SystemClock
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.engine.commands import dispatch
from cockpit.engine.core import Core
from cockpit.engine.frame import Frame, LogWindow
from cockpit.engine.mailbox import Mailbox
from cockpit.engine.parts import Parts
from cockpit.engine.port import Command, CommandError

STOP_WITHIN = 10.0
"""Seconds a stop may take: the running operation goes to its next safe point, the journal is closed."""

SWITCH = 0.0005
"""Seconds after which one thread gives way to another. A key's paint takes the interpreter's lock several times: while
the engine was busy with 5,000 pods it waited 55 ms in the median at Python's 5 ms, and 36 ms at this."""

_STOPPED = "the engine has stopped"


class Engine:
    """Starts the core on a thread and is the screen's `EnginePort` on it."""

    def __init__(self, parts: Parts, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        empty = Snapshot(version=0, at=self._clock.now(), profile=parts.profile_name)
        first = Frame(snapshot=empty, beat=self._clock.monotonic(), read_only=parts.read_only, demo=parts.demo)
        self._parts = parts
        self._mailbox = Mailbox(first)
        self._core: Core | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = Event()
        self._asked_to_stop = False
        self._lock = Lock()
        self._open: set[concurrent.futures.Future[Any]] = set()
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread; returns when commands can be submitted."""
        sys.setswitchinterval(SWITCH)
        self._thread.start()
        if not self._ready.wait(STOP_WITHIN):
            raise CommandError(f"the engine did not start within {STOP_WITHIN:.0f} s")
        if self.failure is not None:
            raise self.failure

    def request_stop(self) -> None:
        """Ask the engine to stop; returns at once. Safe in a signal handler."""
        # First the mark, then the loop: whichever of the two the starting thread sees, it stops.
        self._asked_to_stop = True
        if self._loop is not None and self._core is not None:
            with suppress(RuntimeError):  # the loop is closed by now
                self._loop.call_soon_threadsafe(self._core.stopping.set)

    def stop(self, within: float = STOP_WITHIN) -> bool:
        """Stop and wait; False when it did not end in time."""
        self.request_stop()
        return self.join(within) if self._thread.ident is not None else True

    def join(self, within: float) -> bool:
        """Wait for the end without asking for it; False when it did not come in time."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def frame(self) -> Frame:
        """The newest frame."""
        return self._mailbox.take()

    def wake_by(self, callback: Callable[[], None]) -> None:
        """Call `callback` from the engine's thread when a frame is new; at most once until `frame()` is called."""
        self._mailbox.wake_by(callback)

    def log_window(self, tail: str, start: int, count: int) -> LogWindow:
        """Rows of an open log."""
        if self._core is None:
            return LogWindow(start=start, lines=(), matched=(), rows=0, version=0)
        return self._core.tails.window(tail, start, count)

    def submit(self, command: Command) -> "asyncio.Future[Any]":
        """Hand a command to the engine; the future belongs to the caller's loop."""
        return asyncio.wrap_future(self.hand(command))

    def hand(self, command: Command) -> "concurrent.futures.Future[Any]":
        """As `submit`, for a caller without a loop."""
        core, loop = self._core, self._loop
        if core is not None and loop is not None and self._thread.is_alive() and not core.stopping.is_set():
            work = dispatch(core, command)
            try:
                future = asyncio.run_coroutine_threadsafe(work, loop)
            except RuntimeError:  # it closed just now
                work.close()
            else:
                return self._watched(future)
        failed: concurrent.futures.Future[Any] = concurrent.futures.Future()
        failed.set_exception(CommandError(_STOPPED))
        return failed

    async def board_until(self, predicate: Callable[[Snapshot], bool], within: float) -> Snapshot:
        """`Board.until` from another loop, for `check`, drills and tests."""
        assert self._core is not None
        assert self._loop is not None
        future = asyncio.run_coroutine_threadsafe(self._core.board.until(predicate, within), self._loop)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if self.failure is not None:
                raise CommandError(f"the engine stopped: {self.failure}") from self.failure
            raise

    def _watched(self, future: "concurrent.futures.Future[Any]") -> "concurrent.futures.Future[Any]":
        with self._lock:
            self._open.add(future)
        future.add_done_callback(self._answered)
        if not self._thread.is_alive():
            self._fail_open()
        return future

    def _answered(self, future: "concurrent.futures.Future[Any]") -> None:
        with self._lock:
            self._open.discard(future)

    def _fail_open(self) -> None:
        """What was handed over and never begun gets an answer too: nobody may wait for a loop that has ended."""
        with self._lock:
            left = list(self._open)
        for future in left:
            with suppress(concurrent.futures.InvalidStateError):
                future.set_exception(CommandError(_STOPPED))

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # the screen must learn of it, whatever it is
            self.failure = error
            frame = self._mailbox.take()
            words = safe(f"the engine stopped: {type(error).__name__}: {error}; start the cockpit again", 300)
            self._mailbox.put(replace(frame, notices=(words, *frame.notices)))
        finally:
            self._ready.set()
            self._fail_open()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._core = Core(self._parts, self._clock, self._mailbox)
        if self._asked_to_stop:
            self._core.stopping.set()
        self._ready.set()
        await self._core.run()
