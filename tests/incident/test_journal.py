"""The journal through its asynchronous face, on real files."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError, NotRecorded, TargetBusy
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.incident.place import prepare
from cockpit.incident.spill import Aside
from tests.patience import PATIENCE

Opener = Callable[..., Awaitable[Journal]]
ONCALL = Person(name="oncall", login="oncall")


def note(text: str, **more: object) -> Draft:
    return Draft(kind="note", text=safe(text), **more)  # type: ignore[arg-type]


def intent(run: str, target: str) -> Draft:
    return Draft(kind="intent", text=SafeText(f"restart {target}"), facts=(("target", target),), unique=f"intent:{run}")


@pytest.fixture
async def open_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opener]:
    # Only a test that says so has a disk that is too slow: a busy one is waited for.
    for name in ("journal.WRITE_WITHIN", "journal.CLOSE_WITHIN", "spill.PUT_WITHIN"):
        monkeypatch.setattr(f"cockpit.incident.{name}", PATIENCE)
    opened: list[Journal] = []
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)

    async def open_one(person: Person = ONCALL, scope: str = "shop", clock: ManualClock | None = None) -> Journal:
        place = prepare(tmp_path / "state")
        journal = await Journal.open(
            place, clock or ManualClock(), person, scope=scope, environ={"XDG_RUNTIME_DIR": str(runtime)}
        )
        opened.append(journal)
        return journal

    yield open_one
    for journal in opened:
        if journal._store is not None:
            await journal.close()


async def test_what_was_appended_is_there_after_opening_again(open_journal: Opener) -> None:
    journal = await open_journal()
    written = await journal.append(note("webhooks failing", facts=(("service", "hook-receiver"),)))
    await journal.close()
    again = await open_journal()
    assert written.id == 1
    assert again.entries == (written,)
    assert written.who == "oncall"
    assert written.recorded == written.happened == ManualClock().now()


async def test_a_unique_key_is_written_once(open_journal: Opener) -> None:
    journal = await open_journal()
    first = await journal.append(note("down", unique="state:redis:down"))
    second = await journal.append(note("down, again", unique="state:redis:down"))
    assert second == first
    assert len(journal.entries) == 1


async def test_the_second_intent_on_a_target_is_told_who_and_when(open_journal: Opener) -> None:
    one = await open_journal(Person(name="oncall", login="oncall"))
    two = await open_journal(Person(name="backup", login="backup"))
    await one.open_intent(intent("a", "redis"))
    with pytest.raises(TargetBusy, match=r"oncall is changing this since 14:00:00Z \(restart redis\)"):
        await two.open_intent(intent("b", "redis"))
    assert (await two.open_intent(intent("c", "kafka"))).id == 2
    await one.append(Draft(kind="verdict", text=SafeText("worked"), unique="verdict:a"))
    assert (await two.open_intent(intent("d", "redis"))).id == 4


async def test_entries_of_another_cockpit_are_seen_in_order(open_journal: Opener) -> None:
    clock = ManualClock()
    one, two = await open_journal(clock=clock), await open_journal()
    heard: list[Entry] = []
    seen = asyncio.Event()

    def listen(entries: object) -> None:
        heard.extend(entries)  # type: ignore[arg-type]
        seen.set()

    one.listen(listen)
    await two.append(note("from the other shell"))
    await one.append(note("from here"))
    assert [entry.text for entry in heard] == ["from the other shell", "from here"]
    seen.clear()
    await two.append(note("while idle"))
    following = asyncio.create_task(one.follow())
    await clock.advance(0.5)
    await asyncio.wait_for(seen.wait(), PATIENCE)
    following.cancel()
    assert [entry.id for entry in one.entries] == [1, 2, 3]


async def test_an_entry_is_kept_when_its_writer_is_cancelled(open_journal: Opener) -> None:
    journal = await open_journal()
    writing = asyncio.create_task(journal.append(note("on the way")))
    await asyncio.sleep(0)
    writing.cancel()
    last = await journal.append(note("after"))
    assert [entry.text for entry in journal.entries] == ["on the way", "after"]
    assert last.id == 2


async def test_only_the_recorder_writes_what_was_seen(open_journal: Opener) -> None:
    one, two = await open_journal(), await open_journal()
    other_profile = await open_journal(scope="bank")
    seen = Draft(kind="state", text=SafeText("redis down"), unique="state:redis:1")
    assert (one.recording, two.recording, other_profile.recording) == (True, False, True)
    assert await two.append_automatic([seen]) == ()
    assert len(await one.append_automatic([seen])) == 1
    assert len(await one.append_automatic([seen])) == 1
    assert len(one.entries) == 1


async def test_an_intent_dangles_once_its_cockpit_has_ended(open_journal: Opener) -> None:
    one = await open_journal()
    two = await open_journal()
    entry = await one.open_intent(intent("a", "redis"))
    assert await two.dangling() == ()
    await one.close()
    assert await two.dangling() == (entry,)
    assert (await two.open_intent(intent("b", "redis"))).id == 2


async def test_what_cannot_be_committed_is_set_aside_and_imported(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    blocker = sqlite3.connect(tmp_path / "state/journal.db", isolation_level=None)
    assert journal._store is not None
    journal._store.connection.execute("PRAGMA busy_timeout=1")
    blocker.execute("BEGIN IMMEDIATE")
    entry = await journal.open_intent(intent("a", "redis"))
    assert entry.id == 0
    assert len(list((tmp_path / "run/cockpit").iterdir())) == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    await journal.close()
    again = await open_journal()
    imported = again.entries[0]
    assert (imported.id, imported.unique, imported.happened) == (1, "intent:a", entry.happened)
    assert imported.facts[-1][0] == "set aside at"
    assert list((tmp_path / "run/cockpit").iterdir()) == []


async def test_a_full_disk_loses_nothing(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    assert journal._store is not None
    pages = journal._store.connection.execute("PRAGMA page_count").fetchone()[0]
    journal._store.connection.execute(f"PRAGMA max_page_count={pages}")
    written = [await journal.append(note(f"{number} {'x' * 3000}")) for number in range(6)]
    aside = [entry.text for entry in written if entry.id == 0]
    assert len(list((tmp_path / "run/cockpit").iterdir())) == len(aside) > 0
    journal._store.connection.execute("PRAGMA max_page_count=1000000")
    following = asyncio.create_task(journal.follow())
    imported = asyncio.Event()
    journal.listen(lambda entries: imported.set() if len(journal.entries) == 6 else None)
    clock = journal._clock
    assert isinstance(clock, ManualClock)
    await clock.advance(5.0)
    while not imported.is_set():
        await clock.advance(5.0)
    following.cancel()
    assert [entry.text for entry in journal.entries][-len(aside) :] == aside
    assert list((tmp_path / "run/cockpit").iterdir()) == []


async def test_it_says_so_when_nothing_takes_an_entry(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    journal._aside = Aside(tmp_path / "gone", journal.place.file)
    assert journal._store is not None
    journal._store.connection.execute("PRAGMA query_only=ON")
    with pytest.raises(NotRecorded, match="will not be recorded"):
        await journal.append(note("lost"))
    assert journal.entries == ()


async def test_a_redacted_text_is_forgotten_here_and_elsewhere(open_journal: Opener) -> None:
    one, two = await open_journal(), await open_journal()
    entry = await one.append(note("password is hunter2"))
    await two.append(note("seen"))
    assert two.entries[0].text == "password is hunter2"
    await one.redact(entry.id, "a password")
    await two.append(note("later"))
    assert [e.text for e in two.entries] == ["[redacted]", "seen", "a password", "later"]
    assert one.entries[0].text == "[redacted]"


async def test_a_file_that_is_no_journal_is_refused_with_the_reason(open_journal: Opener, tmp_path: Path) -> None:
    place = prepare(tmp_path / "state")
    place.file.write_bytes(b"not a database" * 100)
    with pytest.raises(JournalError, match=r"journal\.db: file is not a database"):
        await open_journal()


async def test_a_closed_journal_says_so_and_closes_once(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.close()
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.append(note("too late"))


@pytest.fixture
async def hung_disk(open_journal: Opener) -> AsyncIterator[tuple[Journal, threading.Event]]:
    """A journal whose thread waits for the disk until the event is set."""
    journal = await open_journal()
    released, entered = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        loop.call_soon_threadsafe(entered.set)
        released.wait(PATIENCE)

    hanging = asyncio.create_task(journal._worker.call(hang))
    await entered.wait()
    yield journal, released
    released.set()
    await hanging


async def test_a_disk_that_hangs_is_not_waited_for(
    hung_disk: tuple[Journal, threading.Event], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal, released = hung_disk
    monkeypatch.setattr("cockpit.incident.journal.WRITE_WITHIN", 0.05)
    entry = await journal.open_intent(intent("a", "redis"))
    aside = await journal.append(note("set aside"))
    assert (entry.id, aside.id) == (0, 0)
    assert len(list((tmp_path / "run/cockpit").iterdir())) == 2
    monkeypatch.setattr("cockpit.incident.journal.WRITE_WITHIN", PATIENCE)
    released.set()
    assert (await journal.append(note("after"))).id == 3  # the two were committed after all
    await journal._worker.call(journal._import)
    assert [one.text for one in journal.entries] == ["restart redis", "set aside", "after"]
    assert list((tmp_path / "run/cockpit").iterdir()) == []


async def test_the_queue_for_the_disk_is_bounded(hung_disk: tuple[Journal, threading.Event]) -> None:
    journal, _ = hung_disk
    journal._worker.most = 0
    assert (await journal.append(note("one too many"))).id == 0
    with pytest.raises(JournalError, match="waiting for the disk: 1 entries are not recorded"):
        await journal.append_automatic([note("seen")])


async def test_a_journal_on_a_hung_disk_still_closes(
    hung_disk: tuple[Journal, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = hung_disk
    monkeypatch.setattr("cockpit.incident.journal.CLOSE_WITHIN", 0.05)
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.append(note("too late"))


async def test_files_are_private(open_journal: Opener, tmp_path: Path) -> None:
    await (await open_journal()).append(note("x"))
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "state").iterdir()}
    assert set(modes.values()) == {"0o600"}, modes
    assert os.stat(tmp_path / "state").st_mode & 0o777 == 0o700
