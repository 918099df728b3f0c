"""catalog: products from a cache. Its leak really allocates, so its memory is a true figure."""

import json
import threading

from cockpit.demo.shape import MIB
from cockpit.demo.shop.context import Context
from cockpit.demo.shop.health import DEGRADED, OK, Component
from cockpit.demo.shop.metrics import resident_bytes
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import Request, Response, answer

LEAK_BYTES_PER_SECOND, LEAK_LIMIT, CHUNK = 8 * MIB, 200 * MIB, MIB
TIGHT = 0.7
"""Share of the memory limit from which the service calls itself degraded and answers slowly."""
GOODS = ("kettle", "teapot", "cup", "tray", "filter", "spoon", "jar", "mill", "scale", "towel")


class Catalog(Service):
    """GET /products and /products/ID."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._cache_mb = context.number("CACHE_MB")
        self._cache: dict[int, bytes] = {}
        self._leak: list[bytearray] = []
        self._warm()
        self.routes = {
            ("GET", "/products"): self._list,
            ("GET", "/products/"): self._one,
            ("POST", "/admin/cache/warm"): self._warm_up,
        }
        context.metrics.gauges["cache_entries"] = ("products in the cache", lambda: {"": float(len(self._cache))})

    def components(self) -> list[Component]:
        resident, limit = resident_bytes(), self.context.memory_limit
        if resident < TIGHT * limit:
            return [Component("memory", OK)]
        return [
            Component("memory", DEGRADED, f"{resident // MIB} of {limit // MIB} MiB used, pictures are not evicted")
        ]

    def on_effect(self, name: str, on: bool) -> None:
        if name == "memory-leak" and on:
            threading.Thread(target=self._grow, daemon=True).start()

    def _grow(self) -> None:
        """Keep one more MiB at a time, up to 200, written to so that it is resident."""
        pause = CHUNK / (LEAK_BYTES_PER_SECOND * self.effects.speed("memory-leak"))
        while self.effects.lasts("memory-leak", pause):
            size = len(self._leak) * CHUNK
            if size < LEAK_LIMIT:
                self._leak.append(bytearray(b"\x5a" * CHUNK))
            if len(self._leak) % 16 == 0 and size < LEAK_LIMIT:
                self.log.warn("picture cache over its limit", size_mb=size // MIB, limit_mb=self._cache_mb, evicted=0)
        self._leak.clear()

    def _warm(self) -> None:
        for number, name in enumerate(GOODS):
            product = {"id": number, "name": name, "price_cents": 490 + 310 * number}
            self._cache[number] = json.dumps(product).encode()

    def _warm_up(self, _request: Request) -> Response:
        self._warm()
        self.log.info("cache warmed up", entries=len(self._cache))
        return answer(200, {"entries": len(self._cache)})

    def _list(self, _request: Request) -> Response:
        if self.health.status == DEGRADED:
            self.effects.lasts("memory-leak", 0.2)
            self.log.warn("garbage collection took long", pause_ms=200, resident_mb=resident_bytes() // MIB)
        return Response(200, b"[" + b",".join(self._cache.values()) + b"]\n")

    def _one(self, request: Request) -> Response:
        number = request.path.rpartition("/")[2]
        product = self._cache.get(int(number)) if number.isdecimal() else None
        if product is None:
            self.log.warn("no such product", id=number[:20])
            return answer(404, {"error": "no such product"})
        self.log.info("product served", id=number, bytes=len(product))
        return Response(200, product)
