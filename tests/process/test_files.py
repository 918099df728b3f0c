"""Log files: their last lines, what is appended, rotation, truncation, and lines of any length."""

import asyncio
import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.base import SourceError
from cockpit.backends.pool import Pool
from cockpit.backends.process.files import BLOCK, FileRequest, follow_file
from cockpit.backends.process.lines import LONGEST, Splitter, leading_time
from cockpit.board.clock import SystemClock
from tests.patience import PATIENCE

POOL = Pool("test-files", 2)


async def read(path: Path, tail: int = 500, **window: datetime) -> list[bytes]:
    """The lines of a file, without following it."""
    request = FileRequest(path=str(path), tail=tail, follow=False, **window)
    return [line.data async for batch in follow_file(request, SystemClock(), POOL) for line in batch]


class Following:
    """Follows a file in a task and collects."""

    def __init__(self, path: Path) -> None:
        self.lines: list[bytes] = []
        self.notes: list[str] = []
        self._news = asyncio.Event()
        self._request = FileRequest(path=str(path))

    async def __aenter__(self) -> "Following":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async for batch in follow_file(self._request, SystemClock(), POOL, self.notes.append):
            self.lines += [line.data for line in batch]
            self._news.set()

    async def until(self, *lines: bytes) -> None:
        """Wait for exactly these lines."""
        async with asyncio.timeout(PATIENCE):
            while self.lines != list(lines):
                self._news.clear()
                await self._news.wait()


@pytest.mark.parametrize(
    ("content", "tail", "wanted"),
    [
        (b"", 5, []),
        (b"a\nb\nc\n", 2, [b"b", b"c"]),
        (b"a\nb\nc\n", 3, [b"a", b"b", b"c"]),
        (b"a\nb\nc\n", 0, []),
        (b"a\nb\nc", 1, [b"c"]),
        (b"a\r\nb\r\n", 9, [b"a", b"b"]),
        (b"\n\n\n", 2, [b"", b""]),
    ],
)
async def test_the_last_lines(tmp_path: Path, content: bytes, tail: int, wanted: list[bytes]) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(content)
    assert await read(path, tail) == wanted


async def test_the_last_lines_over_several_blocks(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    lines = [b"%06d %s" % (count, b"x" * 93) for count in range(10_000)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert path.stat().st_size > 3 * BLOCK
    assert await read(path, 9000) == lines[-9000:]


async def test_a_file_without_newlines_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"x" * 6_000_000)
    lines = await read(path)
    assert all(len(line) <= LONGEST for line in lines)


async def test_appending_rotation_and_truncation(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"old\n")
    async with Following(path) as tail:
        await tail.until(b"old")
        with path.open("ab") as file:
            file.write(b"one\ntw")
            file.flush()
            await tail.until(b"old", b"one")
            file.write(b"o\n")
            file.flush()
            await tail.until(b"old", b"one", b"two")
            path.rename(tmp_path / "app.log.1")
            file.write(b"late\n")
        path.write_bytes(b"new\n")
        await tail.until(b"old", b"one", b"two", b"late", b"new")
        path.write_bytes(b"")
        with path.open("ab") as file:
            await tail_settles(tail)
            file.write(b"x\n")
        await tail.until(b"old", b"one", b"two", b"late", b"new", b"x")
    assert tail.notes == [
        f"{path} was rotated: its successor from the start",
        f"{path} was truncated: again from the start",
    ]


async def tail_settles(tail: Following) -> None:
    """Wait until the truncation is noted."""
    async with asyncio.timeout(PATIENCE):
        while len(tail.notes) < 2:  # noqa: ASYNC110 - notes are a plain list
            await asyncio.sleep(0.01)


async def test_a_window_in_time(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(
        "2026-03-01T14:00:00Z early\n"
        "  its second line\n"
        "2026-03-01T15:00:00.5+01:00 Trace\n"
        "  at shop.py\n"
        "2026-03-01T14:30:00Z late\n"
    )
    since, until = datetime(2026, 3, 1, 14, 0, 0, 400000, UTC), datetime(2026, 3, 1, 14, 10, tzinfo=UTC)
    assert await read(path, since=since, until=until) == [b"2026-03-01T15:00:00.5+01:00 Trace", b"  at shop.py"]


async def test_what_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or directory"):
        await read(tmp_path / "none.log")
    with pytest.raises(SourceError, match="not a regular file"):
        await read(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="not a regular file"):
        await read(pipe)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"2026-03-01T14:00:00Z x", datetime(2026, 3, 1, 14, tzinfo=UTC)),
        (b"2026-03-01T14:00:00.123+02:00 x", datetime(2026, 3, 1, 12, 0, 0, 123000, UTC)),
        (b"2026-03-01 14:00:00,123Z x", datetime(2026, 3, 1, 14, 0, 0, 123000, UTC)),
        (b"2026-03-01 14:00:00,123 INFO no zone", None),
        (b"20 apples and nothing else", None),
        (b"", None),
    ],
)
def test_leading_times(line: bytes, wanted: datetime | None) -> None:
    assert leading_time(line) == wanted


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_lines_are_the_same_however_they_arrive(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut <= len(data))})
    splitter = Splitter()
    lines = [
        line.data
        for begin, end in pairwise(places)
        for line in splitter.feed(data[begin:end])
    ]  # fmt: skip
    lines += [line.data for line in splitter.flush()]
    wanted = data.split(b"\n")
    assert lines == [line.removesuffix(b"\r") for line in (wanted if wanted[-1] else wanted[:-1])]


def test_a_long_line_keeps_its_beginning() -> None:
    splitter = Splitter()
    assert splitter.feed(b"a" * 50_000) == []
    assert splitter.feed(b"b" * 50_000) == []
    (line,) = splitter.feed(b"c\nrest")
    assert (len(line.data), line.cut) == (LONGEST, 100_001 - LONGEST)
    assert [one.data for one in splitter.flush()] == [b"rest"]
