"""A data folder with a byte budget of its own: the one thing of a full disk that can be had without filling one."""

import contextlib
import errno
import os
import threading

LEFTOVER = "base_backup.tar.tmp"


class Volume:
    """A folder in which no more than `budget` bytes fit. Files are real; the limit is kept here."""

    def __init__(self, folder: str, budget: int) -> None:
        self._folder = folder
        self.budget = budget
        self._lock = threading.Lock()
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._used = sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())

    @property
    def used(self) -> int:
        return self._used

    def path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def read(self, name: str) -> bytes:
        """A file's bytes; none when it does not exist."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def append(self, name: str, data: bytes) -> None:
        """Add to a file. Raises OSError(ENOSPC) when the budget does not allow it; then nothing was written."""
        with self._lock:
            if self._used + len(data) > self.budget:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
            with open(self.path(name), "ab") as file:
                file.write(data)
            self._used += len(data)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file anew, whole or not at all (a compaction may need less than it frees)."""
        with self._lock:
            old = os.path.getsize(self.path(name)) if os.path.exists(self.path(name)) else 0
            if self._used - old + len(data) > self.budget:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
            with open(self.path(name + ".new"), "wb") as file:
                file.write(data)
            os.replace(self.path(name + ".new"), self.path(name))
            self._used += len(data) - old

    def fill(self, name: str) -> int:
        """Take all the space that is left with one (sparse) file; its size."""
        with self._lock:
            size = max(0, self.budget - self._used)
            with open(self.path(name), "ab") as file:
                file.truncate(file.tell() + size)
            self._used += size
            return size

    def remove(self, name: str) -> int:
        """Delete a file; the bytes that became free."""
        with self._lock, contextlib.suppress(FileNotFoundError):
            size = os.path.getsize(self.path(name))
            os.unlink(self.path(name))
            self._used -= size
            return size
        return 0
