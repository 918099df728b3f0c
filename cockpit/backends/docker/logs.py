"""The log of one container, in batches of lines.

`RawLine.at` is the engine's time cut to microseconds. `since` is inclusive for the engine, so whoever asks again from
the last line's time gets that line once more, and all lines of the same microsecond: it leaves out those it has.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence

from cockpit.backends.base import SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.frames import FrameReader, LineReader, RawReader
from cockpit.backends.docker.times import query_time
from cockpit.backends.docker.version import Version
from cockpit.board.clock import Clock
from cockpit.logs.line import LogRequest, RawLine

BATCH = 1000
GATHER = 0.05
"""Seconds within which lines are put into one batch."""
PENDING = 256 * 1024
"""Bytes that wait to be read into lines; beyond, the connection is left to wait. 256 KiB take about 5 ms."""
TYPED: Version = (1, 42)
"""From here on the answer says whether it is raw or multiplexed."""


def log_query(request: LogRequest) -> dict[str, str]:
    """What is asked of the engine."""
    query = {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if request.follow else "0"}
    query["tail"] = "all" if request.tail is None else str(max(0, request.tail))
    if request.since is not None:
        query["since"] = query_time(request.since)
    if request.until is not None:
        query["until"] = query_time(request.until)
    return query


def reader_for(content_type: str, *, tty: bool) -> LineReader:
    """How to read an answer: by its content type, by the container's TTY where an older engine does not say."""
    if "raw-stream" in content_type and "multiplexed" not in content_type:
        return RawReader()
    if "multiplexed" in content_type:
        return FrameReader()
    return RawReader() if tty else FrameReader()


async def read_logs(
    client: EngineClient, request: LogRequest, *, path: str, is_tty: Callable[[], Awaitable[bool]], name: str
) -> AsyncGenerator[Sequence[RawLine], None]:
    """Batches until the stream ends. SourceError when it breaks or the container has no log that can be read.

    path: of the container, or of the Swarm task where the container is on another node.
    is_tty: whether the container has a terminal; asked only of engines that do not say it with the log.
    """
    try:
        typed = await client.connect() >= TYPED
        tty = False if typed else await is_tty()
        async with client.stream(f"{path}/logs", log_query(request)) as answer:
            reader = reader_for(answer.headers.get("content-type", "") if typed else "", tty=tty)
            async with (
                _pumping(answer.aiter_raw()) as pump,
                contextlib.aclosing(_batches(pump, reader, client.clock)) as batches,
            ):
                async for batch in batches:
                    yield batch
    except EngineAnswer as error:
        raise SourceError(_no_log(error, name)) from None


class _Pump:
    """Reads ahead, so that gathering lines never cuts a read short."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self.ended = False
        self.failure: BaseException | None = None

    async def run(self, parts: AsyncIterator[bytes]) -> None:
        try:
            async for part in parts:
                self._parts.append(part)
                self._size += len(part)
                self._news.set()
                if self._size >= PENDING:
                    self._room.clear()
                    await self._room.wait()
        except Exception as error:  # raised again where the lines are read
            self.failure = error
        finally:
            self.ended = True
            self._news.set()

    async def wait(self) -> None:
        await self._news.wait()

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        if not self.ended:
            self._news.clear()
        self._room.set()
        return data


@contextlib.asynccontextmanager
async def _pumping(parts: AsyncIterator[bytes]) -> AsyncIterator[_Pump]:
    pump = _Pump()
    task = asyncio.get_running_loop().create_task(pump.run(parts))
    try:
        yield pump
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _batches(pump: _Pump, reader: LineReader, clock: Clock) -> AsyncGenerator[Sequence[RawLine], None]:
    last = clock.monotonic() - GATHER
    while True:
        await pump.wait()
        wait = last + GATHER - clock.monotonic()
        if wait > 0 and not pump.ended:
            await clock.sleep(wait)
        ended = pump.ended
        lines = reader.feed(pump.take())
        if ended:
            lines += reader.rest()
        for start in range(0, len(lines), BATCH):
            yield lines[start : start + BATCH]
        # A full buffer is read on at once; the loop gets its turn in between.
        last = clock.monotonic() if len(lines) < BATCH else clock.monotonic() - GATHER
        if ended:
            if pump.failure is not None:
                raise pump.failure
            return
        await asyncio.sleep(0)


def _no_log(error: EngineAnswer, name: str) -> str:
    if error.status == 404:
        return f"{name} is gone, and its log with it"
    if "does not support reading" in error.message:
        return f"the log of {name} cannot be read here: {error.message} (look where that driver sends it)"
    return f"no log of {name}: {error}"
