"""Follows the log of one instance: over broken connections without loss or repetition, and says so in the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.board.clock import Clock
from cockpit.engine.seen import Seen
from cockpit.engine.supervise import HEALTHY_AFTER, Backoff
from cockpit.logs.line import LogRequest, RawLine

Read = Callable[[LogRequest], AsyncIterator[Sequence[RawLine]]]
"""Opens one stream of lines: `Source.logs`, or what reads a file."""


GoesOn = Callable[[bool], Awaitable[bool]]
"""Asked when a stream has ended (False) or broken (True): is it to be opened again?"""


class Sink(Protocol):
    """Where the lines of one instance go."""

    async def take(self, batch: Sequence[RawLine]) -> None:
        """Lines in order. It may wait, which leaves the rest with the engine that sends them."""
        ...

    def say(self, text: str, at: datetime | None = None) -> None:
        """What the cockpit itself has to say in this log; `at` is when that happened, if not now."""
        ...


async def follow(read: Read, request: LogRequest, sink: Sink, seen: Seen, clock: Clock, goes_on: GoesOn) -> None:
    """Deliver lines until there will be no more; a stream that breaks is renewed, however it broke."""
    backoff, broken = Backoff(), False
    while True:
        seen.resume()
        had = (seen.last is not None, seen.untimed)
        began, fresh, why = clock.monotonic(), 0, ""
        try:
            async with _opened(read(request)) as stream:
                async for batch in stream:
                    new, seen.broken = seen.fresh(batch), False
                    if broken:
                        broken = False
                        sink.say(_continuity(seen.overlaps, *had))
                    if new:
                        fresh += len(new)
                        await sink.take(new)
                    # A stream that always has something ready would let nobody else have a turn.
                    await asyncio.sleep(0)
        except SourceError as error:
            why = str(error)
        except Exception as error:
            # A fault of ours in one stream is told like a broken connection and must not end the log.
            why = f"{type(error).__name__}: {error}"
        seen.broken = bool(why)
        if not request.follow or not await goes_on(bool(why)):
            if why:
                sink.say(f"log not read to its end: {why}")
            return
        if not broken:
            sink.say(f"log interrupted: {why or 'the stream ended although it still runs'}")
        broken = True
        if fresh or clock.monotonic() - began >= HEALTHY_AFTER:
            backoff.reset()
        await clock.sleep(backoff.next())
        if seen.since is not None:
            request = replace(request, since=seen.since, tail=None)
        elif seen.untimed:
            request = replace(request, tail=0)


def _continuity(overlaps: bool, had_timed: bool, had_untimed: bool) -> str:
    if overlaps:
        return "reconnected: nothing lost, nothing twice"
    if had_untimed:
        return "reconnected: its lines have no time, some may be missing or twice"
    return "reconnected: lines written in between may be missing" if had_timed else "reconnected"


@asynccontextmanager
async def _opened(stream: AsyncIterator[Sequence[RawLine]]) -> AsyncIterator[AsyncIterator[Sequence[RawLine]]]:
    """`stream`, closed as soon as its reader goes: a connection must not wait for the garbage collector."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
