"""The host's socket: newline-delimited JSON, one answer a request, or one stream a connection.

A request is `{"v": 1, "id": 7, "op": "restart", "service": "cart"}`; its answer `{"v": 1, "id": 7, "ok": true,
"result": {...}}` or `{"v": 1, "id": 7, "ok": false, "error": {"code": "not-found", "message": "..."}}`. After `watch`
or `logs` the connection carries `{"v": 1, "id": 7, "event": {...}}` lines until either side closes it.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Mapping

import cockpit
from cockpit.demo.host.connection import PROTOCOL, Connection
from cockpit.demo.host.instance import Instance
from cockpit.demo.host.logstream import LogStream
from cockpit.demo.host.loop import Loop
from cockpit.demo.host.operations import OPERATIONS, Params, Refused, fault_list, snapshot, the_instance
from cockpit.demo.host.supervisor import Event, Supervisor

CONNECTION_LIMIT = 64


class Server:
    """Accepts callers on the folder's socket (which only this user can reach: the folder is 0700)."""

    def __init__(self, loop: Loop, supervisor: Supervisor, path: str, pace: float) -> None:
        self.loop, self._host, self._pace = loop, supervisor, pace
        self._connections: set[Connection] = set()
        self._began = time.time()
        self._faults: list[Event] = fault_list(supervisor)
        self._event = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        os.chmod(path, 0o600)
        # Above the limit, so that whoever is too many is told so: a full backlog looks like a connection to asyncio.
        self._listener.listen(4 * CONNECTION_LIMIT)
        self._listener.setblocking(False)
        loop.watch(self._listener.fileno(), self._accept)
        supervisor.publish, supervisor.on_wrote = self.publish, self.wrote
        supervisor.on_effects = self._faults_may_differ

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            link, _ = self._listener.accept()
            link.setblocking(False)
            connection = Connection(self.loop, link, self.serve, self.closed)
            self._connections.add(connection)
            if len(self._connections) > CONNECTION_LIMIT:
                connection.refuse(None, "refused", f"more than {CONNECTION_LIMIT} connections")
                connection.finish()

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def serve(self, connection: Connection, line: bytes) -> None:
        """Answer one request line, whatever it holds."""
        ident: object = None
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise Refused("bad-request", "a request is a JSON object")
            ident = request.get("id") if isinstance(request.get("id"), (int, str)) else None
            if request.get("v") != PROTOCOL:
                raise Refused("bad-request", f"v: this host speaks protocol {PROTOCOL}")
            self._answer(connection, ident, request)
        except Refused as error:
            connection.refuse(ident, error.code, str(error))
        except (ValueError, RecursionError):
            connection.refuse(ident, "bad-request", "a request is one line of JSON")

    def _answer(self, connection: Connection, ident: object, request: Params) -> None:
        op = request.get("op")
        if connection.stream is not None or connection.watching:
            raise Refused("bad-request", "this connection carries a stream: open another one")
        if op == "hello":
            connection.send(ident, ok=True, result=self._hello())
        elif op == "watch":
            connection.watching, connection.ident = True, ident
            connection.send(ident, event={"type": "snapshot", "seq": self._event, **snapshot(self._host)})
        elif op == "logs":
            LogStream(connection, ident, the_instance(self._host, request), request)
        elif isinstance(op, str) and op in OPERATIONS:
            connection.send(ident, ok=True, result=OPERATIONS[op](self._host, request))
        else:
            known = ", ".join(["hello", "watch", "logs", *OPERATIONS])
            raise Refused("unknown-op", f"op: expected one of {known}")

    def _hello(self) -> Mapping[str, object]:
        return {
            "protocol": PROTOCOL,
            "version": cockpit.__version__,
            "pid": os.getpid(),
            "started_at": self._began,
            "pace": self._pace,
        }

    def publish(self, event: Event) -> None:
        """Give an event to every watcher; one that does not read loses it and is told how many it lost."""
        self._event += 1
        if event["type"] == "removed":
            for connection in list(self._connections):
                if isinstance(connection.stream, LogStream) and connection.stream.instance.name == event["instance"]:
                    connection.stream.end()
        for connection in [each for each in self._connections if each.watching]:
            if connection.is_slow():
                connection.lost += 1
                continue
            if connection.lost:
                connection.send(connection.ident, event={"type": "lost", "count": connection.lost})
                connection.lost = 0
            connection.send(connection.ident, event={**event, "seq": self._event})

    def _faults_may_differ(self) -> None:
        now = fault_list(self._host)
        for before, after in zip(self._faults, now, strict=False):
            if before["active"] != after["active"]:
                self.publish({"type": "fault", "fault": after})
        self._faults = now

    def wrote(self, instance: Instance) -> None:
        for connection in list(self._connections):
            if isinstance(connection.stream, LogStream) and connection.stream.instance is instance:
                connection.stream()
