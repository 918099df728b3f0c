"""The rows of a ring that a query leaves, kept up to date as lines come and go.

Row numbers are absolute: a row keeps its number while older ones are found (they get smaller, even negative numbers)
and while lines fall off the head. Without a query a row's number is its line's `seq`.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from cockpit.logs.line import LogLine
from cockpit.logs.query import LogQuery, Matcher
from cockpit.logs.ring import Ring


class View:
    """One query over one ring. `search` and `extend` belong to the thread that appends; the rest may be called from
    any. PatternError when the query's pattern cannot be used."""

    def __init__(self, ring: Ring, query: LogQuery) -> None:
        self.ring, self.query = ring, query
        self.matcher = Matcher(query, ring)
        self.searching = not query.everything
        self._all = query.everything
        self._seqs = array("q")
        self._base = 0
        self._begun = self._seen = ring.end
        """Lines before `_begun` are the search's, those from `_seen` on have not been looked at."""
        self._last_match = -(2**62)

    @property
    def first_row(self) -> int:
        """Number of the first row."""
        return self.ring.first if self._all else self._base

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.ring.end - self.ring.first if self._all else len(self._seqs)

    def search(self) -> Iterator[None]:
        """Go through what was in the ring when the view was made, newest first; yields after each step (< 10 ms).

        `extend` is to be called once it is through.
        """
        if self._all:
            return
        end, found = self._begun, list[list[int]]()
        while (chunk := self.ring.chunk_before(end)) is not None:
            rows: list[int] = []
            for part in self.matcher.steps(chunk, 0, end - chunk.start):
                rows += [chunk.start + row for row in part]
                yield
            if self.query.context:
                found.append(rows)
            else:
                self._prepend(array("q", rows))
            end = chunk.start
        if self.query.context:
            self._prepend(self._with_context([seq for rows in reversed(found) for seq in rows]))
        self.searching = False

    def extend(self) -> None:
        """Take in the lines appended since, and let go of those that fell off."""
        if self._all or (self.searching and self.query.context):
            # With context a new line may belong to an old match: new ones wait for the search, which ends in ~50 ms.
            return
        ring = self.ring
        self._seen = start = max(self._seen, ring.first)
        end, matched, seq = ring.end, list[int](), start
        while seq < end and (chunk := ring.chunk_from(seq)) is not None:
            for part in self.matcher.steps(chunk, seq - chunk.start):
                matched += [chunk.start + row for row in part]
            seq = chunk.end
        with ring.lock:
            self._add_new(matched, start, end)
            self._seen = end
            gone = bisect_left(self._seqs, ring.first)
            if gone:
                del self._seqs[:gone]
                self._base += gone

    def window(self, start: int, count: int) -> tuple[int, tuple[LogLine, ...], tuple[bool, ...]]:
        """Up to `count` rows from row `start` (or the first): the first one's number, lines, matched."""
        if self._all:
            start = max(start, self.ring.first)
            lines = self.ring.window(range(start, min(self.ring.end, start + count)))
            return (lines[0].seq if lines else start), lines, (True,) * len(lines)
        with self.ring.lock:
            index = max(0, start - self._base)
            seqs = list(self._seqs[index : index + count])
            start = self._base + index
        lines = self.ring.window(seqs)
        start += len(seqs) - len(lines)
        if not self.query.context:
            return start, lines, (True,) * len(lines)
        return start, lines, tuple(self.matcher.matches(line) for line in lines)

    def row_of(self, seq: int) -> int:
        """The row that shows line `seq`, or the next one after it."""
        if self._all:
            return min(max(seq, self.ring.first), self.ring.end)
        with self.ring.lock:
            return self._base + bisect_left(self._seqs, seq)

    def shows(self, seq: int) -> bool:
        """Whether line `seq` has a row."""
        if self._all:
            return self.ring.first <= seq < self.ring.end
        with self.ring.lock:
            index = bisect_left(self._seqs, seq)
            return index < len(self._seqs) and self._seqs[index] == seq

    def seq_at(self, row: int) -> int:
        """The line in row `row`: `ring.end` beyond the last row, the number before the first line ahead of all rows."""
        with self.ring.lock:
            index, rows = row - self.first_row, self.rows
            if index < 0:
                return self.ring.first - 1
            if index >= rows:
                return self.ring.end
            return row if self._all else self._seqs[index]

    def _prepend(self, seqs: "array[int]") -> None:
        with self.ring.lock:
            self._seqs = seqs + self._seqs
            self._base -= len(seqs)

    def _add_new(self, matched: list[int], start: int, end: int) -> None:
        context = self.query.context
        if not context:
            self._seqs.extend(matched)
            return
        hit = set(matched)
        for seq in range(start, end):
            if seq in hit:
                shown = self._seqs[-1] if self._seqs else -1
                self._seqs.extend(range(max(shown + 1, seq - context, self.ring.first), seq + 1))
                self._last_match = seq
            elif 0 <= seq - self._last_match <= context:
                self._seqs.append(seq)

    def _with_context(self, matched: list[int]) -> "array[int]":
        context, rows, shown, end = self.query.context, array("q"), self.ring.first - 1, self._begun
        for seq in matched:
            rows.extend(range(max(shown + 1, seq - context), min(end, seq + context + 1)))
            shown = max(shown, min(end - 1, seq + context))
        if matched:
            self._last_match = matched[-1]
        return rows
