"""What lives on the engine's loop: the board, watched sources and runners, open tails, the frames made of them."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from cockpit.backends.capture import Keeper
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Tick, Update
from cockpit.engine.frame import Frame
from cockpit.engine.mailbox import Mailbox
from cockpit.engine.notices import Notices
from cockpit.engine.parts import Context, Parts, Runner
from cockpit.engine.record import Record
from cockpit.engine.recording import Recorder
from cockpit.engine.streams import Around
from cockpit.engine.supervise import supervise
from cockpit.engine.tails import Tails
from cockpit.engine.watched import Watched
from cockpit.engine.witness import LogWitness
from cockpit.incident.changes import Told

FRAME_GAP, BUSY_GAP = 0.1, 0.2
"""Seconds between two frames at least; the first change after a quiet moment goes out at once. While there is something
new without a pause, after BUSY frames, 5 a second are enough to read, and cost half of what 10 do: while 5,000 pods are
listed each frame costs 20 ms."""
BUSY = 3

PAINTED_WITHIN = 0.1
"""Seconds from rows that the screen has taken to their paint."""

RECORD_WITHIN, CLOSED_WITHIN = 9.0, 1.0
"""Seconds for the record and for everything else at the end: together what `Engine.stop` waits for."""


class Core:
    """Everything the engine does, on one event loop."""

    def __init__(self, parts: Parts, clock: Clock, mailbox: Mailbox) -> None:
        self.parts, self.clock, self.mailbox = parts, clock, mailbox
        self.secrets = Secrets()
        self.board = Board(parts.profile, clock, profile_name=parts.profile_name)
        self._notices = Notices(clock)
        self.watched = Watched(parts, self.board, clock, self.secrets, self.emit, self._notices)
        told = Told(parts.profile_name, clock, self.emit)
        self.record = Record(parts, self.board, clock, self.secrets, self.touch, told.hear)
        self.tails = Tails(self._around(), self.touch)
        self.stopping = asyncio.Event()
        self._dirty = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rows_shown = asyncio.Event()
        self._shown: Snapshot | None = None
        self._recorder = (
            Recorder(parts.record, parts.profile, clock, profile_name=parts.profile_name) if parts.record else None
        )

    async def run(self) -> None:
        """Start everything, run until `stopping` is set, end everything."""
        self._spawn(self._tick())
        self._spawn(self._publish())
        for watching in self.watched.begin():
            self._spawn(watching)
        if self.parts.rows_within:
            self.watched.give_way(self._rows_there)
        # A journal on a slow disk keeps nobody waiting: what is seen until it is open is in its first look.
        self._spawn(self._open_record())
        context = self._context()
        for make in self.parts.runners:
            self._spawn(self._run_beside(make, context))
        await self.stopping.wait()
        await self._close()

    def emit(self, update: Update) -> None:
        """Take one update in; the frame follows within 100 ms."""
        if self._recorder:
            self._recorder.write(update)
        self.board.apply(update)
        self.touch()

    def touch(self) -> None:
        """Something on the screen changed."""
        self._dirty.set()

    def focus(self, services: frozenset[str]) -> None:
        """The screen shows these services: their sources hear of it."""
        if services:
            self._rows_shown.set()
        self.watched.focus(services)

    def frame(self, snapshot: Snapshot) -> Frame:
        """All that the screen draws from, now."""
        record = self.record
        return Frame(
            snapshot=snapshot,
            timeline=record.timeline,
            rows=record.rolling.rows,
            temporary=record.rolling.temporary,
            operations=record.mitigations.operations,
            tails=self.tails.statuses(),
            beat=self.clock.monotonic(),
            read_only=self.parts.read_only,
            notices=(*record.notices, *self._notices.lines(), *self._lost_recording()),
            demo=self.parts.demo,
            replay=SafeText(self.parts.replay),
        )

    def _lost_recording(self) -> tuple[SafeText, ...]:
        return (self._recorder.problem,) if self._recorder and self._recorder.problem else ()

    def _context(self) -> Context:
        return Context(
            self.parts.profile,
            self.clock,
            self.secrets,
            self.emit,
            self.watched.resolve,
            self.watched.sources,
            self.watched.running_instance,
            self.parts.environ,
        )

    def _around(self) -> Around:
        parts = self.parts
        return Around(
            sources=self.watched.sources,
            board=self.board,
            clock=self.clock,
            mask=self.secrets.mask,
            files=parts.files(self.clock) if parts.files else None,
            file_logs={
                name: tuple((log, source.file) for log, source in service.logs.items())
                for name, service in parts.profile.services.items()
            },
        )

    async def _rows_there(self) -> None:
        """Until the screen has rows, or it takes too long."""
        with suppress(TimeoutError):
            async with self.clock.timeout(self.parts.rows_within):
                await self._rows_shown.wait()
        self._rows_shown.set()

    async def _rows_first(self) -> None:
        """Until the screen has painted rows, or it takes too long."""
        if self.parts.rows_within:
            await self._rows_there()
            await self.clock.sleep(PAINTED_WITHIN)
            # What is loaded by now stays: a full collection among it would hold up a key for 50 ms.
            gc.freeze()

    async def _open_record(self) -> None:
        await self._rows_first()
        try:
            state = self.parts.state_dir
            keeper = Keeper(state, self.clock) if state is not None else None
            await self.record.open(self._context(), LogWitness(self._around(), keeper))
        except Exception as error:
            self._notices.say("nothing is recorded", f"{type(error).__name__}: {error}")
        self.touch()

    async def _run_beside(self, make: Callable[[Context], Runner], context: Context) -> None:
        name = getattr(make, "__name__", "a part").strip("_")

        async def run() -> None:
            await make(context).run()

        await self._rows_first()
        await supervise(run, lambda why: self._notices.say(name, why), self.clock)

    async def _tick(self) -> None:
        """Freshness is recomputed each second; the beat goes out with it whatever happens."""
        while True:
            self._notices.guarded("board", self._pass_time)
            self.touch()
            await self.clock.sleep(1.0)

    def _pass_time(self) -> None:
        tick = Tick(at=self.clock.now())
        if self._recorder:
            self._recorder.write(tick)
            self._recorder.flush()
        self.board.tick(tick.at)
        for counted in self.tails.counted():
            self.emit(counted)

    async def _publish(self) -> None:
        busy = 0
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            # Without a board there is no frame: the screen misses the beat and shows that everything is stale.
            self._notices.guarded("board", self._show)
            await self.clock.sleep(FRAME_GAP if busy < BUSY else BUSY_GAP)
            busy = busy + 1 if self._dirty.is_set() else 0

    def _show(self) -> None:
        snapshot = self.board.snapshot()
        if snapshot is not self._shown:
            self._shown = snapshot
            self._notices.guarded("record", self.record.watch, snapshot)
            self._notices.guarded("logs", self.tails.sync, snapshot)
            self.watched.look(snapshot)
        self.mailbox.put(self.frame(snapshot))

    async def _close(self) -> None:
        """The record first, for it ends what is being changed; then everything else, none of it for long."""
        await self._within(RECORD_WITHIN, self.record.close())
        for task in list(self._tasks):
            task.cancel()
        await self._within(CLOSED_WITHIN, self.tails.close(), *self.watched.closing())
        if self._recorder:
            self._recorder.close()

    async def _within(self, seconds: float, *works: Coroutine[Any, Any, None]) -> None:
        """Do all of this side by side; what has not ended after `seconds` is left behind."""
        tasks = {asyncio.get_running_loop().create_task(work) for work in works}
        with suppress(TimeoutError):
            async with self.clock.timeout(seconds):
                await asyncio.wait(tasks)
        for task in tasks:
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                task.exception()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # Must not happen: everything above is supervised. If it does, the reader is told instead of left in doubt.
            error = task.exception()
            self._notices.say("engine", f"a part of it stopped: {type(error).__name__}")
            asyncio.get_running_loop().call_exception_handler({"message": "engine task failed", "exception": error})
