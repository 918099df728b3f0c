"""The log of one instance, or of one file: its stream over restarts, and in words how each run ended."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Phase
from cockpit.board.why import exit_words
from cockpit.engine.follow import Read, Sink, follow
from cockpit.engine.seen import Seen
from cockpit.logs.line import LogRequest, RawLine

KNOWN_WITHIN = 3.0
"""Seconds within which the board learns that an instance ended whose log has."""
QUIET, QUIET_WITHIN = 0.3, 5.0
"""Seconds of silence after which an ended instance has said its last, and for which that is awaited."""
OLD_WITHIN = 5.0
"""Seconds that others wait for the first lines of an instance that has ended."""
ENDING_WITHIN = 1.0
"""Seconds that they wait from then on until it is quiet; and while an end is about to be told."""
TRIES_WHEN_ENDED = 5
"""Times that the log of an instance which ended is asked for again when it breaks."""
CLOSED_WITHIN = 2.0

RUNS = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.STARTING, Phase.STOPPING, Phase.UNKNOWN})
NOT_YET = frozenset({Phase.PENDING, Phase.CREATED})


class InstanceLog:
    """One stream and what is known of who writes it. instance is None for a file.

    now: an instance as it is known now, None when it is gone.
    """

    def __init__(
        self, id: Identity, name: str, read: Read, sink: Sink, now: Callable[[Identity], Instance | None], board: Board,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.id, self.name = id, name
        self.instance: Instance | None = None
        self.gone = False
        self.seen = Seen()
        self._read, self._sink, self._now, self._board, self._clock = read, sink, now, board, clock
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._read_run: datetime | None = None
        self._told_end: tuple[datetime | None] | None = None
        self._heard = self._opened = clock.monotonic()
        self._first: float | None = None
        self._last: datetime | None = None
        self._tries = 0

    @property
    def open(self) -> bool:
        """Whether a stream is open, or being opened again."""
        return self._task is not None

    @property
    def runs(self) -> bool:
        """Whether more may be written."""
        return self.instance is None or self.instance.phase in RUNS

    @property
    def catching_up(self) -> bool:
        """Whether it is read though it has ended: what comes is older than what others write now.

        Not for ever: the log of an ended process may be a file that stays open.
        """
        if not self.open or self.runs:
            return False
        now = self._clock.monotonic()
        if self._first is None:
            return now - self._opened < OLD_WITHIN
        return now - self._heard < QUIET and now - self._first < ENDING_WITHIN

    @property
    def started(self) -> datetime | None:
        """When the present run began; before it has started, when what prepares it did."""
        return self.instance.started_at or self.instance.preparing_at if self.instance else None

    @property
    def begun(self) -> datetime | None:
        """What stands before it is of an earlier run. Engines set `started` some 10 ms after the run's first lines:
        halfway from the end of the run before, where that is known."""
        one = self.instance
        if one is None or one.started_at is None or one.finished_at is None or one.finished_at >= one.started_at:
            return self.started
        return one.finished_at + (one.started_at - one.finished_at) / 2

    def wants(self, live: bool) -> bool:
        """Whether a stream is to be opened: at first, and for each new run when the log is followed."""
        if self.open or self.gone:
            return False
        if self.instance is not None and self.instance.phase in NOT_YET and self.started is None:
            return False
        return not self._begun or (live and self.started != self._read_run)

    def start(self, request: LogRequest) -> asyncio.Task[None]:
        """Open the stream; the task ends with it."""
        self._begun, self._read_run, self._tries = True, self.started, 0
        self._opened, self._first = self._clock.monotonic(), None
        self._task = asyncio.get_running_loop().create_task(self._follow(request))
        return self._task

    def see(self, instance: Instance) -> bool:
        """Take in what the board knows now; True when a run has ended whose end is to be told (`tell_end`)."""
        before, self.instance = self.instance, instance
        again = before is not None and before.started_at not in (None, instance.started_at)
        if again and self._begun and before is not None and instance.phase not in NOT_YET:
            words = "runs again" if self._told_end == (before.started_at,) else "was restarted"
            self.say(f"{self.name} {words}", instance.started_at)
        if instance.phase in RUNS | NOT_YET or self._told_end == (instance.started_at,):
            return False
        self._told_end = (instance.started_at,)
        return True

    async def tell_end(self, instance: Instance, last: Callable[[], str]) -> None:
        """Say how a run ended, once its last lines have come; what `last` gives then is added to it."""
        await self._quiet()
        at = instance.finished_at
        if at is not None and self._last is not None and self.started == instance.started_at:
            # Its last lines may have been stamped, from its pipe, after the engine saw it end.
            at = max(at, self._last)
        self.say(f"{self.name} ended: {_end_of(instance)}{last()}", at)

    async def leave(self) -> None:
        """It is not there any more: say so when its end was not told, and close the stream."""
        self.gone = True
        await self._quiet()
        if self.instance is not None and self._told_end != (self.started,):
            self.say(f"{self.name} is gone")
        await self.close()

    async def close(self) -> None:
        """Close the stream; bounded, also when a source does not let go."""
        task = self._task
        if task is not None:
            task.cancel()
            with suppress(TimeoutError):
                async with self._clock.timeout(CLOSED_WITHIN):
                    await asyncio.wait({task})

    async def take(self, batch: Sequence[RawLine]) -> None:
        """Lines on their way to the sink."""
        self._heard = self._clock.monotonic()
        self._first = self._heard if self._first is None else self._first
        self._last = batch[-1].at or self._last
        await self._sink.take(batch)

    def say(self, text: str, at: datetime | None = None) -> None:
        """A note into the log."""
        self._sink.say(text, at)

    async def _follow(self, request: LogRequest) -> None:
        try:
            await follow(self._read, request, self, self.seen, self._clock, self._goes_on)
        finally:
            self._task = None

    async def _goes_on(self, broken: bool) -> bool:
        if self.instance is None:
            return not self.gone
        if broken:
            # What it wrote last may not have been read yet, also when it has ended.
            self._tries += not self.runs
            return not self.gone and self._tries <= TRIES_WHEN_ENDED
        run = self.started

        def ended(_: object) -> bool:
            found = self._now(self.id)
            return found is None or found.phase not in RUNS or (found.started_at or found.preparing_at) != run

        with suppress(TimeoutError):
            await self._board.until(ended, within=KNOWN_WITHIN)
        return not ended(None)

    async def _quiet(self) -> None:
        until = self._clock.monotonic() + QUIET_WITHIN
        self._heard = self._clock.monotonic()
        while self.open and self._clock.monotonic() < min(until, self._heard + QUIET):
            await self._clock.sleep(0.05)


def _end_of(instance: Instance) -> str:
    if instance.exit_code is None and not instance.oom_killed:
        return str(instance.phase)
    return exit_words(instance.exit_code, bool(instance.oom_killed))
