"""What a log view shows of its ring: a question about lines, and the compiled form that answers it chunk by chunk."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import Pattern
from cockpit.logs.ring import NOTE, Chunk, Ring, microseconds


class LogQuery(Struct, frozen=True, kw_only=True):
    """What a log view shows of its ring. pattern is RE2; level: at least this severe (UNKNOWN: all).

    sources: only lines of these instances (as `TailStatus.sources` names them; empty: all). context: lines before and
    after each match that are shown too.
    """

    pattern: str = ""
    inverse: bool = False
    ignore_case: bool = True
    level: Level = Level.UNKNOWN
    since: datetime | None = None
    until: datetime | None = None
    context: int = 0
    sources: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """True when no line is left out."""
        bounded = self.since is not None or self.until is not None
        return not (self.pattern or self.level is not Level.UNKNOWN or self.sources or bounded)


class Matcher:
    """A compiled query over one ring. PatternError when its pattern cannot be used."""

    def __init__(self, query: LogQuery, ring: Ring) -> None:
        self.query = query
        self.pattern = Pattern(query.pattern, query.ignore_case)
        self._ring = ring
        self._since = microseconds(query.since) if query.since else None
        self._until = microseconds(query.until) if query.until else None

    def steps(self, chunk: Chunk, start: int = 0, stop: int | None = None) -> Iterator[list[int]]:
        """Indices of the lines of a chunk, from `start` to before `stop`, that match; some 600 lines a step."""
        stop = len(chunk.texts) if stop is None else min(stop, len(chunk.texts))
        names = self._ring.names
        wanted = {number for number, name in enumerate(names) if name in self.query.sources}
        for found in self._by_text(chunk, start, stop):
            yield self._left(chunk, found, wanted)

    def matches(self, line: LogLine) -> bool:
        """Whether one line is what the query asks for (context lines are not)."""
        query = self.query
        if query.sources and line.source not in query.sources:
            return False
        if query.pattern and self.pattern.matches(line.text) == query.inverse:
            return False
        if query.level is not Level.UNKNOWN and line.level < query.level and not line.note:
            return False
        if query.since and (line.at is None or line.at < query.since):
            return False
        return not (query.until and (line.at is None or line.at > query.until))

    def _by_text(self, chunk: Chunk, start: int, stop: int) -> Iterator[list[int]]:
        if not (self.query.inverse and self.query.pattern):
            yield from self.pattern.steps(chunk.texts, start, stop)
            return
        hit: set[int] = set()
        for found in self.pattern.steps(chunk.texts, start, stop):
            hit.update(found)
            yield []
        yield [row for row in range(start, stop) if row not in hit]

    def _left(self, chunk: Chunk, found: list[int], wanted: set[int]) -> list[int]:
        query = self.query
        if query.level is not Level.UNKNOWN:
            # A note of the cockpit has no level and stays: it explains a gap.
            levels, flags = chunk.levels, chunk.flags
            found = [row for row in found if levels[row] >= query.level or flags[row] & NOTE]
        if query.sources:
            found = [row for row in found if chunk.names[row] in wanted]
        if self._since is not None:
            found = [row for row in found if chunk.times[row] >= self._since]
        if self._until is not None:
            found = [row for row in found if chunk.times[row] <= self._until]
        return found
