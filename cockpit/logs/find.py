"""Finding the next row that matches: step by step, over lines that keep coming and falling off."""

from collections.abc import Iterator

from cockpit.logs.line import Level
from cockpit.logs.pattern import Pattern
from cockpit.logs.ring import Chunk
from cockpit.logs.view import View


def find(view: View, pattern: Pattern, level: Level, start: int, direction: int) -> Iterator[int | None]:
    """Yields None after each step of work (some 600 lines), then the row, if there is one, as the last value.

    start: the first row looked at; beyond the rows on the side of `direction` nothing is found, on the other side all
    are looked at. level: at least this severe; the cockpit's own notes are no errors.
    """
    return _forward(view, pattern, level, start) if direction > 0 else _backward(view, pattern, level, start)


def _forward(view: View, pattern: Pattern, level: Level, start: int) -> Iterator[int | None]:
    end, seq = view.ring.end, view.seq_at(start)
    while seq < end and (chunk := view.ring.chunk_from(seq)) is not None:
        stop = min(chunk.end, end)
        for part in pattern.steps(chunk.texts, max(0, seq - chunk.start), stop - chunk.start):
            for found in _shown(view, chunk, part, level):
                yield view.row_of(found)
                return
            yield None
        seq = stop


def _backward(view: View, pattern: Pattern, level: Level, start: int) -> Iterator[int | None]:
    end = min(view.ring.end, view.seq_at(start) + 1)
    while (chunk := view.ring.chunk_before(end)) is not None:
        last = -1
        for part in pattern.steps(chunk.texts, 0, end - chunk.start):
            last = max(_shown(view, chunk, part, level), default=last)
            yield None
        if last >= 0:
            yield view.row_of(last)
            return
        end = chunk.start


def _shown(view: View, chunk: Chunk, rows: list[int], level: Level) -> Iterator[int]:
    for row in rows:
        if chunk.levels[row] >= level and view.shows(chunk.start + row):
            yield chunk.start + row
