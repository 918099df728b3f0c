"""gateway: the one door of the shop. Routes to catalog, cart and checkout and logs each request."""

import random
import time
from urllib.parse import urlencode

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import CallError, Request, Response, answer, call

UPSTREAMS = {"products": "catalog", "carts": "cart", "orders": "checkout"}


class Gateway(Service):
    """Passes a request on by the first part of its path."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._timeout = context.number("UPSTREAM_TIMEOUT_MS") / 1000
        self.routes = {
            ("GET", "/products"): self._pass_on,
            ("GET", "/products/"): self._pass_on,
            ("GET", "/carts/"): self._pass_on,
            ("POST", "/carts/"): self._pass_on,
            ("POST", "/orders"): self._pass_on,
            ("POST", "/admin/maintenance"): self._switch,
        }

    def needs(self) -> tuple[tuple[str, bool], ...]:
        return tuple((name, False) for name in UPSTREAMS.values())

    def _switch(self, request: Request) -> Response:
        self.maintenance = request.query.get("state", ["on"])[0] == "on"
        self.log.warn("maintenance switched", state="on" if self.maintenance else "off")
        return answer(200, {"maintenance": self.maintenance})

    def _pass_on(self, request: Request) -> Response:
        upstream = UPSTREAMS[request.path.split("/")[1]]
        query = urlencode(request.query, doseq=True)
        path = f"{request.path}?{query}" if query else request.path
        began, about = time.monotonic(), {"request_id": f"{random.getrandbits(32):08x}", "upstream": upstream}
        try:
            status, body = call(self.context.peer(upstream), request.method, path, request.body, self._timeout)
        except CallError as error:
            status = 504 if error.kind == "timeout" else 502
            self.context.metrics.error(f"{upstream} {error.kind}")
            self.log.error("upstream failed", status=status, error=str(error), **about)
            return answer(status, {"error": f"{upstream} is not available"})
        took = round((time.monotonic() - began) * 1000, 1)
        level = "error" if status >= 500 else "info"
        self.log.write(level, f"{request.method} {request.path}", status=status, duration_ms=took, **about)
        return Response(status, body)
