"""Answers that go on for ever (events, logs, a command's output), each on a connection of its own.

The engine sends every log line as a chunk of its own. httpcore reads chunks one by one, 8 us each; here all chunks of a
read are taken at once, 0.5 us each: 100,000 lines a second cost 5 % of a core instead of 80 %.
"""

from collections.abc import AsyncIterator

import httpcore
import httpx

READ_SIZE = 65536
HEAD_LIMIT = 65536
_LONGEST_SIZE = 20


class Dechunker:
    """Takes the frames of the chunked transfer coding off. ended: the last chunk came."""

    def __init__(self) -> None:
        self._buffer = b""
        self._remaining = 0
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """What `data` carries. ValueError: this is no chunked coding."""
        data = self._buffer + data if self._buffer else data
        parts: list[bytes] = []
        position, length = 0, len(data)
        many = True
        while not self.ended and position < length:
            if self._remaining > 2:
                end = min(position + self._remaining - 2, length)
                parts.append(data[position:end])
                self._remaining -= end - position
                position = end
                continue
            if self._remaining:  # the line end behind a chunk
                step = min(self._remaining, length - position)
                self._remaining -= step
                position += step
                continue
            if many:
                many = False
                parts_here, size = _whole(data[position:])
                parts += parts_here
                position += size
                continue
            end = data.find(b"\r\n", position, position + _LONGEST_SIZE)
            if end < 0:
                if length - position >= _LONGEST_SIZE:
                    raise ValueError("no size of a chunk")
                break
            size = int(data[position:end].partition(b";")[0], 16)
            position = end + 2
            self.ended = size == 0
            self._remaining = size + 2
        self._buffer = b"" if self.ended else data[position:]
        return b"".join(parts)


def _whole(data: bytes) -> tuple[list[bytes], int]:
    """The chunks at the start of `data` that are whole and hold no CR LF, and where the next one begins.

    A few calls for all of them instead of ten for each: 0.3 us a line.
    """
    pieces = data.split(b"\r\n")
    # What stands behind the last CR LF is not whole; neither is a size without its chunk.
    bodies = pieces[1:-1:2]
    heads = pieces[: 2 * len(bodies) : 2]
    try:
        sizes = [int(head, 16) for head in heads]
    except ValueError:  # a chunk with a CR LF in it, or an extension
        return [], 0
    if sizes != [*map(len, bodies)] or 0 in sizes:
        return [], 0
    return bodies, sum(sizes) + sum(map(len, heads)) + 4 * len(bodies)


class LongBody(httpx.AsyncByteStream):
    """The body of such an answer, as it comes. httpcore.RemoteProtocolError when it ends in its middle."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, head: httpx.Headers, begun: bytes) -> None:
        self._stream, self._begun = stream, begun
        self._chunks = Dechunker() if "chunked" in head.get("transfer-encoding", "").lower() else None
        length = head.get("content-length", "")
        self._left = int(length) if length.isdecimal() else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        data = self._begun
        while True:
            if data and (part := self._taken(data)):
                yield part
            if self._ended:
                return
            data = await self._stream.read(READ_SIZE)
            if not data:
                if self._chunks is not None or self._left is not None:
                    raise httpcore.RemoteProtocolError("the answer ended in its middle")
                return

    @property
    def _ended(self) -> bool:
        return self._left == 0 or (self._chunks is not None and self._chunks.ended)

    def _taken(self, data: bytes) -> bytes:
        if self._chunks is not None:
            try:
                return self._chunks.feed(data)
            except ValueError as error:
                raise httpcore.RemoteProtocolError(str(error)) from None
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()


async def ask(stream: httpcore.AsyncNetworkStream, request: httpx.Request) -> httpx.Response:
    """Send a request on a connection of its own; the answer once its head is there.

    A request with the header Upgrade makes it a connection in both directions: the extension "network_stream".
    """
    target = request.url.raw_path
    upgrade = "upgrade" in request.headers
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), target)]
    lines += [b"%s: %s" % (name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
    lines.append(b"Connection: Upgrade" if upgrade else b"Connection: close")
    await stream.write(b"\r\n".join([*lines, b"", b""]) + request.content)
    data = b""
    while True:
        head, found, rest = data.partition(b"\r\n\r\n")
        if found and (not head.startswith(b"HTTP/1.1 1") or (upgrade and head.startswith(b"HTTP/1.1 101"))):
            break
        if found:  # "100 Continue" and its like
            data = rest
            continue
        more = await stream.read(READ_SIZE)
        if not more or len(data) > HEAD_LIMIT:
            raise httpcore.RemoteProtocolError("the connection was closed before the answer")
        data += more
    status, headers = _parsed(head)
    body = LongBody(stream, headers, rest)
    return httpx.Response(status, headers=headers, stream=body, extensions={"network_stream": stream})


def _parsed(head: bytes) -> tuple[int, httpx.Headers]:
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise httpcore.RemoteProtocolError("this is no HTTP")
    pairs = (line.partition(b":") for line in lines)
    return int(words[1]), httpx.Headers([(name.strip(), value.strip()) for name, _, value in pairs])
