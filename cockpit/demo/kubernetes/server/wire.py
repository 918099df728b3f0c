"""What passes between the HTTP server and the API: a call in, a reply, a stream or an upgraded connection out."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Header names are lower case; a repeated query argument keeps all its values in `arguments`."""

    method: str
    path: str
    arguments: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: bytes
    user: str = ""

    def query(self, name: str, default: str = "") -> str:
        """The first value of a query argument."""
        return self.arguments.get(name, (default,))[0]

    def flag(self, name: str) -> bool:
        """Whether a query argument is set to something that Go's strconv takes for true."""
        return self.query(name) in {"1", "t", "T", "true", "TRUE", "True"}

    @property
    def accept(self) -> str:
        return self.headers.get("accept", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that goes on: chunks as they come. The generator is closed when the client goes away."""

    chunks: AsyncGenerator[bytes, None]
    content_type: str = JSON
    status: int = 200


@dataclass(slots=True)
class Pipe:
    """A connection that is HTTP no more. `early` is what the client sent behind its request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    early: bytes = b""

    async def exactly(self, count: int) -> bytes:
        """The next `count` bytes. asyncio.IncompleteReadError when the client went."""
        taken, self.early = self.early[:count], self.early[count:]
        return taken + await self.reader.readexactly(count - len(taken)) if len(taken) < count else taken


@dataclass(frozen=True, slots=True)
class Upgrade:
    """101, then `run` owns the connection until it returns."""

    headers: tuple[tuple[str, str], ...]
    run: Callable[[Pipe], Awaitable[None]] = field(repr=False)


Answer = Reply | Stream | Upgrade
Handler = Callable[[Call], Awaitable[Answer]]

_encode = msgspec.json.Encoder().encode


def reply(value: Any, status: int = 200, content_type: str = JSON) -> Reply:
    """A JSON answer."""
    return Reply(status, _encode(value), content_type)
