"""What the board, safe text, masking and recordings cost."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.model import ReadingState
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.board.update import Changed, Listed, Probed, Sampled, Update
from cockpit.check import to_json
from cockpit.engine.recording import Recorder
from cockpit.engine.replay import load_snapshot
from tests.benchmarks.table import Table
from tests.board.fleet import START, board_of, busy, fleet


def milliseconds(work: Callable[[], object], times: int = 30) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent) * 1000


def each(board: Board, updates: Iterable[Update]) -> float:
    """Milliseconds for one update and the snapshot after it, in the middle."""
    spent = []
    for update in updates:
        began = time.perf_counter()
        board.apply(update)
        board.snapshot()
        spent.append(time.perf_counter() - began)
    return median(spent) * 1000


def of(updates: Iterable[Update], kind: type[Update]) -> list[Update]:
    """Those of one kind."""
    return [update for update in updates if isinstance(update, kind)]


@pytest.mark.parametrize(("services", "instances"), [(60, 2), (200, 2), (200, 25)])
def test_changes(services: int, instances: int, table: Table) -> None:
    profile, updates = fleet(services, instances=instances)
    board = board_of(profile, updates)
    size = f"{services} services, {services * instances} instances"
    news = list(busy(services, instances=instances, seconds=30))
    flips: list[Update] = []
    for update in news:
        if isinstance(update, Probed):
            state = ReadingState.DOWN if len(flips) % 2 else ReadingState.OK
            flips.append(Probed(at=update.at, reading=replace(update.reading, state=state)))
    table.most(f"{size}: a probe's latency changes", each(board, of(news, Probed)), 1, "ms")
    table.most(f"{size}: a probe goes down or back", each(board, flips), 1, "ms")
    table.most(f"{size}: a container dies or comes back", each(board, of(news, Changed)), 1, "ms")
    table.tell(f"{size}: numbers of all at once", each(board, of(news, Sampled)), "ms")
    table.tell(f"{size}: snapshot when nothing changed", milliseconds(board.snapshot) * 1000, "us")


@pytest.mark.parametrize(("services", "instances"), [(60, 2), (200, 2), (200, 25)])
def test_lists(services: int, instances: int, table: Table) -> None:
    profile, updates = fleet(services, instances=instances)
    listed = [update for update in updates if isinstance(update, Listed)]
    size = f"{services} services, {services * instances} instances"

    def first() -> None:
        board = Board(profile, ManualClock(START))
        for update in listed:
            board.apply(update)
        board.snapshot()

    board = board_of(profile, updates)

    copies = [msgspec.json.decode(msgspec.json.encode(update), type=Listed) for update in listed]

    def again() -> None:
        for update in copies:
            board.apply(update)
        board.snapshot()

    table.tell(f"{size}: first list and snapshot", milliseconds(first, 10), "ms")
    table.tell(f"{size}: the same list again", milliseconds(again, 10), "ms")
    table.tell(f"{size}: check --json", milliseconds(lambda: to_json(board.snapshot()), 10), "ms")


LINES = {
    "plain": "14:27:52.118 ERROR pool exhausted after 30000 ms (size 20, waiting 118) host=db-1 x",
    "a word that may lead a secret": "14:27:52.118 INFO GET http://api.example:8080/auth/token 200 in 3 ms, 118 of 20",
    "with a secret": "14:27:52.118 INFO connecting to postgres://app:hunter2hunter2@db:5432/shop with 20 of 118",
    "not ASCII": "14:27:52.118 ERROR pool exhausted → 30000 ms (größe 20, waiting 118) host=db-1 x 12345",
    "coloured": "14:27:52.118 \x1b[31mERROR\x1b[0m pool exhausted after 30000 ms (size 20, waiting 118) host=db-1",
    "emoji": "14:27:52.118 🔥 pool exhausted after 30000 ms (size 20, waiting 118) host=db-1 x 12345678",
}


def test_lines(table: Table) -> None:
    secrets = Secrets([f"value-of-secret-{number}" for number in range(10)])
    for name, line in LINES.items():
        count = 20_000
        began = time.perf_counter()
        for _ in range(count):
            safe(line)
        cleaned = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(count):
            secrets.mask(safe(line))
        masked = time.perf_counter() - began
        table.tell(f"lines made safe: {name}", count / cleaned, "/s")
        table.tell("  and masked, 10 known values", count / masked, "/s")


def test_recording(tmp_path: Path, table: Table) -> None:
    profile, updates = fleet(60)
    updates += busy(60, seconds=600)
    path = tmp_path / "r.gz"
    recorder = Recorder(path, profile, ManualClock(START))
    began = time.perf_counter()
    for update in updates:
        recorder.write(update)
    spent = time.perf_counter() - began
    recorder.flush()
    recorder.close()
    table.tell("recording 60 services: an update written", spent / len(updates) * 1e6, "us")
    table.tell("  ten minutes' file", path.stat().st_size / 1024, "KiB")
    began = time.perf_counter()
    load_snapshot(path)
    table.tell("  read and applied", (time.perf_counter() - began) * 1000, "ms")
