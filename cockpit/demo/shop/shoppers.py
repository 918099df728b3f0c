"""The shoppers: a gentle, endless load on the gateway, so that every number and log line in the demo is real."""

import contextlib
import random
import threading

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.wire import CallError, call

PAUSE = 0.6
"""Seconds between two requests, on average: 1.7 requests/s at the gateway, about 3/s in all services."""


def shop(context: Context) -> int:
    """Look, put into the cart, buy; for ever."""
    threading.Thread(target=context.listen_to_host, daemon=True).start()
    context.report(listening={})
    pause = threading.Event()
    while True:
        shopper, item = random.randint(1, 40), random.randint(0, 9)
        steps = (
            ("GET", "/products"),
            ("GET", f"/products/{item}"),
            ("POST", f"/carts/s{shopper}?item={item}"),
            ("GET", f"/carts/s{shopper}"),
            ("POST", "/orders"),
        )
        for method, path in steps[: random.choice((2, 3, 5, 5))]:
            with contextlib.suppress(CallError):
                call(context.peer("gateway"), method, path, timeout=2.0)
            pause.wait(random.uniform(0.5, 1.5) * PAUSE * context.birth.pace)
