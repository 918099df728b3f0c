"""One caller of the host's socket: lines in, lines out, both bounded."""

import contextlib
import json
import socket
from collections.abc import Callable

from cockpit.demo.host.loop import Loop

PROTOCOL = 1
LINE_LIMIT, OUT_LIMIT, STREAM_PAUSE = 64 * 1024, 1024 * 1024, 128 * 1024
"""Bytes of a request line; of output from which requests are not read; of output from which streams wait."""


class Connection:
    """One caller. Output waits in a buffer of at most about 1 MiB."""

    def __init__(
        self,
        loop: Loop,
        link: socket.socket,
        serve: Callable[["Connection", bytes], None],
        closed: Callable[["Connection"], None],
    ) -> None:
        self._loop, self._link, self._serve, self._closed = loop, link, serve, closed
        self._incoming = self._outgoing = b""
        self.stream: Callable[[], None] | None = None
        """Sends more when there is room; set by a stream that waits for its reader."""
        self.watching = False
        self.ident: object = None
        """The id of the request that made this a stream."""
        self.lost = 0
        self.is_open = self._more = True
        self._loop.watch(link.fileno(), self._read)

    def _read(self) -> None:
        try:
            data = self._link.recv(16384)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
        elif self._more:
            self._take(data)

    def _take(self, data: bytes) -> None:
        *lines, self._incoming = (self._incoming + data).split(b"\n")
        for line in lines:
            if self.is_open and self._more and len(line) <= LINE_LIMIT:
                self._serve(self, line)
        if max(map(len, (*lines, self._incoming))) > LINE_LIMIT and self._more:
            self.refuse(None, "bad-request", f"a line of more than {LINE_LIMIT} bytes; the connection is closed")
            self.finish()

    def send(self, ident: object, **body: object) -> None:
        """Queue one line."""
        self._outgoing += json.dumps({"v": PROTOCOL, "id": ident, **body}).encode() + b"\n"
        self.flush()

    def refuse(self, ident: object, code: str, words: str) -> None:
        self.send(ident, ok=False, error={"code": code, "message": words})

    def flush(self) -> None:
        """Write what the caller takes now."""
        if not self.is_open:
            return
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._link.send(self._outgoing[:65536]) :]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if not self._outgoing and not self._more:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_WR)
        # A caller that sends requests and reads no answers is not listened to until it reads.
        on_read = self._read if len(self._outgoing) < OUT_LIMIT else None
        self._loop.watch(self._link.fileno(), on_read, self._drain if self._outgoing else None)

    def _drain(self) -> None:
        self.flush()
        if self.stream is not None and self.is_open and not self.is_slow():
            self.stream()

    def is_slow(self) -> bool:
        """Whether a stream should wait with more."""
        return len(self._outgoing) >= STREAM_PAUSE

    def finish(self) -> None:
        """No more is sent after what waits. What still comes is read and dropped, so that the caller sees the last
        line and no reset; after 2 s it is closed anyway."""
        self._more, self._incoming, self.stream = False, b"", None
        self._loop.later(2.0, self.close)
        self.flush()

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._loop.watch(self._link.fileno(), None)
            self._link.close()
            self._closed(self)
