"""The journal's file: what it refuses, what the chain shows, what a redaction leaves."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.clock import ManualClock
from cockpit.board.text import safe
from cockpit.incident import schema
from cockpit.incident.audit import audit
from cockpit.incident.edits import annotate, edit, mark, redaction
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.place import prepare
from cockpit.incident.rows import columns_of, entry_of
from cockpit.incident.store import Stamp, Store, stamper
from tests.patience import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return prepare(tmp_path / "state").file


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


@pytest.fixture
def stamp() -> Stamp:
    return stamper(ManualClock().now, "oncall", "bastion")


def note(text: str) -> Draft:
    return Draft(kind="note", text=safe(text))


COPIED = "happened, recorded, who, host, kind, subject, facts"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET who = 'somebody' WHERE id = 1",
        "DELETE FROM entry WHERE id = 2",
        "UPDATE body SET text = 'other' WHERE id = 1",
        "DELETE FROM body WHERE id = 1",
        "INSERT OR REPLACE INTO body VALUES (1, x'00', 'other')",
        f"INSERT OR REPLACE INTO entry SELECT 1, {COPIED}, '', digest, chain FROM entry WHERE id = 2",
        f"INSERT INTO entry SELECT 9, {COPIED}, '', digest, chain FROM entry WHERE id = 2",
        f"INSERT OR REPLACE INTO entry SELECT 3, {COPIED}, 'key', digest, chain FROM entry WHERE id = 2",
    ],
)
def test_what_is_written_stays(store: Store, stamp: Stamp, statement: str) -> None:
    first = Draft(kind="note", text=safe("one"), unique="key")
    store.append([first, note("two")], stamp)
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute(statement)
    assert [entry.text for entry in store.newest()] == ["one", "two"]
    assert audit(store.raw()).whole


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE entry SET who = 'somebody' WHERE id = 2", "entry 2: changed"),
        ("UPDATE entry SET facts = '[]' WHERE id = 2", "entry 2: changed"),
        ("UPDATE body SET text = 'other' WHERE id = 2", "entry 2: its text was changed"),
        ("DELETE FROM body WHERE id = 2", "entry 2: its text is gone, but no redaction"),
        ("DELETE FROM body WHERE id = 2; DELETE FROM entry WHERE id = 2", "entry 2: missing (the next one is 3)"),
    ],
)
def test_the_chain_shows_what_was_tampered_with(store: Store, stamp: Stamp, tampering: str, problem: str) -> None:
    drafts = [note("one"), Draft(kind="note", text=safe("two"), facts=(("service", "redis"),)), note("three")]
    store.append(drafts, stamp)
    drop_triggers(store.connection)
    for statement in tampering.split(";"):
        store.connection.execute(statement)
    problems = audit(store.raw()).problems
    assert problems
    assert problems[0].startswith(problem)


def drop_triggers(connection: sqlite3.Connection) -> None:
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def test_an_exported_head_shows_a_journal_that_was_cut_short(store: Store, stamp: Stamp) -> None:
    store.append([note("one"), note("two"), note("three")], stamp)
    head = audit(store.raw()).head
    assert head.startswith("3:")
    store.append([note("four")], stamp)
    assert audit(store.raw(), head).whole
    drop_triggers(store.connection)
    store.connection.execute("DELETE FROM body WHERE id > 2")
    store.connection.execute("DELETE FROM entry WHERE id > 2")
    assert audit(store.raw()).whole
    assert "was rewritten or cut short" in audit(store.raw(), head).problems[0]


def test_redacted_texts_are_gone_from_the_file(path: Path, stamp: Stamp) -> None:
    store = Store(path)
    chance = random.Random(40)  # of 60 seeds this one leaves a copy in a merged page when the file is not rewritten
    texts = [f"SECRET{number:03d}-{'x' * chance.randrange(10, 1500)}" for number in range(200)]
    store.append([note(text) for text in texts], stamp)
    gone = chance.sample(range(200), 60)
    for number in gone:
        redaction(store, number + 1, "a password", stamp)
    data = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert [number for number in gone if texts[number][:9].encode() in data] == []
    assert all(texts[number][:9].encode() in data for number in range(200) if number not in gone)
    found = audit(store.raw())
    assert (found.problems, found.redacted) == ((), 60)
    assert store.newest(300)[gone[0]].text == "[redacted]"
    store.close()


def test_a_redaction_takes_the_edits_along(store: Store, stamp: Stamp) -> None:
    (entry,) = store.append([note("password hunter2")], stamp)
    store.append([edit(entry, "the password hunter2 leaked")], stamp)
    assert len(redaction(store, 1, "a password", stamp)) == 2
    assert [one.text for one in store.newest()] == ["[redacted]", "[redacted]", "a password", "a password"]
    with pytest.raises(JournalError, match="it is a redaction"):
        redaction(store, 3, "", stamp)
    with pytest.raises(JournalError, match="there is none"):
        redaction(store, 99, "", stamp)


def test_a_reader_of_old_pages_is_named_and_the_redaction_stands(path: Path, stamp: Stamp) -> None:
    store, reader = Store(path), sqlite3.connect(path, isolation_level=None)
    store.connection.execute("PRAGMA busy_timeout=1")
    store.append([note("hunter2")], stamp)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM body").fetchall()
    with pytest.raises(JournalError, match="the redaction stands"):
        redaction(store, 1, "a password", stamp)
    reader.execute("COMMIT")
    reader.close()
    assert store.newest()[0].text == "[redacted]"
    store.scrub()
    assert b"hunter2" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    store.close()


def test_system_entries_are_annotated_never_reworded(store: Store, stamp: Stamp) -> None:
    (entry,) = store.append([Draft(kind="state", text=safe("redis down"))], stamp)
    with pytest.raises(JournalError, match="annotate it instead"):
        edit(entry, "redis fine")
    assert annotate(entry, "planned").subject == "1"
    assert mark(entry, "pin").kind == "pin"
    with pytest.raises(JournalError, match="not a mark"):
        mark(entry, "edit")


def test_an_older_file_is_migrated_whole_or_not_at_all(path: Path, stamp: Stamp) -> None:
    store = Store(path)
    store.append([note("one")], stamp)

    def add_column(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE extra (id INTEGER)")

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE broken (id INTEGER)")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        schema.migrate(store.connection, (*schema.STEPS, add_column, fail))
    tables = {row[0] for row in store.connection.execute("SELECT name FROM sqlite_master")}
    assert not tables & {"extra", "broken"}
    assert schema.migrate(store.connection, (*schema.STEPS, add_column)) == 2
    assert audit(store.raw()).whole
    store.close()
    with pytest.raises(JournalError, match="schema 2, this cockpit knows up to 1"):
        Store(path)


moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(max_size=80).map(safe)


@given(happened=moments, recorded=moments, text=texts, who=texts, facts=st.lists(st.tuples(texts, texts), max_size=4))
def test_an_entry_comes_back_from_its_row(
    happened: object, recorded: object, text: str, who: str, facts: list[tuple[str, str]]
) -> None:
    entry = Entry(
        id=7, happened=happened, recorded=recorded, who=who, host="h", kind="note", text=safe(text),  # type: ignore[arg-type]
        facts=tuple(facts), subject="s", unique="u",
    )  # fmt: skip
    back = entry_of((*columns_of(entry), entry.text))
    assert back == entry
    assert columns_of(back) == columns_of(entry)


def test_hostile_text_is_made_safe_before_it_is_kept(store: Store, stamp: Stamp) -> None:
    draft = Draft(
        kind="note", text="a\x1b]0;x\x07b\udcff", facts=(("k\x1b[2J", "v\u202e"),), who="x\ny"  # type: ignore[arg-type]
    )  # fmt: skip
    (entry,) = store.append([draft], stamp)
    assert (entry.text, entry.facts, entry.who) == ("ab", (("k", "v"),), "x y")
    assert store.newest() == [entry]


def test_several_may_open_a_new_journal_at_once(tmp_path: Path) -> None:
    def open_one(path: Path, together: threading.Barrier) -> int:
        together.wait(PATIENCE)
        store = Store(path)
        try:
            return len(store.newest())
        finally:
            store.close()

    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            path = prepare(tmp_path / str(number)).file
            together = threading.Barrier(4)
            opened = [pool.submit(open_one, path, together) for _ in range(4)]
            assert [one.result(PATIENCE) for one in opened] == [0, 0, 0, 0]
