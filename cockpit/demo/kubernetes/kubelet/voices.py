"""How applications write: JSON, logfmt or plain words. The platform gives each line its time, so most give none."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

_PATHS = ("/api/v1/orders", "/api/v1/carts", "/login", "/healthz", "/search")
_WORDS = ("request handled", "cache refreshed", "connection opened", "message consumed", "token renewed")
_PAGES = ("/", "/cart", "/products/4711", "/search?q=lamp", "/account")
_ORDERS = ("cart priced", "order placed", "stock reserved", "receipt sent")
_CHARGES = ("charge captured", "card verified", "refund booked", "webhook delivered")
_SEARCHES = (
    "search.Index - query answered",
    "prices.Cache - refreshed",
    "pictures.Resize - stored",
    "api.Products - read",
)


class Moment(NamedTuple):
    """What a line is made of. at: POSIX seconds; mixed: 32 bits that differ from line to line, without being random."""

    at: float
    number: int
    mixed: int

    @property
    def fails(self) -> bool:
        """One line of 97 tells of a failure."""
        return self.mixed % 97 == 0

    @property
    def level(self) -> str:
        return "warn" if self.fails else "debug" if self.mixed % 7 == 0 else "info"

    @property
    def status(self) -> int:
        return 503 if self.fails else 200

    @property
    def milliseconds(self) -> float:
        return self.mixed % 20_000 / 100

    @property
    def request(self) -> str:
        return f"{self.mixed:08x}{self.number & 0xFFFFFFFF:08x}"

    def one_of(self, words: tuple[str, ...]) -> str:
        return words[self.mixed // 7 % len(words)]


Voice = Callable[[Moment], str]


def service(line: Moment) -> str:
    """logfmt with a time of its own."""
    moment = datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return (
        f'time={moment}Z level={line.level} msg="{_WORDS[line.mixed % len(_WORDS)]}" seq={line.number} method=GET '
        f"path={line.one_of(_PATHS)} status={line.status} duration={line.milliseconds:.2f}ms request_id={line.request}"
    )


def _access(line: Moment) -> str:
    who, size = f"10.244.{line.mixed % 3}.{line.mixed % 200 + 2}", line.mixed % 9000 + 200
    return f"{who} GET {line.one_of(_PAGES)} {line.status} {size} {line.milliseconds:.0f} ms"


def _json(line: Moment) -> str:
    told = {
        "level": line.level,
        "msg": "payments did not answer in time" if line.fails else line.one_of(_ORDERS),
        "order": f"o-{line.mixed % 1_000_000:06d}",
        "status": line.status,
        "ms": line.milliseconds,
        "trace": line.request,
    }
    return json.dumps(told, separators=(",", ":"))


def _logfmt(line: Moment) -> str:
    said = "acquirer did not answer in time" if line.fails else line.one_of(_CHARGES)
    amount = f"{line.mixed % 20_000 / 100:.2f}"
    return f'level={line.level} msg="{said}" amount={amount} took={line.milliseconds:.0f}ms id={line.request}'


def _words(line: Moment) -> str:
    said = "prices.Cache - refresh failed, the old prices stay" if line.fails else line.one_of(_SEARCHES)
    return f"{line.level.upper():<5} {said} ({line.milliseconds:.0f} ms)"


VOICES: Mapping[str, Voice] = {"web": _access, "checkout": _json, "payments": _logfmt, "catalog": _words}
"""By the container's name; any other is a `service`."""
