"""SPDY/3.1, the server's side: what kubectl before 1.31 execs and what every kubectl forwards ports over.

Only what those clients send is understood; flow control is left to TCP, as their own library leaves it.
"""

import asyncio
import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from cockpit.demo.kubernetes.server.wire import Call, Pipe

FRAME_LIMIT = 1 << 20
MOST_STREAMS = 256
_VERSION = 0x8003
_SYN_STREAM, _SYN_REPLY, _RESET, _PING, _GOAWAY = 1, 2, 3, 6, 7
_FIN = 1

_NAMES = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_DICTIONARY = b"".join(
    struct.pack("!I", len(word)) + word.encode()
    for word in (
        *_NAMES.split(),
        "200 OK",
        "version",
        "HTTP/1.1",
        "url",
        "public",
        "set-cookie",
        "keep-alive",
        "origin",
    )
) + (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    b"Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    b"Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    b"00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    b"application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-"
    b"8859-1,utf-,*,enq=0."
)
"""What header blocks are compressed with, from the protocol's definition: 1,423 bytes."""


class Frame(NamedTuple):
    """What the client sent on a stream: headers when it opens one, else data; `last` ends its side."""

    stream: int
    headers: Mapping[str, str] | None
    data: bytes
    last: bool


def is_upgrade(call: Call) -> bool:
    """Whether the client asks for SPDY."""
    return call.headers.get("upgrade", "").lower() == "spdy/3.1"


def protocols(call: Call) -> list[str]:
    """The stream protocols that it offers."""
    return [word.strip() for word in call.headers.get("x-stream-protocol-version", "").split(",") if word.strip()]


def handshake(protocol: str) -> tuple[tuple[str, str], ...]:
    """The headers that accept the upgrade."""
    return (("upgrade", "SPDY/3.1"), ("connection", "Upgrade"), ("x-stream-protocol-version", protocol))


class Spdy:
    """Streams over an upgraded connection."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._inflate = zlib.decompressobj(zdict=_DICTIONARY)
        self._deflate = zlib.compressobj(zdict=_DICTIONARY)
        self._opened = 0

    async def receive(self) -> Frame | None:
        """The next frame of a stream, opened ones accepted; None when the connection ends or is broken."""
        while True:
            try:
                frame = await self._frame()
            except (asyncio.IncompleteReadError, ConnectionError, ValueError, struct.error, zlib.error):
                return None
            if frame is not None:
                return frame if frame.stream else None

    async def send(self, stream: int, data: bytes, *, last: bool = False) -> None:
        """Data on a stream. ConnectionError when the client is gone."""
        head = struct.pack("!II", stream & 0x7FFFFFFF, (_FIN if last else 0) << 24 | len(data))
        await self._write(head + data)

    async def _frame(self) -> Frame | None:
        """A frame of a stream, None for one that was dealt with here; stream 0 is the client's goodbye."""
        word, size = struct.unpack("!II", await self._pipe.exactly(8))
        flags, size = size >> 24, size & 0xFFFFFF
        if size > FRAME_LIMIT:
            raise ValueError("a frame is too long")
        data = await self._pipe.exactly(size)
        if not word >> 31:
            return Frame(word, None, data, bool(flags & _FIN))
        if word >> 16 != _VERSION:
            raise ValueError("another version of SPDY")
        kind = word & 0xFFFF
        if kind == _SYN_STREAM:
            return await self._open(data, flags)
        if kind == _PING:
            await self._control(_PING, data)
        elif kind == _RESET:
            return Frame(struct.unpack("!I", data[:4])[0], None, b"", True)
        elif kind == _GOAWAY:
            return Frame(0, None, b"", True)
        return None

    async def _open(self, data: bytes, flags: int) -> Frame:
        self._opened += 1
        if self._opened > MOST_STREAMS:
            raise ValueError("too many streams")
        (stream,) = struct.unpack("!I", data[:4])
        headers = self._headers(data[10:])
        block = self._deflate.compress(struct.pack("!I", 0)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._control(_SYN_REPLY, struct.pack("!I", stream) + block)
        return Frame(stream, headers, b"", bool(flags & _FIN))

    def _headers(self, block: bytes) -> dict[str, str]:
        text = self._inflate.decompress(block, FRAME_LIMIT)
        (count,), at = struct.unpack_from("!I", text), 4
        found: dict[str, str] = {}
        for _ in range(min(count, 100)):
            pair = []
            for _ in range(2):
                (size,) = struct.unpack_from("!I", text, at)
                pair.append(text[at + 4 : at + 4 + size].decode("utf-8", "replace"))
                at += 4 + size
            found[pair[0].lower()] = pair[1]
        return found

    async def _control(self, kind: int, data: bytes) -> None:
        await self._write(struct.pack("!HHI", _VERSION, kind, len(data)) + data)

    async def _write(self, data: bytes) -> None:
        self._pipe.writer.write(data)
        await self._pipe.writer.drain()
