"""Follows a log file over rotation and truncation, by reading: no inotify (network file systems have none), no mmap."""

import os
import stat
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.pool import Pool
from cockpit.backends.process.lines import Splitter
from cockpit.board.clock import Clock
from cockpit.logs.line import RawLine

BLOCK = 256 * 1024
TAIL_SPAN = 4 * 1024 * 1024
"""Bytes from the end in which old lines are looked for."""
QUICK, SLOW = 0.1, 0.25
"""Seconds between two reads, while lines come and when none do."""


class FileRequest(Struct, frozen=True, kw_only=True):
    """Which lines are wanted. tail: at most so many old ones (within 4 MiB of the end). since and until hold for lines
    that begin with a time and those that follow them."""

    path: str
    tail: int = 500
    follow: bool = True
    since: datetime | None = None
    until: datetime | None = None


async def follow_file(
    request: FileRequest, clock: Clock, pool: Pool, note: Callable[[str], None] = lambda _: None
) -> AsyncIterator[list[RawLine]]:
    """Lines in batches, each read at most 256 KiB. Ends at the file's end when it need not follow.

    note is called with what happened to the file ("rotated", "truncated"). SourceError: it cannot be opened or read.
    """
    reader = Reader(request.path)
    window = _Window(request)
    try:
        await _guarded(request.path, pool, reader.open, request.tail)
        wait = QUICK
        while True:
            lines, happened, more = await _guarded(request.path, pool, reader.read, not request.follow)
            if happened:
                note(happened)
            kept = [line for line in lines if window.allows(line)]
            if kept:
                yield kept
            if more:
                continue
            if not request.follow:
                return
            wait = QUICK if lines else min(SLOW, wait + 0.05)
            await clock.sleep(wait)
    finally:
        reader.close()


async def _guarded(path: str, pool: Pool, function: Callable[..., "_Read"], *arguments: object) -> "_Read":
    try:
        return await pool.run(function, *arguments)
    except OSError as error:
        raise SourceError(f"log file {path}: {(error.strerror or str(error)).lower()}") from None


_Read = tuple[list[RawLine], str, bool]
"""(lines, what happened to the file, whether more can be read at once)"""


class Reader:
    """The open file and how far it is read. Its calls block: they belong in a thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1
        self._identity = (0, 0)
        self._position = 0
        self._splitter = Splitter()

    def open(self, tail: int) -> _Read:
        """Open it and stand before its last `tail` lines. OSError."""
        self._reopen()
        self._position = self._start_of(tail)
        return [], "", True

    def read(self, to_end: bool = False) -> _Read:
        """What was written since. to_end: nothing more is waited for, so a last line without its newline counts."""
        chunk = os.pread(self._file, BLOCK, self._position)
        self._position += len(chunk)
        lines = self._splitter.feed(chunk)
        if len(chunk) == BLOCK:
            return lines, "", True
        if to_end:
            return [*lines, *self._splitter.flush()], "", False
        happened = "" if chunk else self._look()
        if happened:
            lines += self._splitter.flush()
        return lines, happened, bool(happened)

    def close(self) -> None:
        """Close it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _look(self) -> str:
        """Whether the path is another file by now, or the file shorter than what was read; then stand at its start."""
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return ""  # between the two steps of a rotation
        if (now.st_dev, now.st_ino) != self._identity:
            if os.fstat(self._file).st_size > self._position:
                return ""  # the last lines of the old file came in between: read them first
            self._reopen()
            return f"{self._path} was rotated: its successor from the start"
        if now.st_size < self._position:
            self._position = 0
            return f"{self._path} was truncated: again from the start"
        return ""

    def _reopen(self) -> None:
        # O_NONBLOCK: opening a named pipe would wait for a writer.
        opened = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            os.close(opened)
            raise OSError(0, "not a regular file")
        self.close()
        self._file, self._identity, self._position = opened, (found.st_dev, found.st_ino), 0

    def _start_of(self, tail: int) -> int:
        """Where the last `tail` lines begin; a line that reaches further back than 4 MiB is left out."""
        size = os.fstat(self._file).st_size
        end, wanted = size, tail + 1
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            wanted = tail  # the last line has no newline yet
        if wanted <= 0:
            return size
        while end > 0 and size - end < TAIL_SPAN:
            begin = max(0, end - BLOCK)
            block = os.pread(self._file, end - begin, begin)
            at = len(block)
            while (at := block.rfind(b"\n", 0, at)) >= 0:
                wanted -= 1
                if wanted == 0:
                    return begin + at + 1
            end = begin
        return end if end == 0 else end + max(0, os.pread(self._file, BLOCK, end).find(b"\n")) + 1


class _Window:
    """Leaves out lines before `since` and after `until`; a line without a time goes with the one before it."""

    def __init__(self, request: FileRequest) -> None:
        self._since, self._until = request.since, request.until
        self._inside = True

    def allows(self, line: RawLine) -> bool:
        """Whether this line is wanted; lines come in their order."""
        if line.at is not None:
            early = self._since is not None and line.at < self._since
            late = self._until is not None and line.at > self._until
            self._inside = not early and not late
        return self._inside
