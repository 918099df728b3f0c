"""Where a forked process becomes a service."""

import signal
from collections.abc import Callable, Mapping

from cockpit.demo.shop.cart import Cart
from cockpit.demo.shop.catalog import Catalog
from cockpit.demo.shop.checkout import Checkout
from cockpit.demo.shop.context import Birth, ConfigError, Context
from cockpit.demo.shop.gateway import Gateway
from cockpit.demo.shop.orders_db import OrdersDb
from cockpit.demo.shop.payments import Payments
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.shoppers import shop

SERVICES: Mapping[str, Callable[[Context], Service]] = {
    "orders-db": OrdersDb,
    "payments": Payments,
    "checkout": Checkout,
    "cart": Cart,
    "catalog": Catalog,
    "gateway": Gateway,
}
SHOPPERS = "shoppers"


def live(birth: Birth) -> int:
    """Run until SIGTERM or the host's end; the exit code."""
    context = Context(birth)
    if birth.service == SHOPPERS:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return shop(context)
    context.log.info("starting", release=birth.release)
    try:
        service = SERVICES[birth.service](context)
    except ConfigError as error:
        context.log.fatal(f"invalid configuration: {error}")
        return 1
    return service.run()
