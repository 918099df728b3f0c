"""The shop platform as data: what runs, what needs what, which releases exist."""

from collections.abc import Mapping
from typing import NamedTuple

MIB = 1024 * 1024


class Need(NamedTuple):
    """A service that another one calls. critical: without it the caller is down, else degraded."""

    service: str
    critical: bool


class Release(NamedTuple):
    """A version that was rolled out `days` before the demo began; None: built, never rolled out."""

    version: str
    days: float | None
    note: str


class ServiceShape(NamedTuple):
    """One service. log_format: json, logfmt, plain or postgres. ports: names of its TCP ports, "http" first."""

    name: str
    tier: int
    description: str
    needs: tuple[Need, ...]
    releases: tuple[Release, ...]
    """Oldest first; the last one with `days` is what runs at the start."""
    env: Mapping[str, str]
    log_format: str
    memory_limit: int = 128 * MIB
    instances: int = 1
    max_instances: int = 5
    scale_refusal: str = ""
    ports: tuple[str, ...] = ("http",)

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that may be rolled out, oldest first."""
        return tuple(release.version for release in self.releases)


ORDERS_DB = "orders-db"

SERVICES: tuple[ServiceShape, ...] = (
    ServiceShape(
        name=ORDERS_DB,
        tier=1,
        description="the database of orders and carts (a stand-in that speaks lines: PING, GET, SET)",
        needs=(),
        releases=(Release("15.5", 120, "minor upgrade"), Release("15.6", 34, "minor upgrade")),
        env={"MAX_CONNECTIONS": "20", "DISK_BUDGET_KB": "2048", "SLOW_STATEMENT_MS": "250"},
        log_format="postgres",
        max_instances=1,
        scale_refusal="it has one writer and one data folder: more instances would split the data",
        ports=("http", "db"),
    ),
    ServiceShape(
        name="payments",
        tier=2,
        description="charges cards at the acquirer",
        needs=(),
        releases=(
            Release("1.18.4", 41, "retries with jitter"),
            Release("1.19.0", 6, "acquirer API v3"),
            Release("1.19.1", None, "log the acquirer's request id"),
        ),
        env={"PROVIDER_TIMEOUT_MS": "2000", "PROVIDER_API_KEY": "demo-4f1c-not-a-real-key"},
        log_format="json",
    ),
    ServiceShape(
        name="checkout",
        tier=1,
        description="turns a cart into a paid order",
        needs=(Need(ORDERS_DB, critical=True), Need("payments", critical=True)),
        releases=(
            Release("3.8.0", 27, "order totals in minor units"),
            Release("3.8.1", 6, "rounding of discounts"),
            Release("3.9.0", None, "gift notes on orders"),
        ),
        env={"DB_POOL_SIZE": "4", "DB_POOL_TIMEOUT_MS": "400", "PAYMENTS_TIMEOUT_MS": "1500"},
        log_format="plain",
    ),
    ServiceShape(
        name="cart",
        tier=2,
        description="what a shopper means to buy",
        needs=(Need(ORDERS_DB, critical=True),),
        releases=(Release("2.3.0", 21, "cart expiry"), Release("2.3.1", 3, "merge carts at login")),
        env={"DB_POOL_SIZE": "4", "DB_POOL_TIMEOUT_MS": "400"},
        log_format="json",
    ),
    ServiceShape(
        name="catalog",
        tier=2,
        description="products, prices and pictures, from a cache",
        needs=(),
        releases=(
            Release("5.1.9", 48, "search synonyms"),
            Release("5.2.0", 12, "price per unit"),
            Release("5.2.1", None, "smaller thumbnails"),
        ),
        env={"CACHE_MB": "8"},
        log_format="logfmt",
        memory_limit=256 * MIB,
        instances=2,
    ),
    ServiceShape(
        name="gateway",
        tier=1,
        description="the one door of the shop; routes to catalog, cart and checkout",
        needs=(Need("catalog", critical=False), Need("cart", critical=False), Need("checkout", critical=False)),
        releases=(Release("4.0.2", 63, "HTTP keep-alive"), Release("4.1.0", 14, "request ids")),
        env={"UPSTREAM_TIMEOUT_MS": "1000"},
        log_format="json",
    ),
)
"""In the order in which they start: what others need comes first."""

BY_NAME: Mapping[str, ServiceShape] = {shape.name: shape for shape in SERVICES}

BAD_RELEASE = ("checkout", "3.9.0")
"""The release whose health turns bad a moment after its start: it expects a migration that was never applied."""
