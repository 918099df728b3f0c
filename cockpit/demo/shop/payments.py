"""payments: charges cards at an acquirer that is simulated here (its answers take 20-60 ms)."""

import collections
import random
import threading
import time

from cockpit.demo.shop.context import Context
from cockpit.demo.shop.health import DEGRADED, OK, Component
from cockpit.demo.shop.service import Service
from cockpit.demo.shop.wire import Request, Response, answer

WINDOW = 20
BURST_PER_SECOND = 5.0
FAILURES = (
    ("acquirer connection reset by peer", "ECONNRESET"),
    ("acquirer answered 502 Bad Gateway", "HTTP_502"),
    ("TLS session could not be resumed", "TLS_ALERT_40"),
)


class AcquirerError(Exception):
    """The acquirer could not be reached or refused. code: as logged."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class Payments(Service):
    """POST /charges. A share of its calls fails while `error-burst` holds."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._timeout_ms = context.number("PROVIDER_TIMEOUT_MS")
        self._outcomes: collections.deque[bool] = collections.deque(maxlen=WINDOW)
        self.routes = {("POST", "/charges"): self._charge}

    def components(self) -> list[Component]:
        outcomes = list(self._outcomes)
        failed = outcomes.count(False)
        if failed * 5 <= len(outcomes):
            return [Component("acquirer", OK)]
        return [Component("acquirer", DEGRADED, f"{failed} of the last {len(outcomes)} calls failed")]

    def on_effect(self, name: str, on: bool) -> None:
        if name == "error-burst":
            if on:
                threading.Thread(target=self._burst, daemon=True).start()
            else:
                self._outcomes.clear()

    def _burst(self) -> None:
        """The acquirer's keep-alive calls, failing as the charges do."""
        pause = 1 / (BURST_PER_SECOND * self.effects.speed("error-burst"))
        while self.effects.lasts("error-burst", pause):
            try:
                self._call_acquirer("ping")
            except AcquirerError as error:
                self.log.error(str(error), code=error.code, operation="keep-alive", connection=random.randint(1, 8))

    def _call_acquirer(self, operation: str) -> str:
        """The acquirer's reference. Raises AcquirerError."""
        good = not (self.effects.on("error-burst") and random.random() < 0.6)
        self._outcomes.append(good)
        if not good:
            words, code = random.choice(FAILURES)
            self.context.metrics.error(code)
            raise AcquirerError(words, code)
        if operation != "ping":
            time.sleep(min(random.uniform(0.02, 0.06), self._timeout_ms / 1000))
        return f"acq_{random.getrandbits(40):010x}"

    def _charge(self, request: Request) -> Response:
        order = request.query.get("order", ["-"])[0][:40]
        began = time.monotonic()
        try:
            reference = self._call_acquirer("charge")
        except AcquirerError as error:
            self.log.error("charge failed", order=order, error=str(error), code=error.code, attempt=1)
            return answer(502, {"error": str(error), "code": error.code})
        took = round((time.monotonic() - began) * 1000)
        self.log.info("charge approved", order=order, reference=reference, duration_ms=took)
        return answer(201, {"reference": reference})
