"""checkout: writes an order, has it paid, marks it paid. Its release 3.9.0 expects a migration that never ran."""

import random
import threading
import time

from cockpit.demo.shape import BAD_RELEASE
from cockpit.demo.shop.context import Context
from cockpit.demo.shop.database import DbError, Pool, failed
from cockpit.demo.shop.health import DEGRADED, DOWN, Component
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import CallError, Request, Response, answer, call

BAD_AFTER = 2.0
"""Seconds for which the bad release looks good: its first health checks pass, as in life."""
TRACE = (
    "shop.store.SchemaError: column orders.gift_note does not exist (migration 0042 is not applied)",
    "    at shop.store.OrderStore.insert(OrderStore:88)",
    "    at shop.checkout.PlaceOrder.run(PlaceOrder:41)",
    "    at shop.http.Worker.handle(Worker:112)",
)


class Checkout(Service):
    """POST /orders. With the circuit to payments open, orders are taken and charged later."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._pool = Pool(context)
        self._timeout = context.number("PAYMENTS_TIMEOUT_MS") / 1000
        self._open = False
        self._deferred = 0
        self._born = time.monotonic()
        self._counting = threading.Lock()
        self.routes = {
            ("POST", "/orders"): self._place,
            ("POST", "/admin/circuit-breaker"): self._switch,
        }
        context.metrics.gauges["deferred_charges"] = (
            "orders that wait to be charged",
            lambda: {"": float(self._deferred)},
        )

    def components(self) -> list[Component]:
        parts = [self._pool.component()]
        if self._schema_is_wrong():
            parts.append(Component("schema", DOWN, "migration 0042 (orders.gift_note) is not applied", critical=True))
        if self._open:
            parts.append(Component("circuit", DEGRADED, f"open: {self._deferred} orders wait to be charged"))
        return parts

    def needs(self) -> tuple[tuple[str, bool], ...]:
        return (("payments", not self._open),)

    def _schema_is_wrong(self) -> bool:
        bad = (self.context.birth.service, self.context.birth.release) == BAD_RELEASE
        return bad and time.monotonic() - self._born > BAD_AFTER * self.pace

    def _switch(self, request: Request) -> Response:
        self._open = request.query.get("state", ["open"])[0] == "open"
        self.log.warn("circuit to payments switched", state="open" if self._open else "closed")
        return answer(200, {"circuit": "open" if self._open else "closed"})

    def _place(self, _request: Request) -> Response:
        order = f"o-{random.getrandbits(28):07x}"
        if self._schema_is_wrong():
            self.log.error("order could not be stored", order=order)
            self.log.raw(*TRACE)
            self.context.metrics.error("schema")
            return answer(500, {"error": "internal error", "order": order})
        try:
            self._pool.query(f"SET order:{order} placed")
            paid = self._pay(order)
            self._pool.query(f"SET order:{order} {'paid' if paid else 'deferred'}")
        except DbError as error:
            self.log.error("order could not be stored", order=order, cause=error)
            return failed(error)
        except CallError as error:
            self.log.error("payment failed", order=order, cause=error)
            return answer(504 if error.kind == "timeout" else 502, {"error": str(error), "order": order})
        self.log.info("order placed", order=order, paid=paid)
        return answer(201, {"order": order, "paid": paid})

    def _pay(self, order: str) -> bool:
        if self._open:
            with self._counting:
                self._deferred += 1
            return False
        try:
            status, body = call(self.context.peer("payments"), "POST", f"/charges?order={order}", b"", self._timeout)
        except CallError as error:
            self.context.metrics.error(f"payments {error.kind}")
            raise
        if status != 201:
            self.context.metrics.error("payments error")
            raise CallError("broken", f"payments answered {status}: {body[:120].decode('utf-8', 'replace').strip()}")
        return True
