"""A service's own view of its health: components, folded into one status."""

import json
import time
from collections.abc import Iterable
from typing import NamedTuple

from cockpit.demo.shop.wire import CallError, call

OK, DEGRADED, DOWN, STARTING = "ok", "degraded", "down", "starting"
CHECK_TIMEOUT = 0.5
SLOW_MS = 150.0
"""A dependency on the same machine that takes longer is degraded: normal is below 5 ms."""


class Component(NamedTuple):
    """One part of a service's health. critical: the service is down without it."""

    name: str
    status: str
    detail: str = ""
    critical: bool = False
    latency_ms: float | None = None


class Health(NamedTuple):
    status: str
    components: tuple[Component, ...]

    def words(self) -> str:
        """What is wrong, worst first, in one line; empty when nothing is."""
        bad = sorted((part for part in self.components if part.status != OK), key=lambda part: part.status != DOWN)
        return "; ".join(f"{part.name} {part.status}: {part.detail}" for part in bad)

    def as_json(self) -> dict[str, object]:
        """The shape of /health's answer."""
        return {
            "status": self.status,
            "components": {
                part.name: {
                    "status": part.status,
                    **({"detail": part.detail} if part.detail else {}),
                    **({} if part.latency_ms is None else {"latency_ms": round(part.latency_ms, 1)}),
                }
                for part in self.components
            },
        }


def fold(components: Iterable[Component]) -> Health:
    """Down when a critical component is down, degraded when any is not ok."""
    parts = tuple(components)
    if any(part.status == DOWN and part.critical for part in parts):
        return Health(DOWN, parts)
    return Health(OK if all(part.status == OK for part in parts) else DEGRADED, parts)


def ask_peer(name: str, port: int, critical: bool) -> Component:
    """Another service's /health as a component."""
    began = time.monotonic()
    try:
        status, body = call(port, "GET", "/health", timeout=CHECK_TIMEOUT)
        told = json.loads(body)
        state = told["status"]
        bad = [part for part, facts in told["components"].items() if facts["status"] != OK]
    except CallError as error:
        return Component(name, DOWN, str(error), critical)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Component(name, DOWN, "its /health is not understood", critical)
    took = (time.monotonic() - began) * 1000
    if state in (OK, STARTING) and status in (200, 503):
        return judged_by_latency(name, took, critical)
    return Component(name, state, f"its own health names {', '.join(bad) or 'nothing'}", critical, took)


def judged_by_latency(name: str, took_ms: float, critical: bool) -> Component:
    """A component that answered."""
    if took_ms > SLOW_MS:
        return Component(name, DEGRADED, f"answered in {took_ms:.0f} ms, more than {SLOW_MS:.0f}", critical, took_ms)
    return Component(name, OK, "", critical, took_ms)
