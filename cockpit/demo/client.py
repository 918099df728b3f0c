"""Speaks to the demo host: a request and its answer, or a stream of events. Each has a connection of its own.

A connection costs 0.2 ms on the machine's own socket, so nothing is kept open, shared or repaired.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from cockpit.board.clock import Clock

PROTOCOL = 1
LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of one answer; the list of a platform at its largest is about 50 kB, a batch of 200 log lines about 3 MB."""

Facts = dict[str, Any]
"""An object of the host's JSON, as it came."""


class DemoError(Exception):
    """The host refused or cannot be reached. code: the host's own (`conflict`, ...), or `lost`. str: one line."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class _Refusal(msgspec.Struct):
    code: str
    message: str


class _Told(msgspec.Struct):
    """One line of the host: exactly one of these stands in it."""

    result: Facts | None = None
    event: Facts | None = None
    error: _Refusal | None = None


class _Link:
    """One connection; every failure of it is a DemoError."""

    def __init__(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path, self._reader, self._writer = path, reader, writer

    @classmethod
    async def open(cls, path: str) -> "_Link":
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
        except OSError as error:
            raise DemoError("lost", f"demo host at {path}: {error.strerror or error}: start the demo again") from error
        return cls(path, reader, writer)

    async def send(self, op: str, params: Facts) -> None:
        try:
            self._writer.write(msgspec.json.encode({**params, "v": PROTOCOL, "id": 1, "op": op}) + b"\n")
            await self._writer.drain()
        except OSError as error:
            raise DemoError("lost", f"demo host at {self._path}: {error}") from error

    async def receive(self) -> Facts:
        """The result or event of the next line; a refusal is raised."""
        try:
            line = await self._reader.readline()
            told = msgspec.json.decode(line, type=_Told) if line else None
        except (OSError, ValueError) as error:
            raise DemoError("lost", f"demo host at {self._path}: {error}") from error
        if told is None:
            raise DemoError("lost", f"demo host at {self._path}: the connection ended: start the demo again")
        if told.error is not None:
            raise DemoError(told.error.code, told.error.message)
        content = told.result if told.event is None else told.event
        if content is None:
            raise DemoError("lost", f"demo host at {self._path}: its answer is not understood")
        return content

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class DemoClient:
    """A caller of the host whose socket is at `path`."""

    def __init__(self, path: str, clock: Clock) -> None:
        self._path, self._clock = path, clock

    async def request(self, op: str, deadline: float = 5.0, **params: Any) -> Facts:
        """The result of one operation. Raises DemoError, also when no answer came within `deadline` seconds."""
        try:
            async with self._clock.timeout(deadline):
                link = await _Link.open(self._path)
                try:
                    await link.send(op, params)
                    return await link.receive()
                finally:
                    await link.close()
        except TimeoutError as error:
            raise DemoError("lost", f"demo host at {self._path}: no answer to {op} within {deadline:g} s") from error

    async def stream(self, op: str, deadline: float = 5.0, **params: Any) -> AsyncIterator[Facts]:
        """Events of `watch` or `logs`; `deadline` is for the connection only. Ends with an `end` event.

        The host drops what a reader leaves waiting and says so with a `lost` event. Close it (`aclosing`) to stop.
        """
        link: _Link | None = None
        try:
            try:
                async with self._clock.timeout(deadline):
                    link = await _Link.open(self._path)
                    await link.send(op, params)
            except TimeoutError as error:
                raise DemoError("lost", f"demo host at {self._path}: no connection in {deadline:g} s") from error
            while True:
                event = await link.receive()
                if event.get("type") == "end":
                    return
                yield event
        finally:
            if link is not None:
                await link.close()
