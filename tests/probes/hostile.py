"""An HTTP server that does what real ones should not: loops, drips, floods, garbage, silence, broken TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hostile:
    """One listening port. `seen` holds the head of every request, `paths` its path."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: list[bytes] = []
        self.answers: dict[str, Answer] = {}
        self.connections = 0
        self.greeting = b""
        """Said at once, whatever is asked; then the connection is closed."""
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def paths(self) -> list[str]:
        """Paths that were asked for, in order."""
        return [head.split(b" ")[1].decode() for head in self.seen]

    def at(self, path: str, head: str, body: bytes = b"") -> None:
        """Answer `path` with a fixed head (lines joined by newlines) and body, then close."""

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
            await writer.drain()

        self.answers[path] = answer

    def ok(self, path: str, body: bytes, kind: str = "application/json") -> None:
        """Answer `path` with 200 and `body`."""
        self.at(path, f"HTTP/1.1 200 OK\nContent-Type: {kind}\nContent-Length: {len(body)}", body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            if self.greeting:
                writer.write(self.greeting)
                writer.close()
                await writer.wait_closed()
                return
            head = await reader.readuntil(b"\r\n\r\n")
            self.seen.append(head)
            path = head.split(b" ")[1].decode().partition("?")[0]
            await self.answers[path](reader, writer)
        writer.transport.abort()
        self._open.discard(writer)

    def drop(self) -> None:
        """Cut every open connection."""
        for writer in self._open:
            writer.transport.abort()


@asynccontextmanager
async def hostile(context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Hostile]:
    """A hostile server on a free port of 127.0.0.1."""
    server = Hostile()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.drop()
        await asyncio.sleep(0)


async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()
