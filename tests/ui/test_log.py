"""The log: follow and pause, filter and find, windows, copy and save, long and hostile lines."""

from datetime import UTC

import pytest

from cockpit.board.model import SafeText
from cockpit.engine.port import ErrorShape, FindLine, OpenTail, SaveLog, SetQuery
from cockpit.logs.line import Level
from cockpit.logs.query import LogQuery
from cockpit.ui.logfilter import FilterError, log_filter
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import AT, FakePort


def long_log(count: int = 100) -> FakePort:
    """A log of numbered lines."""
    port = scene.port()
    port.lines.clear()
    port.write(*(f"INFO line {number}" for number in range(count)), source="hook-receiver-1")
    return port


def opened(port: FakePort) -> list[OpenTail]:
    """The logs that were opened."""
    return [command for command in port.sent if isinstance(command, OpenTail)]


async def test_it_follows_until_the_reader_moves_up_and_counts_what_is_new() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l")
        assert "line 99" in screen.line(22)
        await screen.press("k", "k")
        assert "paused" in screen.line(2)
        before = screen.line(20)
        screen.port.write("INFO more", "INFO and more", source="hook-receiver-1")
        await screen.until(lambda: "+2 new" in screen.line(2))
        assert screen.line(20) == before
        await screen.press("G")
        await screen.press("j")
        assert "and more" in screen.line(22)
        assert "following" in screen.line(2)


async def test_paging_stops_at_both_ends() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", *["pageup"] * 9)
        assert "line 0" in screen.line(3)
        await screen.press("g", "pagedown")
        assert "line 19" in screen.text()


async def test_wrapping_keeps_the_end_in_sight() -> None:
    port = long_log(5)
    port.write("INFO " + "x" * 200 + " the end", source="hook-receiver-1")
    async with shown(port) as screen:
        await screen.press("l", "w")
        assert "the end" in screen.text()
        await screen.press("t")
        assert "14:32" not in screen.line(5)
        await screen.press("w", "right", "right", "right", "right")
        assert "the end" in screen.text()


async def test_a_filter_searches_the_whole_log() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", "slash", *"level:warn time", "enter")
        queries = [command.query for command in screen.port.sent if isinstance(command, SetQuery)]
        assert queries[-1] == LogQuery(pattern="time", level=Level.WARN)
        assert "/level:warn time" in screen.line(2)
        await screen.press("escape")
        assert "/level" not in screen.line(2)
        assert [command.query for command in screen.port.sent if isinstance(command, SetQuery)][-1] == LogQuery()


async def test_a_pattern_that_cannot_be_used_is_said_and_changes_nothing() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", "slash", *"a(b", "enter")
        assert "pattern 'a(b'" in screen.line(23)
        assert not [command for command in screen.port.sent if isinstance(command, SetQuery) and command.query.pattern]


async def test_finding_goes_to_the_line_and_marks_what_was_found() -> None:
    port = long_log()
    port.answers["FindLine"] = 40
    async with shown(port) as screen:
        await screen.press("l", "slash", *"~line 4", "enter")
        assert "line 40" in screen.text()
        assert "paused" in screen.line(2)
        await screen.press("e")
        assert [command.level for command in port.sent if isinstance(command, FindLine)][-1] is Level.ERROR
        port.answers["FindLine"] = None
        await screen.press("n")
        assert "no later line has /line 4/" in screen.line(23)


async def test_windows_and_the_run_before() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", "4")
        assert opened(screen.port)[-1].since_seconds == 3600
        await screen.press("0")
        assert (opened(screen.port)[-1].since_seconds, opened(screen.port)[-1].tail) == (None, 10_000)
        await screen.press("p")
        assert opened(screen.port)[-1].previous
        assert "the run before" in screen.line(2)


async def test_an_absolute_window_opens_the_log_anew() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", "slash", *"since:14:20 until:14:30", "enter")
        last = opened(screen.port)[-1]
        assert (last.since, last.until) == (AT.replace(minute=20), AT.replace(minute=30))


async def test_marked_lines_are_copied() -> None:
    async with shown(long_log()) as screen:
        await screen.press("l", "g", "m", "j", "j", "m", "c")
        copied = screen.emulator.clipboard or ""
        assert copied.splitlines() == ["14:32:00.000 INFO line 0", "14:32:00.236 INFO line 2"]
        assert "2 lines copied" in screen.line(23)


async def test_saving_says_where() -> None:
    port = long_log()
    port.answers["SaveLog"] = "/tmp/log.txt"
    async with shown(port) as screen:
        await screen.press("l", "ctrl+s")
        assert "saved as /tmp/log.txt" in screen.line(23)
        assert SaveLog("t1") in port.sent


async def test_top_errors_lead_to_an_example() -> None:
    port = long_log()
    shape = ErrorShape(
        shape=SafeText("pool … exhausted"), count=118, level=Level.ERROR, first=AT, last=AT, example_seq=50
    )
    port.answers["TopErrors"] = (shape,)
    async with shown(port) as screen:
        await screen.press("l", "E")
        assert "118 ERROR 14:32:00-14:32:00" in screen.text()
        assert "pool … exhausted" in screen.text()
        await screen.press("enter")
        assert "line 50" in screen.text()


async def test_a_json_line_is_laid_out() -> None:
    port = long_log(3)
    port.write('{"level":"error","msg":"boom","at":{"file":"a.py","line":3}}', source="hook-receiver-1")
    async with shown(port) as screen:
        await screen.press("l", "enter")
        assert '"file": "a.py",' in screen.text()


async def test_json_lines_are_read_as_fields_or_as_they_came() -> None:
    port = long_log(1)
    port.write(
        '{"ts":"2026-03-01T14:32:00Z","level":"error","msg":"boom \\u001b[2J","order":{"id":7}}',
        source="hook-receiver-1",
    )
    async with shown(port) as screen:
        await screen.press("l")
        assert screen.line(4).split()[1:] == ["ERROR", "boom", 'order={"id":7}']
        await screen.press("J")
        assert '"level":"error"' in screen.line(4)


async def test_the_log_of_marked_services_is_merged() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("space", "space", "l")
        assert {"hook-receiver", "postgres"} in [set(command.services) for command in opened(screen.port)]
        assert "hook-receiver + postgres: log" in screen.line(2)


@pytest.mark.parametrize("text", ["[/]", "[@click=app.exit]go[/]", "[bold", "$primary", "\\", "{}", "漢字" * 60])
async def test_what_looks_like_markup_is_text(text: str) -> None:
    port = long_log(2)
    port.write(text, source="hook-receiver-1")
    async with shown(port) as screen:
        await screen.press("l")
        if text.isascii():
            assert screen.line(5).endswith(text)
        assert screen.line(23).endswith("? help")


async def test_the_log_whole() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("l")
        golden("log-80x24", screen.text())


def test_a_filter_line_is_read() -> None:
    made = log_filter("!health level:error context:3", AT)
    assert made.query == LogQuery(pattern="health", inverse=True, level=Level.ERROR, context=3)
    assert log_filter("Pool", AT).query.ignore_case is False
    assert log_filter("since:15m", AT).query.since == AT.replace(minute=17)
    assert log_filter("since:23:50", AT, UTC).query.since == AT.replace(day=28, month=2, hour=23, minute=50)
    assert log_filter("~a b", AT).find == "a b"


@pytest.mark.parametrize("text", ["level:loud", "context:x", "context:99", "since:25:00", "until:now"])
def test_a_filter_line_that_is_wrong_says_why(text: str) -> None:
    with pytest.raises(FilterError, match=text.partition(":")[2][:2]):
        log_filter(text, AT)
