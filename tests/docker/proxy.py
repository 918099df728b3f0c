"""A socket in front of an engine's, on the test's own loop: its connections can be cut or held."""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from types import TracebackType


class Proxy:
    """`async with Proxy(engine.socket) as proxy`: `proxy.url` leads to the engine."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folder = tempfile.TemporaryDirectory(prefix="ckpt-proxy-")
        self.socket = Path(self._folder.name) / "s"
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.connections = 0
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_unix_server(self._accept, self.socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.cut()
        self._folder.cleanup()

    def cut(self) -> None:
        """Break every connection that is open."""
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        """Accept connections, pass nothing on: a daemon that hangs."""
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepting = asyncio.current_task()
        assert accepting is not None
        if self._server is None or not self._server.is_serving():  # accepted in the moment in which it was closed
            writer.transport.abort()
            return
        self.connections += 1
        self._writers.add(writer)
        self._keep(accepting)
        try:
            there, back = await asyncio.open_unix_connection(str(self._target))
        except BaseException:
            writer.transport.abort()
            raise
        self._writers.add(back)
        for one in (self._pass(reader, back), self._pass(there, writer)):
            self._keep(asyncio.get_running_loop().create_task(one))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(65536):
                    await self._flows.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()
