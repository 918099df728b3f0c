"""The journal: appends a second, and how long ten thousand entries take to open, fold and filter."""

import time
from pathlib import Path

from cockpit.board.clock import SystemClock
from cockpit.board.text import safe
from cockpit.incident import filter
from cockpit.incident.audit import audit
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.incident.place import prepare
from cockpit.incident.store import Store, stamper
from cockpit.incident.timeline import Timeline, curated
from tests.benchmarks.table import Table, walls

ENTRIES = 10_000


def fill(path: Path) -> None:
    store = Store(path)
    stamp = stamper(SystemClock().now, "oncall", "bastion")
    drafts = [
        Draft(
            kind="state" if number % 3 else "note", text=safe(f"service-{number % 60}: down (exit 137, {number})"),
            facts=(("service", f"service-{number % 60}"), ("state", "down"), ("was", "ok"), ("profile", "shop")),
            unique=f"state:{number}",
        )
        for number in range(ENTRIES)
    ]  # fmt: skip
    store.append(drafts, stamp)
    store.close()


async def test_ten_thousand_entries_open(tmp_path: Path, table: Table) -> None:
    place = prepare(tmp_path / "state")
    fill(place.file)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        journal = await Journal.open(
            place, SystemClock(), Person(name="oncall", login="oncall"), environ={"XDG_RUNTIME_DIR": str(tmp_path)}
        )
        times.append(time.perf_counter() - began)
        assert len(journal.entries) == ENTRIES
        await journal.close()
    table.most("journal of 10,000 entries opens", min(times) * 1000, 100, "ms")


def test_ten_thousand_entries_fold_filter_and_verify(tmp_path: Path, table: Table) -> None:
    place = prepare(tmp_path / "state")
    fill(place.file)
    store = Store(place.file)
    entries: list[Entry] = store.newest()
    rows = Timeline(entries).rows()
    assert len(rows) == ENTRIES
    table.tell("  folded into a timeline", walls(lambda: curated(Timeline(entries).rows()))[0] * 1000, "ms")
    wanted = filter.parse("kind:note service:service-7 exit")
    table.most("journal of 10,000 entries filtered", walls(lambda: wanted.of(rows))[0] * 1000, 50, "ms")
    table.tell("  verified", walls(lambda: audit(store.raw()), 3)[0] * 1000, "ms")
    assert audit(store.raw()).whole
    store.close()


async def test_appends_a_second(tmp_path: Path, table: Table) -> None:
    place = prepare(tmp_path / "state")
    journal = await Journal.open(
        place, SystemClock(), Person(name="oncall", login="oncall"), environ={"XDG_RUNTIME_DIR": str(tmp_path)}
    )
    began = time.perf_counter()
    for number in range(500):
        await journal.append(Draft(kind="note", text=safe(f"note {number}")))
    length = time.perf_counter() - began
    table.tell("journal entries appended, each committed and fsynced", 500 / length, "/s")
    assert len(journal.entries) == 500
    await journal.close()
