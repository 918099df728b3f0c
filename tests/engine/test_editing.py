"""Changes of timeline entries through the engine: what may be changed, by whom, and the timeline as a file."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock
from cockpit.board.model import SafeText
from cockpit.board.secrets import Secrets
from cockpit.engine import editing
from cockpit.engine.port import CommandError, EditEntry, ExportTimeline
from cockpit.incident.entry import Draft
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.incident.place import prepare
from cockpit.incident.timeline import Timeline

SECRETS = Secrets({})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def journal(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Journal]:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    opened = await Journal.open(
        prepare(tmp_path / "state"),
        clock,
        Person(name="oncall", login="oncall"),
        scope="shop",
        environ={"XDG_RUNTIME_DIR": str(runtime)},
    )
    await opened.append(Draft(kind="note", text=SafeText("pool exhausted")))
    await opened.append(Draft(kind="state", text=SafeText("redis: down")))
    yield opened
    await opened.close()


async def test_words_and_time_are_edited_and_the_earlier_ones_kept(journal: Journal, clock: ManualClock) -> None:
    await editing.edit(journal, EditEntry(entry=1, how="edit", text="-5m pool of auth exhausted"), SECRETS, clock)
    row = next(row for row in Timeline(journal.entries).rows() if row.entry.id == 1)
    assert row.text == "pool of auth exhausted"
    assert row.happened == clock.now() - timedelta(minutes=5)
    assert [one.text for one in row.earlier] == ["pool exhausted"]


async def test_what_the_cockpit_recorded_is_annotated_never_reworded(journal: Journal, clock: ManualClock) -> None:
    with pytest.raises(CommandError, match="annotate it instead"):
        await editing.edit(journal, EditEntry(entry=2, how="edit", text="fine"), SECRETS, clock)
    await editing.edit(journal, EditEntry(entry=2, how="annotate", text="planned"), SECRETS, clock)
    row = next(row for row in Timeline(journal.entries).rows() if row.entry.id == 2)
    assert (row.text, [one.text for one in row.annotations]) == ("redis: down", ["planned"])


async def test_a_redacted_entry_has_no_words_left(journal: Journal, clock: ManualClock) -> None:
    await editing.edit(journal, EditEntry(entry=1, how="redact", text="a password"), SECRETS, clock)
    assert not [entry for entry in journal.entries if "pool" in entry.text]


async def test_an_entry_that_is_not_there_is_not_changed(journal: Journal, clock: ManualClock) -> None:
    with pytest.raises(CommandError, match="entry 99"):
        await editing.edit(journal, EditEntry(entry=99, how="pin"), SECRETS, clock)


async def test_the_file_is_private_and_never_replaces_another(
    journal: Journal, clock: ManualClock, tmp_path: Path
) -> None:
    rows = Timeline(journal.entries).rows()
    for name in ("t.md", "t.json"):
        path = tmp_path / name
        command = ExportTimeline(rows=rows, path=str(path))
        assert await editing.write(command, clock) == str(path)
        assert "pool exhausted" in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(CommandError, match="not replaced"):
            await editing.write(command, clock)
    assert len(json.loads((tmp_path / "t.json").read_text())["rows"]) == 2
