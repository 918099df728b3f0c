"""A small engine that answers with recorded JSON, for versions of the API that no engine here speaks."""

import asyncio
import contextlib
import ssl
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from tests.docker.recorded import FOLDER
from tests.patience import PATIENCE

Answer = tuple[int, str, bytes]
"""Status, content type, body; an empty body with status 0 never ends."""


def recorded_answers(version: str) -> dict[str, Answer]:
    """What an engine of this version answers, by the path behind its version."""
    json = "application/json"
    return {
        "/info": (200, json, (FOLDER / f"info.{version}.json").read_bytes()),
        "/containers/json": (200, json, (FOLDER / f"containers.{version}.json").read_bytes()),
        "/events": (0, "application/json", b""),
    }


def frames(*lines: tuple[int, bytes]) -> bytes:
    """A multiplexed log."""
    return b"".join(struct.pack(">BxxxL", stream, len(data)) + data for stream, data in lines)


class FakeEngine:
    """`async with FakeEngine("1.52", answers) as engine`: listens at `engine.url`. asked: every request, in order."""

    def __init__(self, offered: str, answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> None:
        self._offered, self._answers, self._tls = offered, answers, tls
        self._folder = tempfile.TemporaryDirectory(prefix="ckpt-fake-")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.asked: list[str] = []
        self._heard = asyncio.Event()

    async def until(self, held: Callable[[], bool]) -> None:
        """Wait until requests make `held()` true."""
        while not held():
            self._heard.clear()
            await asyncio.wait_for(self._heard.wait(), PATIENCE)

    async def __aenter__(self) -> "FakeEngine":
        if self._tls is None:
            path = Path(self._folder.name) / "s"
            self._server = await asyncio.start_unix_server(self._accept, path)
            self.url = f"unix://{path}"
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
            self.url = f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._folder.cleanup()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._server is None or not self._server.is_serving():  # accepted in the moment in which it was closed
            writer.transport.abort()
            return
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode()
                    method, target, _ = head.split(" ", 2)
                    self.asked.append(f"{method} {target}")
                    self._heard.set()
                    if not await self._answer(method, target.partition("?")[0], writer):
                        break
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, writer: asyncio.StreamWriter) -> bool:
        if path == "/_ping":
            status, kind, body = 200, "text/plain", b"OK"
        else:
            _, version, rest = path.split("/", 2)
            # 501, for 404 would say that a container is gone.
            missing = (501, "application/json", b'{"message":"not recorded"}')
            status, kind, body = self._answers.get(f"/{rest}", self._answers.get(f"/{version}", missing))
        head = f"HTTP/1.1 {status or 200} X\r\nContent-Type: {kind}\r\nApi-Version: {self._offered}\r\n"
        if not status:
            writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            await asyncio.Event().wait()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + (b"" if method == "HEAD" else body))
        await writer.drain()
        return True
