"""cart: what each shopper means to buy, kept in orders-db."""

import re

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.database import DbError, Pool, failed
from cockpit.demo.shop.health import Component
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import Request, Response, answer

ITEM_LIMIT = 20


def _word(text: str) -> str:
    """What may stand in a statement of the line protocol: one word."""
    return re.sub(r"[^A-Za-z0-9-]", "", text)[:32]


class Cart(Service):
    """GET and POST /carts/ID."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._pool = Pool(context)
        self.routes = {("GET", "/carts/"): self._read, ("POST", "/carts/"): self._add}

    def is_stuck(self, path: str) -> bool:
        """With `hung-endpoint` all but /metrics hangs, which has its own thread in many a real service too."""
        return self.effects.on("hung-endpoint") and path != "/metrics"

    def components(self) -> list[Component]:
        return [self._pool.component()]

    def on_effect(self, name: str, on: bool) -> None:
        if name == "hung-endpoint" and on:
            self.log.warn(
                "worker blocked for more than 5 s", worker="w-3", waits_for="lock cart:refresh", held_by="w-5"
            )
            for worker, lock, holder in (("w-3", "cart:refresh", "w-5"), ("w-5", "cart:merge", "w-3")):
                self.log.error("worker blocked", worker=worker, waits_for=f"lock {lock}", held_by=holder)

    @staticmethod
    def _key(request: Request) -> str:
        return f"cart:{_word(request.path.rpartition('/')[2])}"

    def _read(self, request: Request) -> Response:
        try:
            items = self._pool.query(f"GET {self._key(request)}")
        except DbError as error:
            self.log.error("cart could not be read", cart=self._key(request), error=str(error))
            return failed(error)
        return answer(200, {"items": items.split(",") if items else []})

    def _add(self, request: Request) -> Response:
        key, item = self._key(request), _word(request.query.get("item", ["0"])[0])
        try:
            items = self._pool.query(f"GET {key}")
            kept = [*(items.split(",") if items else []), item][-ITEM_LIMIT:]
            self._pool.query(f"SET {key} {','.join(kept)}")
        except DbError as error:
            self.log.error("item could not be added", cart=key, item=item, error=str(error))
            return failed(error)
        self.log.info("item added", cart=key, item=item, items=len(kept))
        return answer(201, {"items": kept})
