"""HTTP/1.1 as small as it can be and still be true: one request a connection, bodies by Content-Length, all bounded."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

HEAD_LIMIT, BODY_LIMIT, CONNECTION_LIMIT = 16 * 1024, 64 * 1024, 64
REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    507: "Insufficient Storage",
}  # fmt: skip


class Request(NamedTuple):
    """client: the caller's socket, to notice that it went away."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes
    client: socket.socket


class Response(NamedTuple):
    status: int
    body: bytes
    content_type: str = "application/json"


class CallError(Exception):
    """A call that got no answer. kind: refused, timeout or broken."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


def answer(status: int, value: object) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(value).encode() + b"\n")


def listener(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1. The host keeps the number reserved with a bound socket that never listens."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", port))
    server.listen(CONNECTION_LIMIT)
    return server


def serve(server: socket.socket, handle: Callable[[socket.socket], None], limit: int = CONNECTION_LIMIT) -> None:
    """Accept for ever, a thread for each connection, at most `limit` at once: the next ones wait in the backlog."""
    slots = threading.Semaphore(limit)

    def run(client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                handle(client)
        finally:
            slots.release()

    while True:
        slots.acquire()
        client, _ = server.accept()
        threading.Thread(target=run, args=(client,), daemon=True).start()


def read_request(client: socket.socket) -> Request | None:
    """One request; None when the caller sent something else, too much, or nothing within 5 s."""
    client.settimeout(5.0)
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            chunk = client.recv(4096)
            data += chunk
            if not chunk or len(data) > HEAD_LIMIT:
                return None
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        length = _length(lines[1:])
        if not 0 <= length <= BODY_LIMIT:
            return None
        while len(body) < length:
            chunk = client.recv(4096)
            if not chunk:
                return None
            body += chunk
        url = urlsplit(target)
        return Request(method, url.path, parse_qs(url.query), body[:length], client)
    except (OSError, ValueError):
        return None


def _length(headers: list[str]) -> int:
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "content-length":
            return int(value)
    return 0


def send_response(client: socket.socket, response: Response) -> None:
    """Write the answer and end the connection."""
    head = (
        f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}\r\n"
        f"Content-Type: {response.content_type}\r\nContent-Length: {len(response.body)}\r\nConnection: close\r\n\r\n"
    )
    client.sendall(head.encode("latin-1") + response.body)
    client.shutdown(socket.SHUT_WR)


def call(port: int, method: str, path: str, body: bytes = b"", timeout: float = 1.0) -> tuple[int, bytes]:
    """One request to a port of this machine within `timeout` seconds. Raises CallError."""
    deadline = time.monotonic() + timeout
    where = f"{method} 127.0.0.1:{port}{path}"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode("latin-1") + body)
            data = b""
            while len(data) <= HEAD_LIMIT + BODY_LIMIT:
                client.settimeout(max(0.001, deadline - time.monotonic()))
                chunk = client.recv(16384)
                if not chunk:
                    break
                data += chunk
        head_bytes, _, rest = data.partition(b"\r\n\r\n")
        return int(head_bytes.split(b" ", 2)[1]), rest
    except TimeoutError as error:
        raise CallError("timeout", f"{where}: no answer within {timeout * 1000:.0f} ms") from error
    except ConnectionRefusedError as error:
        raise CallError("refused", f"{where}: connection refused") from error
    except (OSError, ValueError, IndexError) as error:
        raise CallError("broken", f"{where}: connection broken ({error})") from error
