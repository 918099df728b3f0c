"""HTTP/1.1 on a loopback socket with h11, which does the parsing: calls are handed to one handler.

The client of an emulator on loopback is still treated as any client: headers, bodies and waits are bounded.
"""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from cockpit.demo.kubernetes.server.wire import Answer, Call, Handler, Pipe, Reply, Stream, Upgrade

BODY_LIMIT = 3 << 20
"""Bytes of a request, as the real API server's."""
HEADERS_LIMIT = 64 << 10
PACKED_FROM = 128 << 10
"""Bytes from which on an answer is compressed, as fast as may be: both as the real API server does it."""
_CHUNK = 64 << 10
_TOO_LARGE = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"request too large","code":413}'
)


class HttpServer:
    """Serves until closed. port 0 takes a free one; with `tls` it speaks HTTPS."""

    def __init__(self, handler: Handler, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.handler, self._wanted, self._tls = handler, port, tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = port

    async def start(self) -> None:
        """Listen. OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._wanted, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """End every connection that is open; new ones are served."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await _Connection(self.handler, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, h11.ProtocolError, ssl.SSLError, asyncio.CancelledError):
            # A client that goes away, or speaks something else, is no fault of the server; a cancelled connection is
            # one that the server hung up on, and its task ends here.
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


class _Connection:
    """One connection: requests one after the other, until it is closed or upgraded."""

    def __init__(self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._handler, self._reader, self._writer = handler, reader, writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADERS_LIMIT)

    async def run(self) -> None:
        while True:
            request = await self._event()
            if not isinstance(request, h11.Request):
                return
            body = await self._body()
            if body is None:
                await self._send(Reply(413, _TOO_LARGE))
                return
            call = _call(request, body)
            answer = await self._handler(call)
            if isinstance(answer, Upgrade):
                await self._upgrade(answer)
                return
            await self._send(_packed(answer, call) if isinstance(answer, Reply) else answer)
            if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                assert not isinstance(event, type) or event is h11.PAUSED
                return event
            if self._http.they_are_waiting_for_100_continue:
                self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
            self._http.receive_data(await self._reader.read(_CHUNK))

    async def _body(self) -> bytes | None:
        parts, size = [], 0
        while isinstance(event := await self._event(), h11.Data):
            size += len(event.data)
            if size > BODY_LIMIT:
                return None
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def _send(self, answer: Answer) -> None:
        if isinstance(answer, Reply):
            headers = [*_headers(answer.content_type, answer.headers), ("content-length", str(len(answer.body)))]
            head = (
                self._http.send(h11.Response(status_code=answer.status, headers=headers, reason=_reason(answer.status)))
                or b""
            )
            data = self._http.send(h11.Data(data=answer.body)) or b""
            self._write(head + data + (self._http.send(h11.EndOfMessage()) or b""))
            await self._writer.drain()
        elif isinstance(answer, Stream):
            await self._stream(answer)

    async def _stream(self, answer: Stream) -> None:
        # The byte watched for below may be the start of a next request: the connection ends with its stream.
        headers = [*_headers(answer.content_type, ()), ("transfer-encoding", "chunked"), ("connection", "close")]
        self._write(
            self._http.send(h11.Response(status_code=answer.status, headers=headers, reason=_reason(answer.status)))
        )
        # A client says nothing during a stream, so whatever can be read here is its end.
        gone = asyncio.ensure_future(self._reader.read(1))
        sending = asyncio.ensure_future(self._chunks(answer))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ConnectionResetError
            sending.result()
        finally:
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
        self._write(self._http.send(h11.EndOfMessage()))
        await self._writer.drain()

    async def _chunks(self, answer: Stream) -> None:
        async with contextlib.aclosing(answer.chunks) as chunks:
            async for chunk in chunks:
                if chunk:
                    self._write(self._http.send(h11.Data(data=chunk)))
                    await self._writer.drain()

    async def _upgrade(self, answer: Upgrade) -> None:
        self._write(self._http.send(h11.InformationalResponse(status_code=101, headers=list(answer.headers))))
        await self._writer.drain()
        await answer.run(Pipe(self._reader, self._writer, self._http.trailing_data[0]))
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def _write(self, data: bytes | None) -> None:
        if data:
            self._writer.write(data)


def _packed(answer: Reply, call: Call) -> Reply:
    """A long answer in gzip, for whoever asks for it."""
    accepted = {one.partition(";")[0].strip() for one in call.headers.get("accept-encoding", "").split(",")}
    if len(answer.body) < PACKED_FROM or "gzip" not in accepted:
        return answer
    more = (("content-encoding", "gzip"), ("vary", "Accept-Encoding"))
    return replace(answer, body=gzip.compress(answer.body, 1, mtime=0), headers=(*answer.headers, *more))


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


def _headers(content_type: str, more: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("content-type", content_type), ("cache-control", "no-cache, private"), *more]


def _call(request: h11.Request, body: bytes) -> Call:
    target = urlsplit(request.target.decode("ascii", "replace"))
    arguments: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(target.query, keep_blank_values=True, max_num_fields=1000):
        arguments[name] = (*arguments.get(name, ()), value)
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Call(request.method.decode("ascii"), unquote(target.path), arguments, headers, body)
