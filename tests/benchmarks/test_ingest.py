"""Log lines from bytes into the ring: made safe, masked, levelled, kept."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.board.secrets import Secrets
from cockpit.logs.ingest import ingest
from cockpit.logs.line import RawLine
from cockpit.logs.query import LogQuery
from cockpit.logs.ring import Ring
from cockpit.logs.view import View
from tests.benchmarks.table import Table, walls

LINES, BATCH = 100_000, 500
START = datetime(2026, 3, 1, 14, tzinfo=UTC)
TEXTS = {
    "plain lines": 'INFO  request={n:08x} "GET /api/v1/orders/{n}" 200 in {n} ms, pool 17 of 20, cache hit',
    "one line in ten coloured": "\x1b[32mINFO\x1b[0m request={n:08x} GET /api/v1/orders/{n} 200 in {n} ms, 17 of 20",
}


@pytest.mark.parametrize("name", TEXTS)
def test_ingest(name: str, table: Table) -> None:
    plain = TEXTS["plain lines"]
    raw = [
        RawLine(START + timedelta(milliseconds=n), "out", (TEXTS[name] if n % 10 == 0 else plain).format(n=n).encode())
        for n in range(LINES)
    ]
    secrets = Secrets([f"value-of-secret-{number}" for number in range(10)])

    def work() -> None:
        ring = Ring()
        view = View(ring, LogQuery())
        for start in range(0, LINES, BATCH):
            ring.append(ingest("web-1", raw[start : start + BATCH], secrets.mask))
            view.extend()
        assert ring.end == LINES
        assert ring.end - ring.first + ring.dropped == LINES

    table.least(f"log ingest into the ring, {name}", LINES / walls(work, 3)[0], 100_000, "lines/s")
