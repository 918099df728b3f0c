"""WebSocket (RFC 6455), the server's side, as far as exec and port-forward need it: binary messages both ways."""

import asyncio
import base64
import hashlib
import struct

from cockpit.demo.kubernetes.server.wire import Call, Pipe

MESSAGE_LIMIT = 1 << 20
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def is_upgrade(call: Call) -> bool:
    """Whether the client asks for a WebSocket."""
    return call.headers.get("upgrade", "").lower() == "websocket" and "sec-websocket-key" in call.headers


def protocols(call: Call) -> list[str]:
    """The subprotocols that the client offers, in its order."""
    return [word.strip() for word in call.headers.get("sec-websocket-protocol", "").split(",") if word.strip()]


def handshake(call: Call, protocol: str) -> tuple[tuple[str, str], ...]:
    """The headers that accept the upgrade."""
    digest = hashlib.sha1(call.headers["sec-websocket-key"].encode() + _MAGIC, usedforsecurity=False).digest()
    accept = base64.b64encode(digest).decode()
    headers = (("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", accept))
    return (*headers, ("sec-websocket-protocol", protocol)) if protocol else headers


class WebSocket:
    """Messages over an upgraded connection."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._sending = asyncio.Lock()
        self._closed = False

    async def receive(self) -> bytes | None:
        """The next message; None at the end of the connection or when the client breaks the protocol."""
        message = b""
        while True:
            try:
                final, code, data = await self._frame()
            except (asyncio.IncompleteReadError, ConnectionError, ValueError):
                return None
            if code == _CLOSE:
                await self.close()
                return None
            if code == _PING:
                await self._send(_PONG, data)
            elif code in {_TEXT, _BINARY, _CONTINUATION}:
                message += data
                if len(message) > MESSAGE_LIMIT:
                    return None
                if final:
                    return message

    async def send(self, data: bytes) -> None:
        """One binary message. ConnectionError when the client is gone."""
        await self._send(_BINARY, data)

    async def close(self, code: int = 1000) -> None:
        """Say goodbye once; the connection is the caller's to end."""
        if not self._closed:
            self._closed = True
            await self._write(_CLOSE, struct.pack("!H", code))

    async def _send(self, code: int, data: bytes) -> None:
        if self._closed:
            raise ConnectionResetError
        await self._write(code, data)

    async def _write(self, code: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | code])
        if size < 126:
            head += bytes([size])
        elif size < 1 << 16:
            head += struct.pack("!BH", 126, size)
        else:
            head += struct.pack("!BQ", 127, size)
        async with self._sending:
            self._pipe.writer.write(head + data)
            await self._pipe.writer.drain()

    async def _frame(self) -> tuple[bool, int, bytes]:
        """(final, opcode, payload). ValueError for a frame that no client may send."""
        first, second = await self._pipe.exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self._pipe.exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._pipe.exactly(8))
        if not second & 0x80 or size > MESSAGE_LIMIT or first & 0x70:
            raise ValueError("a client's frame is masked, bounded and without extensions")
        mask = await self._pipe.exactly(4)
        data = await self._pipe.exactly(size)
        return bool(first & 0x80), first & 0x0F, _unmasked(data, mask)


def _unmasked(data: bytes, mask: bytes) -> bytes:
    if not data:
        return data
    # As one large number: byte by byte a message of 1 MiB would take 0.1 s.
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")
