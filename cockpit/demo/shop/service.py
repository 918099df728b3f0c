"""What the six services have in common: routes, a bounded set of workers, health, ready, metrics, stopping."""

import contextlib
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.health import DOWN, OK, STARTING, Component, Health, ask_peer, fold
from cockpit.demo.shop.metrics import CONTENT_TYPE
from cockpit.demo.shop.wire import Request, Response, answer, listener, read_request, send_response, serve

Handler = Callable[[Request], Response]
WORKERS, QUEUE_WAIT = 8, 2.0
"""Requests worked on at once, and how long one waits for a turn before it is refused with 503."""


class Stop(Exception):
    """SIGTERM came."""


class Service:
    """One running instance. A service adds its routes, its components and what its effects do."""

    def __init__(self, context: Context) -> None:
        self.context, self.log, self.effects = context, context.log, context.effects
        self.pace = context.birth.pace
        self.routes: dict[tuple[str, str], Handler] = {}
        """By (method, path); a path that ends in "/" takes everything below it."""
        self.maintenance = False
        self.health = Health(STARTING, ())
        self._began = time.monotonic()
        self._turns = threading.Semaphore(WORKERS)
        self._waiting = 0
        self._counting = threading.Lock()
        context.metrics.gauges["queue_depth"] = ("requests that wait for a worker", lambda: {"": float(self._waiting)})

    def needs(self) -> tuple[tuple[str, bool], ...]:
        """(service, critical) of those asked over HTTP for the health."""
        return ()

    def components(self) -> list[Component]:
        """The service's own parts; those of `needs` come before them."""
        return []

    def on_effect(self, name: str, on: bool) -> None:
        """An effect was switched by the host."""

    def is_stuck(self, path: str) -> bool:
        """Whether a request for this path is to get no answer now."""
        return False

    def start(self) -> None:
        """Begin background work, after the ports are open."""

    def run(self) -> int:
        """Serve until SIGTERM; the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        server = listener(self.context.birth.ports["http"])
        self.context.on_effect = self.on_effect
        self.start()
        for work in (self.context.listen_to_host, self._watch_health):
            threading.Thread(target=work, daemon=True).start()
        birth = self.context.birth
        self.log.info("listening", port=birth.ports["http"], release=birth.release)
        self.context.report(listening=dict(birth.ports))
        try:
            serve(server, self._converse)
        except Stop:
            self.log.info("SIGTERM received, shutting down")
        return 0

    @staticmethod
    def _stop(_number: int, _frame: object) -> NoReturn:
        raise Stop

    def _watch_health(self) -> None:
        """Judge the health each `pace` seconds; until the first good one (others may still start) each 20 ms."""
        hurry = time.monotonic() + 1.0
        while True:
            asked = [ask_peer(name, self.context.peer(name), critical) for name, critical in self.needs()]
            found = fold([*asked, *self.components()])
            early = self.health.status == STARTING and found.status != OK and time.monotonic() < hurry
            if not early:
                self._judge(found)
            threading.Event().wait(0.02 if early else self.pace)

    def _judge(self, found: Health) -> None:
        if found.status != self.health.status and (self.health.status != STARTING or found.status != OK):
            level = {OK: "info", DOWN: "error"}.get(found.status, "warn")
            self.log.write(level, f"health is {found.status}", why=found.words() or "all components ok")
        self.health = found

    def _converse(self, client: socket.socket) -> None:
        request = read_request(client)
        if request is None:
            with contextlib.suppress(OSError):
                send_response(client, answer(400, {"error": "not an HTTP request that this service understands"}))
            return
        began = time.monotonic()
        route, response = self._dispatch(request)
        self.context.metrics.observe(route, response.status, time.monotonic() - began)
        send_response(client, response)

    def _dispatch(self, request: Request) -> tuple[str, Response]:
        if self.is_stuck(request.path):
            self._hang(request)
        if request.method in ("GET", "HEAD"):
            if request.path == "/health":
                return request.path, self._health_answer()
            if request.path == "/ready":
                good = not self.maintenance and self.health.status not in (DOWN, STARTING)
                return request.path, answer(200 if good else 503, {"ready": good, "maintenance": self.maintenance})
            if request.path == "/metrics":
                return request.path, Response(200, self.context.metrics.render().encode(), CONTENT_TYPE)
        route, handler = self._find(request.method, request.path)
        if handler is None:
            return "unknown", answer(404, {"error": f"no route {request.method} {request.path[:100]}"})
        if route.startswith("/admin/"):
            return route, handler(request)
        return route, self._work(handler, request)

    def _find(self, method: str, path: str) -> tuple[str, Handler | None]:
        route = path if (method, path) in self.routes else f"{path.rpartition('/')[0]}/"
        return route, self.routes.get((method, route))

    def _work(self, handler: Handler, request: Request) -> Response:
        """Run a handler on one of the workers."""
        if self.maintenance:
            return answer(503, {"error": "maintenance"})
        with self._counting:
            self._waiting += 1
        got = self._turns.acquire(timeout=QUEUE_WAIT)
        with self._counting:
            self._waiting -= 1
        if not got:
            self.context.metrics.error("overloaded")
            self.log.error("no worker free", waited_ms=int(QUEUE_WAIT * 1000), workers=WORKERS)
            return answer(503, {"error": "overloaded"})
        try:
            return handler(request)
        finally:
            self._turns.release()

    def _hang(self, request: Request) -> None:
        """Keep the caller without an answer until it goes away or the fault is cleared."""
        while self.is_stuck(request.path):
            self.effects.lasts("hung-endpoint", 0.25)
            if select.select([request.client], [], [], 0)[0]:
                return

    def _health_answer(self) -> Response:
        birth = self.context.birth
        about: Mapping[str, object] = {
            "service": birth.service,
            "instance": birth.instance,
            "release": birth.release,
            "uptime_s": round(time.monotonic() - self._began, 1),
            "maintenance": self.maintenance,
        }
        return answer(503 if self.health.status in (DOWN, STARTING) else 200, {**self.health.as_json(), **about})
