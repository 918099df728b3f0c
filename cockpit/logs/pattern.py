"""Patterns from people run on RE2 (linear time), over the joined text of many lines: one C call for some 600 of them.

The binding keeps the interpreter to itself during a call, so each call gets only as much text as a pattern of its size
reads in a few milliseconds, and a pattern that takes 10 ms to compile is refused.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

MOST_PATTERN = 1_000
"""Characters of a pattern."""
COMPILED_BYTES = 2**20
"""What RE2 may use for a pattern; it gives up after about 5 ms when that is not enough."""
SLICE_BYTES = 64 * 1024
LEAST_SLICE = 2 * 1024
WORK = 2_000_000
"""Bytes of text x instructions of the pattern in one call: under 10 ms also for the worst patterns known."""


class PatternError(ValueError):
    """A pattern that RE2 refuses; str(error) is one line."""


class Pattern:
    """A compiled pattern. Empty matches every line. PatternError when it cannot be used."""

    def __init__(self, pattern: str, ignore_case: bool = True) -> None:
        self.text = pattern
        self._compiled: Any = _compile(pattern, ignore_case) if pattern else None
        size = max(1, self._compiled.programsize) if self._compiled is not None else 1
        self.stride = max(LEAST_SLICE, min(SLICE_BYTES, WORK // size))
        """Bytes of text looked at in one call (a longer line is looked at whole)."""

    def matches(self, line: str) -> bool:
        """Whether one line matches."""
        return self._compiled is None or self._compiled.search(line.encode()) is not None

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where it matches in one line, for highlighting; at most 100."""
        if self._compiled is None:
            return []
        found = []
        for match in self._compiled.finditer(line):
            if match.end() > match.start():
                found.append((match.start(), match.end()))
            if len(found) == 100:
                break
        return found

    def rows(self, lines: Sequence[str]) -> list[int]:
        """Indices of the lines that match, ascending."""
        return [row for part in self.steps(lines) for row in part]

    def steps(self, lines: Sequence[str], start: int = 0, stop: int | None = None) -> Iterator[list[int]]:
        """The same for lines[start:stop], a call's worth at a time."""
        stop = len(lines) if stop is None else min(stop, len(lines))
        if self._compiled is None:
            yield list(range(start, stop))
            return
        while start < stop:
            # Bytes, not text: for text the binding counts characters from the start at every call (quadratic).
            encoded, size = list[bytes](), 0
            for line in lines[start:stop]:
                data = line.encode()
                if encoded and size + len(data) > self.stride:
                    break
                encoded.append(data)
                size += len(data) + 1
            yield [start + row for row in self._rows(encoded)]
            start += len(encoded)

    def _rows(self, encoded: list[bytes]) -> list[int]:
        joined = b"\n".join(encoded)
        ends = list(accumulate([len(line) + 1 for line in encoded]))
        found: list[int] = []
        position, length = 0, len(joined)
        search = self._compiled.search
        # One search a matching line: after a match go on at the next line's start.
        while position <= length and len(found) < len(encoded):
            match = search(joined, position)
            if match is None:
                break
            row = bisect_right(ends, match.start())
            if row >= len(encoded):
                break
            found.append(row)
            position = ends[row]
        return found


def _compile(pattern: str, ignore_case: bool) -> Any:
    import re2

    if len(pattern) > MOST_PATTERN:
        raise PatternError(f"pattern {pattern[:20]!r}...: longer than {MOST_PATTERN} characters")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.never_nl = True
    # Only where it matches is asked for, and groups make a search three times as slow.
    options.never_capture = True
    options.max_mem = COMPILED_BYTES
    options.log_errors = False
    try:
        # (?m) anchors ^ and $ at each joined line; never_nl keeps a match inside its line.
        return re2.compile(f"(?m){pattern}", options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise PatternError(f"pattern {pattern!r}: {reason}") from None
