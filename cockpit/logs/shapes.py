"""Top errors: lines of the same shape counted together. What changes from line to line becomes `…`."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.logs.line import Level, LogLine
from cockpit.logs.ring import Ring
from cockpit.logs.structured import gist

HEAD = 500
"""Characters of a line that its shape is made of."""
STEP = 64
"""Error lines counted at once: a line full of quotes takes 0.1 ms."""
MAX_SHAPES = 2_000
"""Different shapes kept while counting; further ones are counted together as "other shapes"."""

_STAMP = re.compile(r"^\W*\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?\W*")
_CHANGING = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b"  # UUID
    r"|\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b"  # IPv4 with port
    r"|\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b"  # addresses, hashes
    r"|\"[^\"]{0,200}\"|'[^']{0,200}'"  # quoted values
    r"|\d+(?:\.\d+)?"
)


class ErrorShape(Struct, frozen=True, kw_only=True):
    """Error lines of one shape: how often, first and last seen, and the number of an example line."""

    shape: SafeText
    count: int
    level: Level
    first: datetime | None
    last: datetime | None
    example_seq: int


def shape_of(text: str) -> SafeText:
    """The shape of a line: no leading time, numbers, ids and quoted values as `…`, at most 200 characters.

    Of a line of fields (JSON, logfmt) what it says: its other fields differ from line to line.
    """
    said = gist(text) if "{" in text or "=" in text else None
    return SafeText(_CHANGING.sub("…", safe(said, HEAD) if said else _STAMP.sub("", text[:HEAD]))[:200])


class Shapes:
    """Counts error lines by shape; bounded."""

    def __init__(self) -> None:
        self._found: dict[str, ErrorShape] = {}

    def count(self, ring: Ring) -> Iterator[None]:
        """Count the error lines of a whole ring; yields after each step, between which the ring may change."""
        seq, end = ring.first, ring.end
        while seq < end and (chunk := ring.chunk_from(seq)) is not None:
            levels = chunk.levels[: end - chunk.start]
            bad = [index for index, level in enumerate(levels) if level >= Level.ERROR]
            for start in range(0, len(bad), STEP):
                self.add(chunk.line(index, ring.names) for index in bad[start : start + STEP])
                yield
            yield
            seq = chunk.end

    def add(self, lines: Iterable[LogLine]) -> None:
        """Count the lines of level ERROR and above."""
        for line in lines:
            if line.level < Level.ERROR:
                continue
            shape = shape_of(line.text)
            if shape not in self._found and len(self._found) >= MAX_SHAPES:
                shape = SafeText("other shapes")
            old = self._found.get(shape)
            self._found[shape] = ErrorShape(
                shape=shape,
                count=old.count + 1 if old else 1,
                level=max(old.level, line.level) if old else line.level,
                first=_least(old.first, line.at) if old else line.at,
                last=_most(old.last, line.at) if old else line.at,
                example_seq=line.seq,
            )

    def top(self, count: int = 50) -> tuple[ErrorShape, ...]:
        """The most frequent first; of equals the later seen first."""
        return tuple(sorted(self._found.values(), key=lambda found: (-found.count, -found.example_seq))[:count])


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _most(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
