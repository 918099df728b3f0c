"""Writes the engine's input into a file: gzip, one JSON object a line, a header and then updates as they came.

On a thread of its own and flushed each second, so that a killed cockpit leaves a readable file and a hanging disk stops
nothing. Bounded: at 64 MiB it ends and says so, in the file and to its reader. Nothing secret is in it: updates are
masked before they get here, a profile holds `${NAME}` and no values.
"""

import os
import queue
import threading
import zlib
from pathlib import Path

import msgspec

from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.update import Update
from cockpit.engine.reading import read_header
from cockpit.engine.recorded import Ended, Header, RecordingError
from cockpit.profile.schema import Profile

SIZE_MOST = 64 * 1024 * 1024
"""Bytes of the file."""
PENDING_MOST = 16 * 1024 * 1024
"""Bytes that wait for the disk; what comes beyond is dropped and counted."""
CLOSE_WITHIN = 5.0
_LEVEL = 3  # three times as quick as the default, the file is a tenth larger


class Recorder:
    """Writes a recording; `write` and `flush` never wait for the disk.

    problem: one line on why nothing is written any more, empty while all is well. dropped: updates that were left out
    because the disk was too slow. RecordingError when the file cannot be made; it never replaces one.
    """

    def __init__(
        self, path: Path, profile: Profile, clock: Clock, *, profile_name: str = "", size_most: int = SIZE_MOST
    ) -> None:
        self.path = path
        self.problem = SafeText("")
        self.dropped = 0
        self._clock = clock
        self._most = size_most
        self._encode = msgspec.json.Encoder().encode
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pending = 0
        self._flushing = False
        self._lock = threading.Lock()
        self._file = _create(path)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()
        header = Header(started=clock.now(), profile_name=profile_name or profile.name, profile=profile)
        self._put(self._encode(header) + b"\n")

    def write(self, update: Update) -> None:
        """Add one update."""
        if self.problem:
            return
        line = self._encode(update) + b"\n"
        if self._pending + len(line) > PENDING_MOST:
            self.dropped += 1
            return
        self._put(line)

    def flush(self) -> None:
        """What was written so far goes to the file: call it each second."""
        if not self._flushing:
            self._flushing = True
            self._queue.put(b"")

    def close(self) -> None:
        """Write the end and close the file; waits at most 5 s."""
        self._queue.put(None)
        self._thread.join(CLOSE_WITHIN)

    def _put(self, line: bytes) -> None:
        with self._lock:
            self._pending += len(line)
        self._queue.put(line)

    def _run(self) -> None:
        pack = zlib.compressobj(_LEVEL, wbits=31)
        size = 0
        while (line := self._queue.get()) is not None:
            with self._lock:
                self._pending -= len(line)
            if self.problem:
                continue
            if not line:
                self._flushing = False
            packed = pack.compress(line) if line else pack.flush(zlib.Z_SYNC_FLUSH)
            size += len(packed)
            self._save(packed)
            if not line and size >= self._most:
                why = SafeText(f"recording stopped: {self.path} has its {self._most >> 20} MiB")
                self._save(pack.compress(self._ending(why)) + pack.flush())
                self.problem = self.problem or why
        if not self.problem:
            self._save(pack.compress(self._ending(SafeText(""))) + pack.flush())
        os.close(self._file)

    def _ending(self, why: SafeText) -> bytes:
        return msgspec.json.encode(Ended(at=self._clock.now(), why=why, dropped=self.dropped)) + b"\n"

    def _save(self, packed: bytes) -> None:
        rest = memoryview(packed)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            self.problem = SafeText(f"recording stopped: {self.path}: {error.strerror or error}")


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RecordingError(f"{path}: exists already; a recording replaces no file: name another") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written: {error.strerror or error}") from error


__all__ = ["Recorder", "RecordingError", "read_header"]
