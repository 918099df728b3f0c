"""A bounded store of log lines: the newest 100,000 lines or 16 MiB, what fell off is counted.

Lines are kept in chunks of 1,024 lines or 256 KiB, whichever comes first, as parallel arrays (20 bytes a line beside
its text, where an object a line would cost 200). What falls off is a whole chunk. A lock guards each step: the engine
appends, the screen's thread reads windows.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from sys import getsizeof
from threading import Lock
from typing import NamedTuple

from cockpit.board.model import SafeText
from cockpit.logs.line import Level, LogLine

CHUNK = 1024
CHUNK_BYTES = 256 * 1024
MAX_LINES = 100_000
MAX_BYTES = 16 * 2**20
MAX_NAMES = 1_000
"""Instances told apart in one log; further ones are shown as "others"."""

LINE_OVERHEAD = 24
"""Bytes of the arrays' cells for one line."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NONE = -(2**62)
NOTE = 8
_STREAMS = ("", "out", "err")
_FLAG = {stream: flag for flag, stream in enumerate(_STREAMS)}


class Parsed(NamedTuple):
    """A line before it has its number."""

    at: datetime | None
    source: str
    stream: str
    level: Level
    text: SafeText
    note: bool = False


class Chunk:
    """Consecutive lines as parallel arrays; `times` in microseconds since 1970, `size` in bytes."""

    __slots__ = ("flags", "levels", "names", "size", "start", "texts", "times")

    def __init__(self, start: int) -> None:
        self.start = start
        self.texts: list[SafeText] = []
        self.times = array("q")
        self.levels = bytearray()
        self.names = array("H")
        self.flags = bytearray()
        self.size = 0

    @property
    def end(self) -> int:
        """Number after its last line."""
        return self.start + len(self.texts)

    def line(self, index: int, names: Sequence[str]) -> LogLine:
        """Line `index` of this chunk as a value."""
        time, flags = self.times[index], self.flags[index]
        return LogLine(
            self.start + index,
            None if time == _NONE else _EPOCH + timedelta(microseconds=time),
            names[self.names[index]],
            _STREAMS[flags & 3],
            Level(self.levels[index]),
            self.texts[index],
            bool(flags & NOTE),
        )


def microseconds(at: datetime | None) -> int:
    """`at` as microseconds since 1970; None sorts before every time."""
    if at is None:
        return _NONE
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Ring:
    """The lines of one tail. Numbers (`seq`) count from 0 and never repeat, so a gap is what was lost.

    `append` and `bound` belong to one thread; everything else may be called from any.
    """

    def __init__(self, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> None:
        self.max_lines, self.max_bytes = max_lines, max_bytes
        self.lock = Lock()
        self.end = 0
        self.size = 0
        self.names: tuple[str, ...] = ()
        self._chunks: list[Chunk] = []
        self._starts: list[int] = []
        self._numbers: dict[str, int] = {}

    @property
    def first(self) -> int:
        """Number of the oldest line kept; equals `end` when there is none."""
        starts = self._starts
        return starts[0] if starts else self.end

    @property
    def dropped(self) -> int:
        """Lines that fell off the head."""
        return self.first

    def append(self, lines: Sequence[Parsed]) -> None:
        """Add lines in order; the oldest chunks go when a bound is passed."""
        start = 0
        while start < len(lines):
            with self.lock:
                start += self._add(lines[start : start + CHUNK])
                self._shed()

    def bound(self, max_bytes: int) -> None:
        """Keep at most so many bytes from now on."""
        with self.lock:
            self.max_bytes = max_bytes
            self._shed()

    def window(self, seqs: Iterable[int]) -> tuple[LogLine, ...]:
        """The lines with these numbers that are still kept."""
        with self.lock:
            first, end, found = self.first, self.end, []
            for seq in seqs:
                if first <= seq < end:
                    chunk = self._chunks[bisect_right(self._starts, seq) - 1]
                    found.append(chunk.line(seq - chunk.start, self.names))
            return tuple(found)

    def chunk_before(self, seq: int) -> Chunk | None:
        """The last chunk with a line before `seq`."""
        with self.lock:
            index = bisect_left(self._starts, seq) - 1
            return self._chunks[index] if index >= 0 else None

    def chunk_from(self, seq: int) -> Chunk | None:
        """The first chunk with a line from `seq` on."""
        with self.lock:
            index = max(0, bisect_right(self._starts, seq) - 1)
            if index < len(self._chunks) and self._chunks[index].end <= seq:
                index += 1
            return self._chunks[index] if index < len(self._chunks) else None

    def _add(self, lines: Sequence[Parsed]) -> int:
        """Put as many of these lines into the newest chunk as fit, column by column; how many that were."""
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is None or len(chunk.texts) == CHUNK or chunk.size >= CHUNK_BYTES:
            chunk = Chunk(self.end)
            self._chunks.append(chunk)
            self._starts.append(self.end)
        lines = lines[: CHUNK - len(chunk.texts)]
        sizes = list(accumulate([getsizeof(line.text) + LINE_OVERHEAD for line in lines], initial=chunk.size))
        # Up to and with the line that passes the bound of a chunk.
        lines = lines[: bisect_left(sizes, CHUNK_BYTES)]
        size = sizes[len(lines)] - chunk.size
        ats, sources, streams, levels, texts, notes = zip(*lines, strict=True)
        chunk.texts.extend(texts)
        chunk.times.extend(map(microseconds, ats))
        chunk.levels.extend(levels)
        # Nearly always all lines of a call are one instance's.
        same = sources.count(sources[0]) == len(sources)
        chunk.names.extend([self._number(sources[0])] * len(sources) if same else map(self._number, sources))
        flags = [_FLAG.get(stream, 0) for stream in streams]
        if True in notes:
            flags = [flag | NOTE if own else flag for flag, own in zip(flags, notes, strict=True)]
        chunk.flags.extend(flags)
        chunk.size += size
        self.size += size
        self.end += len(lines)
        return len(lines)

    def _number(self, source: str) -> int:
        number = self._numbers.get(source)
        if number is None:
            if len(self.names) == MAX_NAMES:
                return MAX_NAMES - 1
            number = self._numbers[source] = len(self.names)
            self.names = (*self.names, source if number < MAX_NAMES - 1 else "others")
        return number

    def _shed(self) -> None:
        gone = 0
        while gone < len(self._chunks) - 1 and (
            self.size > self.max_bytes or self.end - self._starts[gone + 1] >= self.max_lines
        ):
            self.size -= self._chunks[gone].size
            gone += 1
        if gone:
            del self._chunks[:gone], self._starts[:gone]
