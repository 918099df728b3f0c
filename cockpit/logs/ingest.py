"""Raw lines become safe, masked, levelled ones, a batch at a time: 100,000 lines a second is the aim.

A batch is decoded, checked and masked as one joined text, in slices that take a few milliseconds. Only lines that hold
something to be removed or masked are looked at alone.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, repeat
from operator import attrgetter
from typing import cast

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.logs.level import level_of
from cockpit.logs.line import RawLine
from cockpit.logs.ring import Parsed

LINE_LIMIT = 16_384
"""Characters kept of one line; what is cut is counted at its end."""

SLICE_LINES, SLICE_BYTES = 256, 64 * 1024
"""What is handled at once, so that no single call in C takes more than about 3 ms (masking reads some 30 MB/s)."""

_WHOLE = 2**20
"""More than any raw line holds: safe text is cut after masking, or half a secret could stay at the cut."""

_KEY_BEGIN, _KEY_END = "PRIVATE KEY-----", "-----END"
_KEY_LINE = re.compile(r"[\s\"']{0,4}(?:[A-Za-z0-9+/=]{0,80}|(?:Proc-Type|DEK-Info): .{0,80})[\s\"'\\n,]{0,6}")

_AT, _STREAM, _DATA, _CUT, _PART = map(attrgetter, ("at", "stream", "data", "cut", "part"))

Mask = Callable[[str], str]


def _no_mask(text: str) -> str:
    return text


class Ingest:
    """Reads the lines of one instance, batch after batch, and knows when it is inside a private key."""

    def __init__(self, source: str, mask: Mask = _no_mask) -> None:
        self._source, self._mask = source, mask
        self._in_key: set[str] = set()

    def __call__(self, batch: Sequence[RawLine]) -> list[Parsed]:
        """The lines of a batch as they may be kept."""
        found: list[Parsed] = []
        for part in slices(batch):
            texts = self._texts(part)
            columns = (map(_AT, part), self._sources(part), map(_STREAM, part), map(level_of, texts), texts)
            found += map(Parsed._make, zip(*columns, repeat(False), strict=False))
        return found

    def _sources(self, batch: Sequence[RawLine]) -> Iterable[str]:
        source = self._source
        if not any(map(_PART, batch)):
            return repeat(source)
        return [f"{source}/{raw.part}" if raw.part else source for raw in batch]

    def _texts(self, batch: Sequence[RawLine]) -> list[SafeText]:
        joined = b"\n".join(map(_DATA, batch)).decode("utf-8", "replace")
        lines = joined.split("\n")
        if len(lines) != len(batch):
            # A backend that leaves newlines inside a line: each is read alone, where they become blanks.
            lines = [raw.data.decode("utf-8", "replace") for raw in batch]
        plain = joined.replace("\n", "")
        if not (plain.isascii() and plain.isprintable()):
            lines = [safe(_last_redraw(line), _WHOLE) for line in lines]
        texts = self._masked(lines)
        if self._in_key or _KEY_BEGIN in joined:
            texts = [self._without_key(raw.stream, text) for raw, text in zip(batch, texts, strict=True)]
        if max(map(len, texts)) > LINE_LIMIT:
            texts = [safe(text, LINE_LIMIT) for text in texts]
        if any(map(_CUT, batch)):
            texts = [
                SafeText(f"{text} … +{raw.cut} bytes") if raw.cut else text
                for raw, text in zip(batch, texts, strict=True)
            ]
        return texts

    def _masked(self, lines: list[str] | list[SafeText]) -> list[SafeText]:
        joined = "\n".join(lines)
        masked = self._mask(joined)
        if masked == joined:
            return cast("list[SafeText]", lines)
        changed = masked.split("\n")
        if len(changed) != len(lines):
            return [SafeText(self._mask(line)) for line in lines]
        # A pattern may have reached over the end of a line: what it changed is masked again, line by line.
        return [
            SafeText(line if line == other else self._mask(line)) for line, other in zip(lines, changed, strict=True)
        ]

    def _without_key(self, stream: str, text: SafeText) -> SafeText:
        """`text`, or "***" when it is a line of a private key that was begun on a line before."""
        if stream in self._in_key:
            if _KEY_LINE.fullmatch(text):
                return SafeText("***") if text.strip() else text
            self._in_key.discard(stream)
        begin = text.rfind(_KEY_BEGIN)
        if begin >= 0 and _KEY_END not in text:
            self._in_key.add(stream)
        return text


def ingest(source: str, batch: Sequence[RawLine], mask: Mask = _no_mask) -> list[Parsed]:
    """The lines of one instance as they may be kept."""
    return Ingest(source, mask)(batch)


def slices(batch: Sequence[RawLine]) -> Iterator[Sequence[RawLine]]:
    """A batch in parts that are each read in one go, for who lets others have their turn in between."""
    start = 0
    while start < len(batch):
        part = batch[start : start + SLICE_LINES]
        sizes = list(accumulate(map(len, map(_DATA, part))))
        if sizes[-1] > SLICE_BYTES:
            part = part[: max(1, bisect_right(sizes, SLICE_BYTES))]
        yield part
        start += len(part)


def _last_redraw(line: str) -> str:
    """A carriage return redraws its line on a terminal: what stands after the last one is what would be seen."""
    if "\r" not in line:
        return line
    line = line.rstrip("\r")
    return line.rpartition("\r")[2] or line
