"""From the bytes of a container's log to its lines: a time, a blank, the text."""

from datetime import datetime

from cockpit.backends.kubernetes.times import moment
from cockpit.logs.line import RawLine

LINE_LIMIT = 64 * 1024
_UTC = b"Z"


class LineReader:
    """Whole lines of one container. part: its name where a pod has several."""

    def __init__(self, part: str = "") -> None:
        self._part = part
        self._rest = b""
        self._cut = 0

    def feed(self, data: bytes) -> list[RawLine]:
        """The lines that are whole by now; a line of which more than LINE_LIMIT came is cut, and the cut counted."""
        *whole, rest = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        lines = [self._line(line, self._cut if not number else 0) for number, line in enumerate(whole)]
        if whole:
            self._cut = 0
        if len(rest) > LINE_LIMIT + 64:
            self._cut += len(rest) - LINE_LIMIT - 64
            rest = rest[: LINE_LIMIT + 64]
        self._rest = rest
        return lines

    def rest(self) -> list[RawLine]:
        """A last line without its end."""
        data, cut, self._rest, self._cut = self._rest, self._cut, b"", 0
        return [self._line(data, cut)] if data else []

    def _line(self, line: bytes, cut: int) -> RawLine:
        at, data = timed(line)
        if data[-1:] == b"\r":
            data = data[:-1]
        if len(data) > LINE_LIMIT:
            cut += len(data) - LINE_LIMIT
            data = data[:LINE_LIMIT]
        return RawLine(at, "", data, cut, part=self._part)


def timed(line: bytes) -> tuple[datetime | None, bytes]:
    """The time that the API writes before a line, and the rest. Its digits of a second vary: zeros at the end fall."""
    stamp, _, data = line.partition(b" ")
    if 20 <= len(stamp) <= 35:
        if len(stamp) >= 27 and stamp[-1:] == _UTC:
            try:
                return datetime.fromisoformat(f"{stamp[:26].decode('ascii')}+00:00"), data
            except (ValueError, UnicodeDecodeError):
                pass
        at = moment(stamp.decode("latin-1"))
        if at is not None:
            return at, data
    return None, line
