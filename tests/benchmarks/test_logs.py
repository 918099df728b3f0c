"""Logs from raw lines to rows: into the ring, through a whole open log, filtered, searched, counted; memory a line."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from time import perf_counter

import pytest

from cockpit.board.board import Board
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.board.update import Listed
from cockpit.engine.port import OpenTail
from cockpit.engine.seen import Seen
from cockpit.engine.streams import Around
from cockpit.engine.tails import Tails
from cockpit.logs.find import find
from cockpit.logs.ingest import Ingest
from cockpit.logs.level import level_of
from cockpit.logs.line import Level, LogRequest, RawLine
from cockpit.logs.merge import Merge
from cockpit.logs.pattern import Pattern
from cockpit.logs.query import LogQuery
from cockpit.logs.ring import Ring
from cockpit.logs.shapes import Shapes
from cockpit.logs.structured import columns
from cockpit.logs.view import View
from tests.benchmarks.table import Table, cpus
from tests.engine.fakes import FakeSource, instance, workload
from tests.engine.stage import PROFILE

LINES, BATCH = 100_000, 1_000
START = datetime(2026, 3, 1, 14, tzinfo=UTC)
MIXED = (
    "2026-03-01T14:27:52.118Z INFO  request GET /api/v1/orders/{n} 200 {ms} ms trace={n:x}",
    '{{"time":"2026-03-01T14:27:52Z","level":"info","msg":"handled order","order":{n},"ms":{ms}}}',
    '10.0.0.{ms} - - [01/Mar/2026:14:27:52 +0000] "GET /health HTTP/1.1" 200 {n} "-" "curl/8"',
    "2026-03-01 14:27:52,118 [worker-{ms}] WARN  o.s.Pool - pool nearly exhausted, waiting {n}",
    'ts=2026-03-01T14:27:52Z lvl=error msg="connection refused" attempt={ms} peer=10.0.0.{n}',
)
KINDS = {
    "five formats mixed": MIXED,
    "every line coloured": tuple(f"\x1b[32m{text}\x1b[0m" for text in MIXED),
    "every line with umlauts": tuple(f"{text} größe straße" for text in MIXED),
    "every line with a secret": tuple(f"{text} password=hunter{{n}}" for text in MIXED),
}
SECRETS = Secrets([f"value-of-secret-{number}" for number in range(20)])


def raws(formats: Sequence[str]) -> list[RawLine]:
    texts = islice(cycle(formats), LINES)
    return [
        RawLine(START + timedelta(milliseconds=n), "out", text.format(n=n, ms=n % 300).encode())
        for n, text in enumerate(texts)
    ]


def batches(lines: list[RawLine]) -> Iterator[list[RawLine]]:
    for start in range(0, len(lines), BATCH):
        yield lines[start : start + BATCH]


def filled() -> Ring:
    ring, read = Ring(max_bytes=2**30), Ingest("web-1", SECRETS.mask)
    for batch in batches(raws(MIXED)):
        ring.append(read(batch))
    return ring


@pytest.mark.parametrize("kind", KINDS)
def test_raw_lines_into_the_ring(kind: str, table: Table) -> None:
    lines = raws(KINDS[kind])

    def work() -> None:
        ring, read = Ring(), Ingest("web-1", SECRETS.mask)
        for batch in batches(lines):
            ring.append(read(batch))
        assert ring.end == LINES

    budget = 100_000 if kind == "five formats mixed" else 0
    rate = LINES / cpus(work, 3)[0]
    if budget:
        table.least(f"log ingest into the ring, CPU, {kind}", rate, budget, "lines/s")
    else:
        table.tell(f"log ingest into the ring, CPU, {kind}", rate, "lines/s")


def test_the_parts_of_it(table: Table) -> None:
    lines = raws(MIXED)
    texts = [line.data.decode() for line in lines]
    parsed = Ingest("web-1")(lines)
    table.tell("  level of a line", cpus(lambda: [level_of(text) for text in texts], 3)[0] / LINES * 1e6, "us")
    masked = cpus(lambda: [SECRETS.mask("\n".join(texts[n : n + 256])) for n in range(0, LINES, 256)], 3)[0]
    table.tell("  masking of a line, 256 at a time", masked / LINES * 1e6, "us")
    ringed = cpus(lambda: Ring().append(parsed), 3)[0]
    table.tell("  a line into the ring", ringed / LINES * 1e6, "us")
    seen = cpus(lambda: [Seen().fresh(batch) for batch in batches(lines)], 3)[0]
    table.tell("  remembering where a stream is, a line", seen / LINES * 1e6, "us")

    def merged() -> None:
        merge = Merge()
        for start in range(0, LINES, BATCH):
            merge.put(parsed[start : start + BATCH], start / LINES, START)
            merge.take(start / LINES)

    table.tell("  merging by time, a line", cpus(merged, 3)[0] / LINES * 1e6, "us")
    table.tell("  columns of a JSON line", cpus(lambda: columns.__wrapped__(texts[1]), 20)[0] * 1e6, "us")


class Pouring(FakeSource):
    """Gives each instance the same lines as quickly as they are taken."""

    lines: Sequence[list[RawLine]] = ()

    async def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        for batch in self.lines:
            yield batch
        await asyncio.Event().wait()


@pytest.mark.parametrize("instances", [1, 5])
async def test_a_whole_open_log(instances: int, table: Table) -> None:
    clock = SystemClock()
    board = Board(PROFILE, clock)
    source = Pouring(clock, "fake")
    source.lines = list(batches(raws(MIXED)[: LINES // instances]))
    works = workload("web", *(instance("web", number + 1) for number in range(instances)))
    board.apply(Listed(source="fake", at=clock.now(), workloads=(works,)))
    around = Around(sources={"fake": source}, board=board, clock=clock, mask=SECRETS.mask)
    tails = Tails(around, lambda: None)
    slowest, began = 0.0, perf_counter()
    tail = tails.open(OpenTail(services=("web",), query=LogQuery(pattern="refused")))
    while tails.statuses()[tail].last_seq + 1 < LINES:
        turn = perf_counter()
        await asyncio.sleep(0)
        slowest = max(slowest, perf_counter() - turn)
    spent = perf_counter() - began
    await tails.close()
    what = f"open log of {instances} instance{'s' if instances > 1 else ''} with a filter, by the wall clock"
    table.tell(what, LINES / spent, "lines/s")
    table.tell("  longest turn of the engine's loop meanwhile", slowest * 1000, "ms")


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("a rare word", LogQuery(pattern="zzz")),
        ("one line in five", LogQuery(pattern="refused")),
        ("every line", LogQuery(pattern="[0-9]+")),
        ("all but one in five", LogQuery(pattern="refused", inverse=True)),
        ("a level", LogQuery(level=Level.ERROR)),
        ("with context", LogQuery(pattern="exhausted, waiting 9", context=3)),
        ("a pattern that is hard on its engine", LogQuery(pattern="[a-q][^u-z]{13}x")),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_filtering(what: str, query: LogQuery, table: Table) -> None:
    ring = filled()
    view = View(ring, query)
    steps, longest, began = view.search(), 0.0, perf_counter()
    while True:
        turn = perf_counter()
        if next(steps, steps) is steps:
            break
        longest = max(longest, perf_counter() - turn)
    table.tell(f"filter over {LINES:,} lines: {what}", (perf_counter() - began) * 1000, "ms")
    table.most("  longest step (holds the interpreter)", longest * 1000, 10, "ms")


def test_finding_and_counting(table: Table) -> None:
    ring = filled()
    view = View(ring, LogQuery())
    nowhere = Pattern("zzz")
    table.tell(
        "find what is not there", cpus(lambda: list(find(view, nowhere, Level.UNKNOWN, 0, 1)), 3)[0] * 1000, "ms"
    )
    rare = Pattern("orders/5 ")
    backwards = cpus(lambda: list(find(view, rare, Level.UNKNOWN, LINES, -1)), 3)[0]
    table.tell("find the first line from the end", backwards * 1000, "ms")
    table.tell("first error", cpus(lambda: list(find(view, Pattern(""), Level.ERROR, 0, 1)), 3)[0] * 1000, "ms")
    table.tell("errors by shape, 20,000 of 100,000 lines", cpus(lambda: list(Shapes().count(ring)), 3)[0] * 1000, "ms")
    window = cpus(lambda: view.window(50_000, 60), 20)[0]
    table.tell("a window of 60 rows", window * 1e6, "us")


def test_memory(table: Table) -> None:
    lines = raws(MIXED)
    size = sum(len(line.data) for line in lines) / LINES
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    ring, read = Ring(max_bytes=2**30), Ingest("web-1")
    for batch in batches(lines):
        ring.append(read(batch))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    view = View(ring, LogQuery(pattern="[0-9]+"))
    for _ in view.search():
        pass
    gc.collect()
    filtered = tracemalloc.get_traced_memory()[0] - before - held
    tracemalloc.stop()
    table.tell("memory a line beside its text", held / LINES - size, "B")
    table.tell("  what the ring reckons, of what is held", ring.size / held * 100, "%")
    table.tell("  a row of a filtered view", filtered / LINES, "B")
