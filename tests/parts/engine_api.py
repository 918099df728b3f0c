"""A small blocking client of the Docker Engine API for tests: `http.client` over the unix socket.

It is independent of the cockpit's own client on purpose (a test must not trust what it tests), and twenty times
cheaper than starting the CLI: a fleet of forty containers is set up with it.
"""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.patience import PATIENCE

# What the daemon answers is JSON of any shape; tests read what they need from it.
Json = Any


class EngineError(Exception):
    """The engine answered with an error status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"engine answered {status}: {message}")
        self.status = status


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class EngineApi:
    """Calls to one engine; every call opens its own connection, so it may be used from several threads."""

    def __init__(self, socket_path: Path, timeout: float = PATIENCE) -> None:
        self.socket = socket_path
        self.timeout = timeout

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, object] | None = None,
        raw: bytes | None = None,
    ) -> Json:
        """One request; the decoded JSON, the text when it is none, or None when empty. Raises EngineError from 400."""
        payload = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        kind = "application/x-tar" if raw is not None else "application/json"
        with contextlib.closing(UnixConnection(self.socket, self.timeout)) as connection:
            connection.request(method, _target(path, query), payload, {"Content-Type": kind})
            answer = connection.getresponse()
            data = answer.read()
        if answer.status >= 400:
            raise EngineError(answer.status, _message(data))
        return _decoded(data)

    def each(self, action: Callable[[Any], Any], items: list[Any], at_once: int = 8) -> list[Any]:
        """`action` on every item, `at_once` in parallel, results in order; the first error is raised."""
        if not items:
            return []
        with ThreadPoolExecutor(min(at_once, len(items)), thread_name_prefix="engine-call") as pool:
            return list(pool.map(action, items))

    def ping(self) -> bool:
        try:
            return bool(self.call("GET", "/_ping") == "OK")
        except (OSError, http.client.HTTPException, EngineError):
            return False

    def containers(self, *, running: bool = False) -> list[Json]:
        """Rows of `/containers/json`, all of them unless `running`."""
        rows: list[Json] = self.call("GET", "/containers/json", query={"all": int(not running)})
        return rows

    def inspect(self, container: str) -> Json:
        return self.call("GET", f"/containers/{quote(container)}/json")

    def state(self, container: str) -> Json:
        """`State` of the inspect answer."""
        return self.inspect(container)["State"]

    def remove(self, container: str) -> None:
        """Kill and remove; one that is gone or going already is fine."""
        try:
            self.call("DELETE", f"/containers/{quote(container)}", query={"force": 1, "v": 1})
        except EngineError as error:
            if error.status not in {404, 409}:
                raise

    def until(self, held: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until `held()` is true: asked at once, after every event, and each half second. AssertionError if not.

        Events only wake: a restart's backoff or a health check's first run sends none, hence the half second.
        """
        end = time.monotonic() + within
        # A busy daemon may take seconds for the head of its answer: only what comes after it is looked for so often.
        with contextlib.closing(UnixConnection(self.socket, self.timeout)) as connection:
            connection.request("GET", "/events")
            sock = connection.sock
            connection.getresponse()
            while not held():
                if time.monotonic() >= end:
                    raise AssertionError(f"not within {within:g} s; the engine has: {self._summary()}")
                sock.settimeout(min(0.5, max(0.01, end - time.monotonic())))
                with contextlib.suppress(TimeoutError):
                    if not sock.recv(65536):
                        raise AssertionError("the engine closed the event stream while it was waited for")

    def _summary(self) -> str:
        return "; ".join(f"{row['Names'][0].lstrip('/')}: {row['Status']}" for row in self.containers())


def _target(path: str, query: Mapping[str, object] | None) -> str:
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _message(data: bytes) -> str:
    decoded = _decoded(data)
    return str(decoded.get("message", decoded)) if isinstance(decoded, dict) else str(decoded)


def _decoded(data: bytes) -> Json:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def json_lines(data: str) -> Iterator[Json]:
    """The objects of an answer that is a stream of JSON documents, one a line (image import, build, pull)."""
    for line in data.splitlines():
        if line.strip():
            yield json.loads(line)
