"""Cuts a stream of bytes into lines of bounded length."""

from datetime import UTC, datetime

from cockpit.logs.line import RawLine

LONGEST = 64 * 1024


class Splitter:
    """Whole lines from chunks; a line longer than 64 KiB keeps its beginning and counts the rest."""

    def __init__(self) -> None:
        self._part = bytearray()
        self._cut = 0

    def feed(self, chunk: bytes) -> list[RawLine]:
        """The lines that `chunk` completes."""
        *whole, rest = chunk.split(b"\n")
        lines = []
        for piece in whole:
            self._keep(piece)
            lines.append(self._line())
        self._keep(rest)
        return lines

    def flush(self) -> list[RawLine]:
        """The line that was begun and will not be completed, if there is one."""
        return [self._line()] if self._part or self._cut else []

    def _keep(self, piece: bytes) -> None:
        room = LONGEST - len(self._part)
        self._part += piece[:room]
        self._cut += max(0, len(piece) - room)

    def _line(self) -> RawLine:
        data = bytes(self._part.removesuffix(b"\r"))
        line = RawLine(leading_time(data), "", data, self._cut)
        self._part.clear()
        self._cut = 0
        return line


def leading_time(line: bytes) -> datetime | None:
    """The time at the start of a line, when it is ISO 8601 with its zone ("2026-03-01T14:00:00.123Z ..."), else None.

    A time without a zone could be local or UTC: it is not guessed.
    """
    if len(line) < 20 or line[:2] != b"20" or line[4:5] != b"-":
        return None
    first, _, rest = line[:64].partition(b" ")
    text = first if b"T" in first else first + b"T" + rest.partition(b" ")[0]
    try:
        found = datetime.fromisoformat(text.rstrip(b":,]").replace(b",", b".").decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)
