"""One instance's log: its newest lines in memory, all of it in a bounded file."""

import collections
import itertools
import os
from typing import NamedTuple

from cockpit.demo.shop.logs import utc

LINE_LIMIT = 16 * 1024
RING_LINES, RING_BYTES = 5_000, 1024 * 1024
FILE_LIMIT = 1024 * 1024
"""The file is renamed to NAME.1 at this size, so an instance keeps at most 2 MiB on disk."""


class Line(NamedTuple):
    """seq counts from 0 in an instance; run counts its processes; cut: bytes dropped from a longer line."""

    seq: int
    at: float
    run: int
    stream: str
    text: str
    cut: int

    def as_json(self) -> dict[str, object]:
        return self._asdict()


def _open(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


class InstanceLog:
    """Gets the bytes of two pipes, keeps lines."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.next_seq = 0
        self._lines: collections.deque[Line] = collections.deque()
        self._bytes = 0
        self._last_at = 0.0
        self._partial = {"out": b"", "err": b""}
        self._cut = {"out": 0, "err": 0}
        self._file = _open(path)
        self._file_size = 0

    def feed(self, stream: str, data: bytes, at: float, run: int) -> None:
        """Bytes as they came from a pipe."""
        *whole, rest = (self._partial[stream] + data).split(b"\n")
        for line in whole:
            self._add(stream, line, at, run)
        if len(rest) > LINE_LIMIT:
            self._cut[stream] += len(rest) - LINE_LIMIT
            rest = rest[:LINE_LIMIT]
        self._partial[stream] = rest

    def finish(self, at: float, run: int) -> None:
        """The process ended: what it wrote without a newline is a line too."""
        for stream, rest in self._partial.items():
            if rest:
                self._add(stream, rest, at, run)
        self._partial = {"out": b"", "err": b""}

    def _add(self, stream: str, data: bytes, at: float, run: int) -> None:
        cut = self._cut[stream] + max(0, len(data) - LINE_LIMIT)
        self._cut[stream] = 0
        # Lines that were read together keep their order when logs are merged or windowed by time.
        self._last_at = at = max(at, self._last_at + 1e-6)
        line = Line(self.next_seq, at, run, stream, data[:LINE_LIMIT].decode("utf-8", "replace"), cut)
        self.next_seq += 1
        self._lines.append(line)
        self._bytes += len(line.text)
        while len(self._lines) > RING_LINES or self._bytes > RING_BYTES:
            self._bytes -= len(self._lines.popleft().text)
        self._write(f"{utc(at)} {stream} {line.text}\n".encode())

    def _write(self, data: bytes) -> None:
        try:
            if self._file_size + len(data) > FILE_LIMIT:
                os.replace(self.path, f"{self.path}.1")
                old, self._file, self._file_size = self._file, _open(self.path), 0
                os.close(old)
            self._file_size += os.write(self._file, data)
        except OSError:
            # The disk under the folder is really full: the lines in memory go on.
            return

    @property
    def first_seq(self) -> int:
        """The oldest line still kept."""
        return self._lines[0].seq if self._lines else self.next_seq

    def since(self, seq: int, limit: int) -> list[Line]:
        """At most `limit` lines from `seq` on."""
        skip = max(0, seq - self.first_seq)
        return list(itertools.islice(self._lines, skip, skip + limit))

    def window(self, since: float | None, tail: int | None, run: int | None) -> int:
        """The seq from which to read: lines not before `since`, at most the last `tail`, of one run if asked."""
        start, taken = self.next_seq, 0
        for line in reversed(self._lines):
            if run is not None and line.run > run:
                continue
            if (since is not None and line.at < since) or taken == tail or (run is not None and line.run < run):
                break
            start, taken = line.seq, taken + 1
        return start

    def close(self) -> None:
        os.close(self._file)
