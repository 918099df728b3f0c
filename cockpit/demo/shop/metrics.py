"""A service's numbers, and their OpenMetrics text."""

import os
import threading
from collections.abc import Callable, Mapping

BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds in seconds of the latency histogram."""

WATCHERS = frozenset({"/health", "/ready", "/metrics"})
"""Routes that only watchers ask: counted, but their 1 ms answers would hide what shoppers wait for."""

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def resident_bytes() -> int:
    """The resident memory of this process, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


class Metrics:
    """Counters by (route, status), a latency histogram, and gauges that are asked when scraped."""

    def __init__(self, service: str, instance: str, release: str) -> None:
        self._about = f'service="{service}",instance="{instance}",release="{release}"'
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, int], int] = {}
        self._errors: dict[str, int] = {}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0
        self.gauges: dict[str, tuple[str, Callable[[], Mapping[str, float]]]] = {
            "process_resident_memory_bytes": ("resident memory", lambda: {"": float(resident_bytes())}),
        }
        """By name: (help, function that gives a value by its label text, "" for none)."""

    def observe(self, route: str, status: int, seconds: float) -> None:
        """One answered request."""
        place = next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        with self._lock:
            self._requests[route, status] = self._requests.get((route, status), 0) + 1
            if route not in WATCHERS:
                self._buckets[place] += 1
                self._sum += seconds

    def error(self, kind: str) -> None:
        """One failure of a named kind ("orders-db refused")."""
        with self._lock:
            self._errors[kind] = self._errors.get(kind, 0) + 1

    def render(self) -> str:
        """OpenMetrics 1.0 text, with its end mark."""
        with self._lock:
            requests, errors = dict(self._requests), dict(self._errors)
            buckets, total = list(self._buckets), self._sum
        lines = ["# TYPE build info", f"build_info{{{self._about}}} 1", "# TYPE http_requests counter"]
        lines += [
            f'http_requests_total{{route="{route}",status="{status}"}} {count}'
            for (route, status), count in sorted(requests.items())
        ]
        lines.append("# TYPE errors counter")
        lines += [f'errors_total{{kind="{kind}"}} {count}' for kind, count in sorted(errors.items())]
        lines += self._histogram(buckets, total)
        for name, (about, ask) in self.gauges.items():
            lines += [f"# TYPE {name} gauge", f"# HELP {name} {about}"]
            lines += [f"{name}{f'{{{label}}}' if label else ''} {value:g}" for label, value in ask().items()]
        return "\n".join([*lines, "# EOF", ""])

    @staticmethod
    def _histogram(buckets: list[int], total: float) -> list[str]:
        lines, running = ["# TYPE http_request_seconds histogram", "# UNIT http_request_seconds seconds"], 0
        for bound, count in zip([*map(str, BUCKETS), "+Inf"], buckets, strict=True):
            running += count
            lines.append(f'http_request_seconds_bucket{{le="{bound}"}} {running}')
        return [*lines, f"http_request_seconds_count {running}", f"http_request_seconds_sum {total:.6f}"]
