"""Plays a recording: its updates at the pace at which they came, or at once up to a moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.board.board import Board
from cockpit.board.clock import Clock, ManualClock
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Update
from cockpit.engine.reading import read_header, read_updates

_TURN = 50
"""Updates that are given without a wait before others on the loop get their turn."""


class ReplayClock:
    """Time as it was: `now()` is the recording's, `speed` times as quick; durations and waits are those of `real`.

    An engine that plays a recording runs on it, so that its own ticks do not make everything in the past stale. Where
    the recording ends, time stands still: its last picture stays as it was.
    """

    def __init__(self, real: Clock, started: datetime, speed: float = 1.0) -> None:
        self._real = real
        self._started = started
        self._speed = speed
        self._zero = real.monotonic()
        self._still: datetime | None = started if speed <= 0 else None

    def stand(self, at: datetime) -> None:
        """From here on it is `at`, until told otherwise."""
        self._still = at

    def now(self) -> datetime:
        """The moment of the recording."""
        if self._still is not None:
            return self._still
        return self._started + timedelta(seconds=(self._real.monotonic() - self._zero) * self._speed)

    def monotonic(self) -> float:
        """Real seconds."""
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait real seconds."""
        await self._real.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """TimeoutError after real seconds."""
        return self._real.timeout(seconds)


def replay_clock(path: Path, real: Clock, speed: float = 1.0) -> ReplayClock:
    """The clock to run an engine on that plays this recording. RecordingError, OSError."""
    return ReplayClock(real, read_header(path).started, speed)


async def replay(path: Path, clock: Clock, speed: float = 1.0) -> AsyncIterator[Update]:
    """The updates of a recording, each at its moment after the start; speed 2.0 is twice as quick, 0 is at once.

    RecordingError as soon as the reading comes to something that is not a recording.
    """
    started = last = read_header(path).started
    zero = clock.monotonic()
    for count, update in enumerate(read_updates(path), 1):
        if speed > 0:
            due = zero + (update.at - started).total_seconds() / speed
            wait = due - clock.monotonic()
            if wait > 0:
                await clock.sleep(wait)
        elif isinstance(clock, ReplayClock):
            clock.stand(update.at)
        if count % _TURN == 0:
            await asyncio.sleep(0)
        last = update.at
        yield update
    if isinstance(clock, ReplayClock):
        clock.stand(last)


def load_board(path: Path, at: datetime | None = None) -> Board:
    """A board that has taken in a recording, all of it or up to `at`."""
    header = read_header(path)
    board = Board(header.profile, ManualClock(header.started), profile_name=header.profile_name)
    for update in read_updates(path):
        if at is not None and update.at > at:
            break
        board.apply(update)
    return board


def load_snapshot(path: Path, at: datetime | None = None) -> Snapshot:
    """How the board looked at the end of a recording, or at a moment of it."""
    return load_board(path, at).snapshot()
