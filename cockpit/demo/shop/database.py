"""The client side of orders-db: a bounded pool of connections that speak its line protocol."""

import socket
import threading
import time

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.health import CHECK_TIMEOUT, DOWN, Component, judged_by_latency
from cockpit.demo.shop.wire import Response, answer

QUERY_TIMEOUT = 2.0
LINE_LIMIT = 64 * 1024


class DbError(Exception):
    """A statement without an answer. kind: refused, timeout, broken, exhausted (the pool), error (the database's)."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


class Connection:
    """One connection. Anything that goes wrong on it ends it."""

    def __init__(self, port: int, timeout: float) -> None:
        self._where = f"orders-db 127.0.0.1:{port}"
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        except ConnectionRefusedError as error:
            raise DbError("refused", f"{self._where}: connection refused") from error
        except OSError as error:
            raise DbError("timeout", f"{self._where}: cannot connect ({error})") from error
        self._lines = self._socket.makefile("rb")

    def query(self, statement: str, timeout: float = QUERY_TIMEOUT) -> str:
        """One statement, one answer line without its mark. Raises DbError."""
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(statement.encode() + b"\n")
            line = self._lines.readline(LINE_LIMIT)
        except TimeoutError as error:
            raise DbError("timeout", f"{self._where}: no answer within {timeout * 1000:.0f} ms") from error
        except OSError as error:
            raise DbError("broken", f"{self._where}: connection broken ({error})") from error
        if not line:
            raise DbError("broken", f"{self._where}: connection closed by the database")
        text = line.decode("utf-8", "replace").rstrip("\n")
        if text.startswith("-"):
            raise DbError("error", f"orders-db: {text[1:]}")
        return text[1:]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class Pool:
    """At most `size` connections; who finds none waits `timeout_ms`, then fails as pools do."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.size = context.number("DB_POOL_SIZE")
        self._timeout = context.number("DB_POOL_TIMEOUT_MS") / 1000
        self._turns = threading.Semaphore(self.size)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._used = self._waiting = 0
        context.metrics.gauges["db_connections"] = (
            "connections of the pool",
            lambda: {
                'state="used"': float(self._used),
                'state="idle"': float(len(self._idle)),
                'state="max"': float(self.size),
            },
        )

    def query(self, statement: str) -> str:
        """A statement on a pooled connection. Raises DbError, which is counted by kind."""
        try:
            return self._query(statement)
        except DbError as error:
            self._context.metrics.error(f"orders-db {error.kind}")
            raise

    def _query(self, statement: str) -> str:
        self._acquire()
        connection = None
        try:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or Connection(self._context.peer("orders-db", "db"), CHECK_TIMEOUT)
            result = connection.query(statement)
        except DbError as error:
            if connection is not None:
                if error.kind == "error":
                    self._give_back(connection)
                else:
                    connection.close()
            raise
        else:
            self._give_back(connection)
            return result
        finally:
            with self._lock:
                self._used -= 1
            self._turns.release()

    def _acquire(self) -> None:
        with self._lock:
            self._waiting += 1
        got = self._turns.acquire(timeout=self._timeout)
        with self._lock:
            self._waiting -= 1
            self._used += got
        if not got:
            waited = f"{self._timeout * 1000:.0f} ms"
            raise DbError("exhausted", f"pool exhausted after {waited} (size {self.size}, waiting {self._waiting})")

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def component(self) -> Component:
        """The database as a part of this service's health: a new connection and a PING, not from the pool."""
        began = time.monotonic()
        try:
            connection = Connection(self._context.peer("orders-db", "db"), CHECK_TIMEOUT)
            try:
                connection.query("PING", CHECK_TIMEOUT)
            finally:
                connection.close()
        except DbError as error:
            with self._lock:
                stale, self._idle = self._idle, []
            for connection in stale:
                connection.close()
            return Component("orders-db", DOWN, str(error), True)
        return judged_by_latency("orders-db", (time.monotonic() - began) * 1000, True)


def failed(error: DbError) -> Response:
    """What a caller of the service is told about a failed statement."""
    return answer(504 if error.kind in ("timeout", "exhausted") else 503, {"error": str(error)})
