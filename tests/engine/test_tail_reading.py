"""Reading an open log: filtered and searched while lines come, found in both directions, counted, saved."""

import asyncio
import os
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cockpit.backends.pool import Pool
from cockpit.board.model import SafeText
from cockpit.engine.port import CommandError, FindLine, LogQuery, SaveLog
from cockpit.logs.line import Level, LogLine
from cockpit.logs.query import LogQuery as Query
from cockpit.logs.ring import CHUNK, Parsed, Ring
from cockpit.logs.view import View
from tests.engine.fakes import instance, raw, workload
from tests.engine.stage import Stage, stage

ONE, TWO = instance("web", 1), instance("web", 2)


@asynccontextmanager
async def filled(count: int) -> AsyncIterator[tuple[Stage, str]]:
    """A log of `count` lines: every tenth an error, every hundredth with its time out of order."""
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open()
        queue = on.source.stream("web-1-id")
        lines = [
            raw(n / 100, f"{n} {'ERROR failed' if n % 10 == 3 else 'INFO fine'} job {n % 7}") for n in range(count)
        ]
        for start in range(0, count, 1000):
            queue.put_nowait(lines[start : start + 1000])
        while on.status(tail).lines < count:
            await on.clock.advance(0.3)
        yield on, tail


async def settled(on: Stage, tail: str) -> None:
    await on.tails._tails[tail].searched()


async def test_a_filter_goes_through_the_whole_ring_while_lines_come() -> None:
    async with filled(5000) as (on, tail):
        on.tails.query(tail, LogQuery(pattern="error failed"))
        assert on.status(tail).searching
        on.feed("web-1", raw(60, "5003 ERROR failed late"))
        on.feed("web-1", raw(61, "5004 INFO late"))
        await settled(on, tail)
        await on.clock.advance(0.5)
        status = on.status(tail)
        assert status.rows == 501
        assert on.tails.window(tail, status.first_row + 500, 10).lines[0].text == "5003 ERROR failed late"
        assert status.lines == 5002
        on.tails.query(tail, LogQuery(pattern="ERROR", inverse=True, ignore_case=False))
        await settled(on, tail)
        assert on.status(tail).rows == 4501


async def test_a_newer_filter_takes_the_place_of_an_older_search() -> None:
    async with filled(5000) as (on, tail):
        on.tails.query(tail, LogQuery(pattern="job 1"))
        await asyncio.sleep(0)
        on.tails.query(tail, LogQuery(level=Level.ERROR))
        await settled(on, tail)
        assert on.status(tail).rows == 500
        assert {line.level for line in on.lines(tail)} == {Level.ERROR}


async def test_a_pattern_that_cannot_be_used_is_said_and_changes_nothing() -> None:
    async with filled(3000) as (on, tail):
        on.tails.query(tail, LogQuery(pattern="failed"))
        on.tails.query(tail, LogQuery(pattern="("))
        assert on.status(tail).error.startswith("pattern '(': missing )")
        await settled(on, tail)
        assert on.status(tail).rows == 300
        on.tails.query(tail, LogQuery())
        assert (on.status(tail).error, on.status(tail).rows) == ("", 3000)


async def test_only_some_instances_are_shown() -> None:
    async with stage(workload("web", ONE, TWO)) as on:
        tail = await on.open(query=LogQuery(sources=("web-2",)))
        for second in range(4):
            on.feed(f"web-{second % 2 + 1}", raw(second, f"line {second}"))
        await on.clock.advance(0.5)
        assert on.texts(tail) == ["line 1", "line 3"]
        assert on.status(tail).lines == 4


def find(tail: str, start: int, direction: int = 1, pattern: str = "", level: Level = Level.UNKNOWN) -> FindLine:
    return FindLine(tail=tail, start=start, direction=direction, pattern=pattern, level=level)  # type: ignore[arg-type]


async def test_matches_are_found_in_both_directions_and_end_at_the_edges() -> None:
    async with filled(3000) as (on, tail):
        assert await on.tails.find(find(tail, 0, pattern="failed")) == 3
        assert await on.tails.find(find(tail, 4, pattern="failed")) == 13
        assert await on.tails.find(find(tail, 12, -1, "failed")) == 3
        assert await on.tails.find(find(tail, 2, -1, "failed")) is None
        assert await on.tails.find(find(tail, 2994, pattern="failed")) is None
        assert await on.tails.find(find(tail, 3000, pattern="")) is None
        assert await on.tails.find(find(tail, 10**6, -1, "failed")) == 2993
        assert await on.tails.find(find(tail, -5, pattern="failed")) == 3


async def test_the_first_error_is_found_among_what_the_filter_leaves() -> None:
    async with filled(3000) as (on, tail):
        assert await on.tails.find(find(tail, 0, level=Level.ERROR)) == 3
        on.tails.query(tail, LogQuery(pattern="job 5"))
        row = await on.tails.find(find(tail, -(10**6), level=Level.ERROR))
        assert row is not None
        (line,) = on.tails.window(tail, row, 1).lines
        assert line.text == "33 ERROR failed job 5"
        on.tails.query(tail, LogQuery(pattern="fine"))
        assert await on.tails.find(find(tail, -(10**6), level=Level.ERROR)) is None


async def test_a_search_whose_filter_is_changed_says_so_instead_of_a_wrong_row() -> None:
    async with filled(5000) as (on, tail):
        searching = asyncio.ensure_future(on.tails.find(find(tail, 0, pattern="nowhere")))
        await asyncio.sleep(0)
        on.tails.query(tail, LogQuery(pattern="job 5"))
        with pytest.raises(CommandError, match="filter was changed"):
            await searching


async def test_a_wrong_pattern_to_find_is_one_line() -> None:
    async with filled(10) as (on, tail):
        with pytest.raises(CommandError, match=r"^pattern '\(': missing \)"):
            await on.tails.find(find(tail, 0, pattern="("))
        with pytest.raises(CommandError, match="this log is closed"):
            await on.tails.find(find("log-9", 0))


async def test_errors_are_counted_by_shape() -> None:
    async with filled(3000) as (on, tail):
        (top,) = await on.tails.top_errors(tail)
        assert (top.shape, top.count, top.example_seq) == ("… ERROR failed job …", 300, 2993)
        assert (top.first, top.last) == (raw(0.03, "").at, raw(29.93, "").at)


def written(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_what_is_shown_is_saved_in_a_new_private_file(tmp_path: Path) -> None:
    async with filled(3000) as (on, tail):
        on.tails.query(tail, LogQuery(pattern="failed"))
        path = await on.tails.save(SaveLog(tail, str(tmp_path / "log.txt")))
        lines = written(path)
        assert len(lines) == 300
        assert lines[0] == "2026-03-01T14:00:00.030000+00:00 web-1 3 ERROR failed job 3"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


async def test_saving_replaces_nothing_and_follows_no_link(tmp_path: Path) -> None:
    async with filled(10) as (on, tail):
        (tmp_path / "kept").write_text("mine")
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "at all")
        for name in ("kept", "link", "dangling"):
            with pytest.raises(CommandError, match=f"cannot save to {tmp_path}/{name}: it exists already"):
                await on.tails.save(SaveLog(tail, str(tmp_path / name)))
        assert (tmp_path / "kept").read_text() == "mine"
        assert not (tmp_path / "elsewhere").exists()
        with pytest.raises(CommandError, match="No such file or directory"):
            await on.tails.save(SaveLog(tail, str(tmp_path / "missing" / "log")))


async def test_a_file_that_cannot_be_written_to_its_end_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cockpit.engine.savelog._write", full)
    async with filled(10) as (on, tail):
        on.tails._pool = Pool("one", 1)
        with pytest.raises(CommandError, match="No space left on device"):
            await on.tails.save(SaveLog(tail, str(tmp_path / "log.txt")))
        await on.tails._pool.run(str)  # lets it begin what takes the file away, for which nobody waits
        await on.tails._pool.run(str)  # stands behind that: there is one worker
        assert names_in(tmp_path) == []


@pytest.mark.parametrize("query", [Query(), Query(pattern="beta"), Query(pattern="beta", context=1)])
def test_windows_are_whole_while_another_thread_appends(query: Query) -> None:
    """A reader sees consecutive rows with their own text, whatever falls off and comes while it looks."""
    ring = Ring(max_lines=4 * CHUNK)
    view = View(ring, query)
    for _ in view.search():
        pass
    done = threading.Event()
    wrong: list[object] = []
    looks = 0

    def read() -> None:
        nonlocal looks
        while not done.is_set() or not looks:
            first, rows = view.first_row, view.rows
            for start in (first, first + rows // 2, first + rows - 20):
                at, lines, matched = view.window(start, 40)
                wrong.extend(line for line in lines if not line.text.startswith(f"{line.seq} "))
                numbers = [line.seq for line in lines]
                if numbers != sorted(set(numbers)) or len(matched) != len(lines):
                    wrong.append(numbers)
                if not query.pattern and numbers and (at != numbers[0] or numbers[-1] - at != len(numbers) - 1):
                    wrong.append((at, numbers))
                if query.pattern and not query.context:
                    wrong.extend(line for line in lines if "beta" not in line.text)
                looks += 1

    reader = threading.Thread(target=read)
    reader.start()
    words = ("alpha", "beta", "gamma")
    for batch in range(150):
        numbers = range(batch * 200, batch * 200 + 200)
        ring.append([Parsed(None, "s", "", Level.INFO, SafeText(f"{n} {words[n % 3]}")) for n in numbers])
        view.extend()
    done.set()
    reader.join(30)
    assert wrong == []
    assert looks > 0
    last: LogLine = view.window(view.first_row + view.rows - 1, 1)[1][0]
    assert last.seq >= 30_000 - 3
