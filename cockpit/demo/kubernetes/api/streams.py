"""The streams of an exec, over whichever protocol the client speaks: WebSocket channels or SPDY streams."""

import json
from collections.abc import Awaitable, Callable
from typing import Protocol

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.server import spdy, websocket
from cockpit.demo.kubernetes.server.wire import Call, Pipe, Upgrade

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_OVER_WEBSOCKET = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_OVER_SPDY = ("v4.channel.k8s.io",)
_NAMES = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}


class Streams(Protocol):
    """What a command reads from and writes to. size: (columns, rows) of its terminal, as last told."""

    size: tuple[int, int]

    async def read(self) -> bytes | None:
        """What comes on its input next; None at the end."""
        ...

    async def write(self, channel: int, data: bytes) -> None:
        """STDOUT or STDERR. ConnectionError when the client is gone."""
        ...

    async def finish(self, outcome: Json) -> None:
        """Say how it ended, and end."""
        ...


Session = Callable[[Streams], Awaitable[None]]


def upgrade(call: Call, session: Session) -> Upgrade:
    """The answer that lets `session` run on the client's streams. ApiError 400 when it speaks nothing that is known."""
    if websocket.is_upgrade(call):
        protocol = _agreed(websocket.protocols(call), _OVER_WEBSOCKET)

        async def over_websocket(pipe: Pipe) -> None:
            await session(_WebSocketStreams(websocket.WebSocket(pipe)))

        return Upgrade(websocket.handshake(call, protocol), over_websocket)
    if spdy.is_upgrade(call):
        protocol = _agreed(spdy.protocols(call), _OVER_SPDY)
        wanted = _wanted(call)

        async def over_spdy(pipe: Pipe) -> None:
            streams = _SpdyStreams(spdy.Spdy(pipe))
            if await streams.open(wanted):
                await session(streams)

        return Upgrade(spdy.handshake(protocol), over_spdy)
    raise bad_request("Upgrade request required")


def _agreed(offered: list[str], spoken: tuple[str, ...]) -> str:
    for protocol in spoken:
        if protocol in offered:
            return protocol
    raise bad_request(f"unable to upgrade: unable to negotiate protocol: client supports {offered}, server {spoken}")


def _size(data: bytes) -> tuple[int, int]:
    """{"Width": 80, "Height": 24}. ConnectionError: it is nothing of the kind."""
    try:
        told = json.loads(data)
        return int(told["Width"]), int(told["Height"])
    except (ValueError, KeyError, TypeError):
        raise ConnectionError("no size of a terminal") from None


def _wanted(call: Call) -> int:
    """How many streams a client opens over SPDY."""
    tty = call.flag("tty")
    return 1 + call.flag("stdin") + call.flag("stdout") + (call.flag("stderr") and not tty) + tty


class _WebSocketStreams:
    """Each message begins with the number of its channel."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self.size = (80, 24)

    async def read(self) -> bytes | None:
        while (message := await self._socket.receive()) is not None:
            # v5 closes a channel by its number; in v4 an empty message is the only way to say it.
            if message[:1] == bytes([CLOSE]) or message == bytes([STDIN]):
                return None
            if message[:1] == bytes([STDIN]):
                return message[1:]
            if message[:1] == bytes([RESIZE]):
                self.size = _size(message[1:])
        return None

    async def write(self, channel: int, data: bytes) -> None:
        await self._socket.send(bytes([channel]) + data)

    async def finish(self, outcome: Json) -> None:
        await self._socket.send(bytes([ERROR]) + json.dumps(outcome).encode())
        await self._socket.close()


class _SpdyStreams:
    """Each channel is a stream, named in the headers that open it."""

    def __init__(self, connection: spdy.Spdy) -> None:
        self._connection = connection
        self._ids: dict[int, int] = {}
        self._early: list[spdy.Frame] = []
        self.size = (80, 24)

    async def open(self, wanted: int) -> bool:
        """Wait until the client has opened its streams; False when it goes first."""
        while len(self._ids) < wanted:
            frame = await self._connection.receive()
            if frame is None:
                return False
            if frame.headers is None:
                self._early.append(frame)
            elif (channel := _NAMES.get(frame.headers.get("streamtype", ""))) is not None:
                self._ids[channel] = frame.stream
        return True

    async def read(self) -> bytes | None:
        while True:
            frame = self._early.pop(0) if self._early else await self._connection.receive()
            if frame is None:
                return None
            if frame.stream == self._ids.get(RESIZE) and frame.data:
                self.size = _size(frame.data)
            if frame.stream == self._ids.get(STDIN) and frame.headers is None:
                if frame.last and not frame.data:
                    return None
                if frame.last:
                    self._early.insert(0, frame._replace(data=b""))
                return frame.data

    async def write(self, channel: int, data: bytes) -> None:
        if channel in self._ids:
            await self._connection.send(self._ids[channel], data)

    async def finish(self, outcome: Json) -> None:
        if outcome["status"] != "Success":
            await self._connection.send(self._ids[ERROR], json.dumps(outcome).encode())
        for stream in self._ids.values():
            await self._connection.send(stream, b"", last=True)
        # Its pings are answered until it has read everything and goes.
        while await self._connection.receive() is not None:
            pass
