"""What the command line does with the journal."""

import json
from datetime import UTC
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock
from cockpit.incident import commands
from cockpit.incident.commands import At


@pytest.fixture
def at(tmp_path: Path) -> At:
    environ = {"COCKPIT_STATE": str(tmp_path / "state"), "SSH_CONNECTION": "10.0.0.5 1 10.0.0.1 22"}
    return At(clock=ManualClock(), zone=UTC, environ=environ)


def test_a_note_stands_in_the_timeline(at: At) -> None:
    noted = commands.note("13:27 ! fail over", at, service="redis", name="oncall")
    assert (noted.code, noted.lines) == (0, ("1 13:27:00 oncall decision: fail over",))
    shown = commands.timeline("kind:decision", "text", at)
    assert shown.lines == ("2026-03-01 13:27:00+0000 oncall decision fail over",)
    row = json.loads(commands.timeline("", "json", at).lines[0])["rows"][0]
    assert ["from", "10.0.0.5"] in row["facts"]
    assert ["service", "redis"] in row["facts"]
    assert "oncall, decision" in commands.timeline("", "markdown", at).lines[0]
    assert commands.timeline("kind:note", "text", at).lines == ("nothing to show for 'kind:note'",)


def test_wrong_use_is_told(at: At) -> None:
    assert commands.note("  ", at).code == 64
    assert commands.timeline("", "pdf", at).code == 64


def test_a_journal_is_verified(at: At, tmp_path: Path) -> None:
    assert commands.journal_verify(at).code == 2
    commands.note("one", at)
    commands.note("two", at)
    whole = commands.journal_verify(at)
    assert whole.code == 0
    assert whole.lines[0].endswith("journal.db: whole, 2 entries, 0 redacted")
    head = whole.lines[1].removeprefix("head ")
    assert commands.journal_verify(at, head=head).code == 0
    assert commands.journal_verify(at, head=f"2:{'0' * 64}").code == 1


def test_a_damaged_journal_is_no_traceback(at: At, tmp_path: Path) -> None:
    commands.note("one", at)
    file = tmp_path / "state/journal.db"
    data = bytearray(file.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    file.write_bytes(bytes(data))
    assert commands.journal_verify(at).code in (1, 2)
    file.write_bytes(b"not a database at all" * 100)
    broken = commands.note("two", at)
    assert broken.code == 2
    assert "file is not a database" in broken.lines[0]


def test_a_place_that_is_refused_says_why(at: At, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o2777)
    refused = commands.note("one", at)
    assert (refused.code, "open to everybody" in refused.lines[0]) == (2, True)
