"""What supports an entry: marked log lines go with a note, what is at hand is linked to what stands, all is shown."""

from datetime import timedelta

from msgspec.structs import replace

from cockpit.board.model import SafeText
from cockpit.engine.port import AddNote, EditEntry
from cockpit.incident.timeline import Timeline
from cockpit.logs.level import level_of
from cockpit.logs.line import LogLine
from cockpit.ui.evidence import LONGEST, MOST_LINES, captures, of_lines
from tests.ui import scene
from tests.ui.drive import shown
from tests.ui.fakeport import AT, FakePort


def lines(*texts: str) -> list[LogLine]:
    """Log lines, a second apart."""
    return [
        LogLine(seq, AT + timedelta(seconds=seq), "auth-1", "out", level_of(text), SafeText(text))
        for seq, text in enumerate(texts)
    ]


def edits(port: FakePort) -> list[EditEntry]:
    """The changes of entries that were asked for."""
    return [command for command in port.sent if isinstance(command, EditEntry)]


def test_lines_are_kept_with_their_times_and_bounded() -> None:
    found = of_lines(lines("ERROR a", "x" * 2000), "auth")
    assert found.text == "2 lines of the log of auth, 14:32:00Z to 14:32:01Z"
    kept = [value for name, value in found.facts if name == "line"]
    assert kept[0] == "14:32:00.000Z auth-1 ERROR a"
    assert len(kept[1]) < LONGEST + 40
    many = of_lines(lines(*["INFO x"] * (MOST_LINES + 5)), "auth")
    assert ("left out", "5 more lines") in many.facts


def test_captures_are_found_in_results() -> None:
    kept = (("kept", "evidence/log.txt 120 bytes sha256 ab12"),)
    result = replace(scene.entry(9, 5, "result", "oncall", "step 1 of 2: accepted", "result:r9:1"), facts=kept)
    (found,) = captures(Timeline((result,)).rows())
    assert found.facts == kept


async def test_marked_lines_go_with_the_note() -> None:
    port = scene.port()
    port.answers["AddNote"] = scene.entry(7, 0, "note", "oncall", "pool too small")
    async with shown(port) as screen:
        await screen.press("l", "g", "m", "down", "m")
        assert "2 marked" in screen.line(2)
        await screen.press("i", *"pool too small", "enter")
        (note,) = [command for command in port.sent if isinstance(command, AddNote)]
        assert (note.text, note.service) == ("pool too small", "hook-receiver")
        (link,) = edits(port)
        assert (link.entry, link.how) == (7, "evidence")
        assert [value.split(" ", 2)[2] for name, value in link.facts if name == "line"] == [
            "ERROR pool exhausted after 30000 ms (size 20, waiting 118)",
            "FATAL out of memory: cannot allocate 67108864 bytes",
        ]
        assert "with 2 lines as evidence" in screen.line(23)
        assert "marked" not in screen.line(2)


async def test_esc_takes_the_marks_of_a_log_away_first() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("l", "g", "m", "escape")
        assert "hook-receiver: log" in screen.line(2)
        assert "marked" not in screen.line(2)


async def test_a_note_that_is_not_saved_links_nothing() -> None:
    port = scene.port()
    port.answers["AddNote"] = scene.entry(0, 0, "note", "oncall", "pool too small")
    async with shown(port) as screen:
        await screen.press("l", "g", "m", "i", *"x", "enter")
        assert edits(port) == []
        assert "not saved yet" in screen.line(23)
        assert "1 marked" in screen.line(2)


async def test_what_is_at_hand_is_linked_to_an_entry_and_shown_under_it() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await screen.press("T", "L", "enter")
        (link,) = edits(port)
        assert (link.entry, link.how) == (4, "evidence")
        assert ("answer", "connection refused") in link.facts
        linked = replace(scene.entry(5, 0, "evidence", "oncall", link.text), subject="4", facts=link.facts)
        await screen.push(timeline=(*scene.TIMELINE, linked))
        assert "evidence  oncall probe health of hook-receiver" in screen.text()


async def test_a_row_that_only_memory_holds_says_so() -> None:
    unsaved = scene.entry(0, 0, "note", "oncall", "the disk is full", "once:1")
    async with shown(scene.port()) as screen:
        await screen.push(timeline=(*scene.TIMELINE, unsaved))
        assert "the disk is full  (not saved)" in screen.text()
        await screen.press("T")
        assert "the disk is full  (not saved)" in screen.text()
        assert "note, not saved" in screen.text()
        await screen.press("e")
        assert "not saved yet: nothing can be said of it" in screen.line(23)
