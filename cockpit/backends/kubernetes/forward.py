"""Ports of pods, reached from this machine: a listener on loopback, and a WebSocket for each connection to it."""

import asyncio
import struct
from typing import TYPE_CHECKING

from cockpit.backends.base import Address, SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.board.text import safe

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.channels import Socket

PROTOCOL = "v4.channel.k8s.io"
DATA, FAILURE = 0, 1
MOST = 64
"""Ports that are forwarded at once."""
CONNECTIONS_MOST = 16
READ_SIZE = 64 * 1024


class Forwards:
    """The forwarded ports of one cluster, by pod and port."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._open: dict[tuple[str, int], _Forward] = {}

    async def address(self, uid: str, path: str, port: int) -> Address:
        """Where a pod's port is reached. path: of the pod. SourceError."""
        known = self._open.get((uid, port))
        if known is None:
            if len(self._open) >= MOST:
                raise SourceError(f"{MOST} ports are forwarded already, the most there can be")
            known = self._open[uid, port] = _Forward(self._client, path, port)
            try:
                await known.start()
            except BaseException:
                self._open.pop((uid, port), None)
                raise
        name = path.rpartition("/")[2]
        return Address("127.0.0.1", known.port, safe(f"forwarded to {name}:{port}", 300), relayed=True)

    async def keep(self, present: frozenset[str]) -> None:
        """Close those of pods that are gone."""
        for key in [one for one in self._open if one[0] not in present]:
            await self._open.pop(key).close()

    async def close(self) -> None:
        """Close all."""
        await self.keep(frozenset())


class _Forward:
    def __init__(self, client: KubeClient, path: str, wanted: int) -> None:
        self._client, self._path, self._wanted = client, path, wanted
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen on loopback, for this machine only."""
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=READ_SIZE)
        except OSError as error:
            raise SourceError(f"no port of this machine can be listened on: {error.strerror or error}") from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the listener and what came over it."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: one that asyncio makes of a coroutine is reported as a fault when it is cancelled.
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._tasks) <= CONNECTIONS_MOST:
                await self._carry(reader, writer)
        except* (SourceError, OSError):
            pass  # a connection that fails is closed: whoever opened it sees that nothing answers behind it
        finally:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from cockpit.backends.kubernetes.channels import channels, payload

        async def send(socket: "Socket") -> None:
            while data := await reader.read(READ_SIZE):
                await socket.send_bytes(bytes([DATA]) + data)

        async def receive(socket: "Socket") -> None:
            begun: set[int] = set()
            async for message in socket:
                data = payload(message.type, message.data)
                if not data:
                    continue
                if data[0] not in begun:  # the first message of a channel is its port
                    begun.add(data[0])
                    if len(data) >= 3 and struct.unpack("<H", data[1:3])[0] == self._wanted:
                        continue
                if data[0] == FAILURE:
                    return
                writer.write(data[1:])
                await writer.drain()

        query = [("ports", str(self._wanted))]
        path = f"{self._path}/portforward"
        async with channels(self._client, path, query, (PROTOCOL,)) as opened, asyncio.TaskGroup() as group:
            sending = group.create_task(send(opened))
            await receive(opened)
            sending.cancel()
