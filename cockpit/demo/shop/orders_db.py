"""orders-db: a database stand-in. Lines over TCP: PING, GET key, SET key value, QUERIES; HTTP beside it for health."""

import contextlib
import random
import socket
import threading
import time

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.disk import LEFTOVER, Volume
from cockpit.demo.shop.health import DEGRADED, DOWN, OK, Component
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import Request, Response, answer, listener, serve

WAL = "orders.wal"
WAL_LIMIT, KEY_LIMIT, LINE_LIMIT = 256 * 1024, 1000, 64 * 1024
LOCK_WAIT_S, PING_WAIT_S = 0.9, 0.3
"""What `slow-dependency` adds to a statement and to a PING: over a health check's 150 ms, under its 500 ms."""
REPORT = "SELECT customer, sum(total) FROM orders GROUP BY customer FOR UPDATE"


class OrdersDb(Service):
    """Keeps the newest 1000 keys in memory and in a log file on its own small volume."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._limit = context.number("MAX_CONNECTIONS")
        self._slow_ms = context.number("SLOW_STATEMENT_MS")
        self._volume = Volume(context.birth.folder, context.number("DISK_BUDGET_KB") * 1024)
        self._rows: dict[str, str] = {}
        self._lock = threading.Lock()
        self._connections = 0
        self._wal_bytes = self._recover()
        self._report_began = 0.0
        self.routes = {
            ("GET", "/admin/queries"): self._queries,
            ("POST", "/admin/queries/end"): self._end_queries,
            ("POST", "/admin/archive"): self._archive,
        }
        gauges = context.metrics.gauges
        gauges["db_connections"] = (
            "client connections",
            lambda: {'state="used"': float(self._connections), 'state="max"': float(self._limit)},
        )
        gauges["disk_used_bytes"] = ("bytes on the volume", lambda: {"": float(self._volume.used)})
        gauges["disk_budget_bytes"] = ("size of the volume", lambda: {"": float(self._volume.budget)})

    def start(self) -> None:
        server = listener(self.context.birth.ports["db"])
        threading.Thread(target=serve, args=(server, self._session, 256), daemon=True).start()
        self.log.info("database system is ready to accept connections", rows=len(self._rows))
        if self._full():
            self.context.set_effect("full-disk", True)

    def components(self) -> list[Component]:
        budget, used = self._volume.budget, self._volume.used
        words = f"{used // 1024} of {budget // 1024} kB used"
        if self._full():
            disk = Component("disk", DOWN, f"no space left on device, {words}", critical=True)
            self._log_full()
        else:
            disk = Component("disk", DEGRADED if used > 0.8 * budget else OK, words if used > 0.8 * budget else "")
        locks = Component("locks", OK)
        if self.effects.on("slow-dependency"):
            age = time.monotonic() - self._report_began
            locks = Component("locks", DEGRADED, f"pid 4711 holds a lock for {age:.0f} s: {REPORT}")
        crowded = self._connections >= self._limit
        sessions = f"{self._connections} of {self._limit} used" if crowded else ""
        return [disk, locks, Component("connections", DEGRADED if crowded else OK, sessions)]

    def on_effect(self, name: str, on: bool) -> None:
        if name == "slow-dependency" and on:
            self._report_began = time.monotonic()
            self.log.info("process 4711 acquired AccessExclusiveLock on relation 16384 of database 5", statement=REPORT)
        if name == "full-disk":
            if on:
                size = self._volume.fill(LEFTOVER)
                self.log.warn(f"base backup left {LEFTOVER} behind ({size // 1024} kB)")
            else:
                self._free()

    def _recover(self) -> int:
        data = self._volume.read(WAL)
        for line in data.decode("utf-8", "replace").splitlines():
            key, _, value = line.partition(" ")
            self._keep(key, value)
        return len(data)

    def _keep(self, key: str, value: str) -> None:
        self._rows.pop(key, None)
        self._rows[key] = value
        if len(self._rows) > KEY_LIMIT:
            del self._rows[next(iter(self._rows))]

    def _full(self) -> bool:
        return self._volume.budget - self._volume.used < 1024

    def _log_full(self) -> None:
        """The server's own words, at most one pair a judgement."""
        self.log.error('could not extend file "base/5/16384": No space left on device', HINT="Check free disk space.")

    # Sessions

    def _session(self, client: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            full = self._connections > self._limit
        try:
            if full:
                self.log.fatal("sorry, too many clients already", limit=self._limit)
                client.sendall(b"-too many clients already\n")
                return
            with client.makefile("rb") as lines:
                while (line := lines.readline(LINE_LIMIT)) and line.endswith(b"\n"):
                    client.sendall(self._execute(line.decode("utf-8", "replace").strip()).encode() + b"\n")
        finally:
            with self._lock:
                self._connections -= 1

    def _execute(self, statement: str) -> str:
        began = time.monotonic()
        verb, _, rest = statement.partition(" ")
        slow = PING_WAIT_S if verb == "PING" else LOCK_WAIT_S * random.uniform(0.8, 1.4)
        if self.effects.on("slow-dependency"):
            self.effects.lasts("slow-dependency", slow)
        if verb == "PING":
            return "+PONG"
        result = self._statement(verb, rest)
        took = (time.monotonic() - began) * 1000
        if took > self._slow_ms:
            self.log.info(f"duration: {took:.3f} ms  statement: {statement[:120]}")
        return result

    def _statement(self, verb: str, rest: str) -> str:
        with self._lock:
            if verb == "GET":
                return f"+{self._rows.get(rest, '')}"
            if verb == "SET":
                key, _, value = rest.partition(" ")
                return self._set(key, value)
        return "-syntax error: expected PING, GET key or SET key value"

    def _set(self, key: str, value: str) -> str:
        row = f"{key} {value}\n".encode()
        try:
            self._volume.append(WAL, row)
        except OSError as error:
            self.log.error(f'could not write to file "{WAL}": {error.strerror}', STATEMENT=f"SET {key[:60]}")
            return f"-could not write: {error.strerror}"
        self._keep(key, value)
        self._wal_bytes += len(row)
        if self._wal_bytes > WAL_LIMIT:
            self._compact()
        return "+OK"

    def _compact(self) -> None:
        data = "".join(f"{key} {value}\n" for key, value in self._rows.items()).encode()
        with contextlib.suppress(OSError):
            self._volume.replace(WAL, data)
            self._wal_bytes = len(data)
            self.log.info(f"checkpoint complete: wrote {len(self._rows)} rows")

    # Administration over HTTP

    def _queries(self, _request: Request) -> Response:
        if not self.effects.on("slow-dependency"):
            return answer(200, {"queries": []})
        age = round(time.monotonic() - self._report_began, 1)
        query = {"pid": 4711, "seconds": age, "user": "reporting", "waits": False, "query": REPORT}
        return answer(200, {"queries": [query]})

    def _end_queries(self, _request: Request) -> Response:
        ended = int(self.effects.on("slow-dependency"))
        if ended:
            self.context.set_effect("slow-dependency", False)
            self.log.fatal("terminating connection due to administrator command", pid=4711)
        return answer(200, {"ended": ended})

    def _archive(self, _request: Request) -> Response:
        freed = self._free()
        self.context.set_effect("full-disk", False)
        return answer(200, {"freed_bytes": freed})

    def _free(self) -> int:
        with self._lock:
            freed = self._volume.remove(LEFTOVER)
            self._compact()
        self.log.info(f"archived the log and removed {freed // 1024} kB")
        return freed
