"""Reads the engine's log streams: bytes in, whole lines out, however they were cut on the way.

Two forms: frames of an 8-byte header [stream, 0, 0, 0, size] and a payload, and the raw bytes of a TTY. Each message
begins with its time (`timestamps=1`). The engine cuts lines at 16 KiB and gives each piece a time of its own: those in
the middle of a line are taken out again. What stands in front of a reader's end without a newline is a line too.
"""

import struct
from datetime import datetime
from typing import Protocol

from cockpit.backends.docker.times import moment
from cockpit.logs.line import RawLine

LINE_LIMIT = 64 * 1024
"""Bytes of one line that are kept; the rest is counted in `RawLine.cut`."""
PIECE = 16 * 1024
"""Where the engine cuts a line."""

_HEADER = struct.Struct(">BxxxL")
_STREAMS = {0: "out", 1: "out", 2: "err", 3: "err"}
_STAMP = 31
"""Length of "2026-03-01T14:27:52.118000000Z " with its blank."""
_LARGE = 256 * 1024
"""A frame beyond this is read as it comes; smaller ones are waited for."""


class LineReader(Protocol):
    """Takes bytes as they come and gives the lines that are whole."""

    def feed(self, data: bytes) -> list[RawLine]:
        """Lines that `data` completes, in order."""
        ...

    def rest(self) -> list[RawLine]:
        """What is left when the stream has ended."""
        ...


class _Line:
    """One line that is not whole yet."""

    __slots__ = ("_cut", "_kept")

    def __init__(self) -> None:
        self._kept = bytearray()
        self._cut = 0

    def __bool__(self) -> bool:
        return bool(self._kept)

    def add(self, piece: bytes) -> None:
        room = max(0, LINE_LIMIT + _STAMP - len(self._kept))
        self._kept += piece[:room]
        self._cut += max(0, len(piece) - room)

    def take(self, stream: str) -> RawLine:
        line = to_line(bytes(self._kept), stream, self._cut)
        self._kept.clear()
        self._cut = 0
        return line


class FrameReader:
    """Lines of a multiplexed stream; standard output and error are put together separately."""

    def __init__(self) -> None:
        self._buffer = b""
        self._open = {"out": _Line(), "err": _Line()}
        self._remaining = 0
        self._stream = "out"

    def feed(self, data: bytes) -> list[RawLine]:
        data = self._buffer + data if self._buffer else data
        lines: list[RawLine] = []
        position, length = 0, len(data)
        if self._remaining:
            position = min(self._remaining, length)
            self._remaining -= position
            self._pieces(data[:position], lines, begins=False)
        if not any(self._open.values()):
            position = _whole_lines(data, position, lines)
        while length - position >= 8:
            kind, size = _HEADER.unpack_from(data, position)
            start = position + 8
            end = start + size
            if end > length and size <= _LARGE:
                break
            self._stream = _STREAMS.get(kind, "out")
            self._pieces(data[start:end], lines, begins=True)
            position = min(end, length)
            self._remaining = end - position
        self._buffer = data[position:]
        return lines

    def rest(self) -> list[RawLine]:
        return [line.take(stream) for stream, line in self._open.items() if line]

    def _pieces(self, payload: bytes, lines: list[RawLine], *, begins: bool) -> None:
        line = self._open[self._stream]
        if begins and line and _is_stamp(payload[:_STAMP]):
            payload = payload[_STAMP:]
        *whole, last = payload.split(b"\n")
        for piece in whole:
            line.add(piece)
            lines.append(line.take(self._stream))
        if last:
            line.add(last)


def _whole_lines(data: bytes, position: int, lines: list[RawLine]) -> int:
    """Read frames that are one line each, as nearly all are, up to the first that is not; where that one begins."""
    unpack, find, parse, append = _HEADER.unpack_from, data.find, datetime.fromisoformat, lines.append
    last = len(data) - 8
    while position <= last:
        kind, size = unpack(data, position)
        start = position + 8
        text, end = start + _STAMP, start + size - 1
        # Nine digits and a Z always with Docker; the size keeps what is cut, and CR, for who reads the rest.
        if not (_STAMP < size <= LINE_LIMIT and find(b"\n", start, end + 1) == end and data[text - 2 : text] == b"Z "):
            return position
        try:
            at = parse(data[start : text - 2].decode("ascii") + "+00:00")
        except ValueError:
            return position
        line = data[text:end]
        append(RawLine(at, _STREAMS.get(kind, "out"), line[:-1] if line[-1:] == b"\r" else line))
        position = end + 1
    return position


class RawReader:
    """Lines of a TTY's stream, which has no frames and ends its lines with CR LF."""

    def __init__(self) -> None:
        self._line = _Line()

    def feed(self, data: bytes) -> list[RawLine]:
        *whole, last = data.split(b"\n")
        lines: list[RawLine] = []
        for piece in whole:
            self._line.add(piece)
            lines.append(_mended(self._line.take("")))
        if last:
            self._line.add(last)
        return lines

    def rest(self) -> list[RawLine]:
        return [_mended(self._line.take(""))] if self._line else []


def to_line(data: bytes, stream: str, cut: int = 0) -> RawLine:
    """A whole line with its time taken off; a CR at its end is part of the line's end."""
    at, data = _timed(data)
    if data[-1:] == b"\r":
        data = data[:-1]
    if len(data) > LINE_LIMIT:
        cut += len(data) - LINE_LIMIT
        data = data[:LINE_LIMIT]
    return RawLine(at, stream, data, cut)


def _timed(data: bytes) -> tuple[datetime | None, bytes]:
    # Nine digits always with Docker; other engines write fewer, or an offset.
    if data[29:31] == b"Z " or data[29:] == b"Z":
        try:
            return datetime.fromisoformat(f"{data[:26].decode('ascii')}+00:00"), data[_STAMP:]
        except ValueError:
            return None, data
    stamp, _, rest = data.partition(b" ")
    at = moment(stamp.decode("latin-1")) if 20 <= len(stamp) <= 35 else None
    return (at, rest) if at is not None else (None, data)


def _is_stamp(data: bytes) -> bool:
    return len(data) == _STAMP and data[29:] == b"Z " and moment(data[:30].decode("latin-1")) is not None


def _mended(line: RawLine) -> RawLine:
    """A long line without the times that stand where the engine cut it."""
    if len(line.data) <= PIECE:
        return line
    data, pieces = line.data, []
    while len(data) > PIECE and _is_stamp(data[PIECE : PIECE + _STAMP]):
        pieces.append(data[:PIECE])
        data = data[PIECE + _STAMP :]
    return RawLine(line.at, line.stream, b"".join((*pieces, data)), line.cut)


class Payloads:
    """What a multiplexed stream carries, both streams in order, up to a limit; the rest is counted."""

    def __init__(self, limit: int) -> None:
        self.kept = bytearray()
        self.dropped = 0
        self._limit = limit
        self._header = b""
        self._remaining = 0

    def feed(self, data: bytes) -> None:
        """Take in bytes as they come."""
        position = 0
        while position < len(data):
            if not self._remaining:
                need = 8 - len(self._header)
                self._header += data[position : position + need]
                position += need
                if len(self._header) < 8:
                    return
                self._remaining = _HEADER.unpack(self._header)[1]
                self._header = b""
                continue
            piece = data[position : position + self._remaining]
            position += len(piece)
            self._remaining -= len(piece)
            room = max(0, self._limit - len(self.kept))
            self.kept += piece[:room]
            self.dropped += max(0, len(piece) - room)
