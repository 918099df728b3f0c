"""What is kept of an instance before it goes: its log, its description, dumps, as files of the state directory. Of any
backend.

Every file is bounded, hashed and private; the folder as a whole is bounded too, and what does not fit is refused with
the reason: nothing that was kept is ever thrown away to make room.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from io import BufferedWriter
from pathlib import Path

from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.change import Facts, Outcome, PlanRefused
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe

FOLDER = "evidence"
LIMIT = 20 * 1024 * 1024
"""Bytes of one file, unless it is said otherwise."""
MOST = 1024 * 1024 * 1024
"""Bytes of the whole folder."""
SPARE = 256 * 1024 * 1024
"""Bytes that stay free on the disk: a full one would take the journal with it."""
PIECE = 256 * 1024

_POOL = Pool("evidence", 2, waiting=64)
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


class CannotKeep(Exception):
    """Something could not be kept; str(error) is one line: why."""


class Kept(Struct, frozen=True, kw_only=True):
    """One file. sha256: of its bytes as they were written, in hexadecimal. broken: why it is not whole, else empty."""

    path: str
    size: int
    sha256: str
    broken: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """One thing to keep: its file's name, its bytes when they are asked for, and how many at most.

    The bytes come as they are to be written: whoever makes them masks what is text.
    """

    name: str
    read: Callable[[], AsyncGenerator[bytes, None]]
    limit: int = LIMIT


class Keeper:
    """Writes into `evidence` of the state directory, in threads of its own: a disk that hangs stops nothing else."""

    def __init__(self, state: Path, clock: Clock, *, most: int = MOST, spare: int = SPARE) -> None:
        self._state, self._clock = state, clock
        self._most, self._spare = most, spare

    def folder(self, title: str) -> str:
        """A name for what is kept of one thing now: "20260301T142752Z-web-1"."""
        return f"{self._clock.now():%Y%m%dT%H%M%S%fZ}-{_UNFIT.sub('-', title).strip('-.')[:80] or 'instance'}"

    async def keep(self, folder: str, part: Part) -> Kept:
        """Write one file to its end or limit. CannotKeep: nothing of it could be kept."""
        try:
            path, file, room = await _POOL.run(self._create, folder, part.name)
        except (OSError, PoolFull) as error:
            raise CannotKeep(_words(error)) from None
        writing = _Writing(path, file, min(part.limit, room), part.limit)
        try:
            return await writing.run(part.read())
        except BaseException:
            # What is not whole and says nothing of it would mislead: it goes with the attempt.
            with suppress(PoolFull):
                await _POOL.run(writing.discard)
            raise

    def _create(self, folder: str, name: str) -> tuple[Path, BufferedWriter, int]:
        """Runs in a thread. (path, the open file, bytes that fit)."""
        if os.sep in name or name.startswith("."):
            raise CannotKeep(f"{name!r} is no name for a file")
        shared = bool(stat.S_IMODE(self._state.stat().st_mode) & 0o020)
        directory = self._state / FOLDER
        for each in (directory, directory / folder):
            _make(each, 0o2770 if shared else 0o700)
        room = self._room(directory)
        path = directory / folder / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        mode = 0o660 if shared else 0o600
        opened = os.open(path, flags, mode)
        os.fchmod(opened, mode)
        return path, os.fdopen(opened, "wb"), room

    def _room(self, directory: Path) -> int:
        used = _size_of(directory)
        room = self._most - used
        if room <= 0:
            raise CannotKeep(f"{directory} holds {used >> 20} MiB, the most it may: move what is not needed away")
        free = shutil.disk_usage(directory).free - self._spare
        if free <= 0:
            raise CannotKeep(f"the disk of {directory} has less than {self._spare >> 20} MiB left")
        return min(room, free)


def _size_of(directory: Path) -> int:
    """Bytes of the files in its folders. What goes while it is looked at, as another's broken file does, has none."""
    size = 0
    with os.scandir(directory) as folders:
        for folder in folders:
            if folder.is_dir():
                with suppress(FileNotFoundError), os.scandir(folder) as files:
                    for file in files:
                        with suppress(FileNotFoundError):
                            size += file.stat().st_size
    return size


class _Writing:
    """One file on its way to the disk."""

    def __init__(self, path: Path, file: BufferedWriter, room: int, limit: int) -> None:
        self._path, self._file, self._room, self._limit = path, file, room, limit
        self._size = 0
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._broken = ""

    async def run(self, parts: AsyncGenerator[bytes, None]) -> Kept:
        try:
            async with aclosing(parts):  # a connection may hang on it
                async for data in parts:
                    if not self._take(data):
                        break
                    if len(self._waiting) >= PIECE:
                        await self._flush()
        except (SourceError, TimeoutError) as error:
            self._broken = safe(str(error), 300) or "it took too long"
            if not self._size and not self._waiting:
                raise CannotKeep(self._broken) from None
        try:
            await self._flush()
            await _POOL.run(self._close)
        except (OSError, PoolFull) as error:
            raise CannotKeep(_words(error)) from None
        return Kept(path=str(self._path), size=self._size, sha256=self._hash.hexdigest(), broken=self._broken)

    def discard(self) -> None:
        with suppress(OSError):
            self._path.unlink()
        with suppress(OSError):
            self._file.close()

    def _take(self, data: bytes) -> bool:
        """Whether there is room for more."""
        left = self._room - self._size - len(self._waiting)
        self._waiting += data[:left]
        if len(data) <= left:
            return True
        self._broken = f"cut at {size_words(self._room)}" + ("" if self._room == self._limit else ": no more room")
        return False

    async def _flush(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        try:
            await _POOL.run(self._write, data)
        except (OSError, PoolFull) as error:
            raise CannotKeep(_words(error)) from None
        self._size += len(data)

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def _close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


async def capture(keeper: Keeper, title: str, parts: Sequence[Part]) -> "Captured":
    """Keep every part that can be kept, one after the other; what cannot is named with the reason."""
    folder = keeper.folder(title)
    kept: list[tuple[str, Kept]] = []
    missing: list[tuple[str, str]] = []
    for part in parts:
        try:
            kept.append((part.name, await keeper.keep(folder, part)))
        except CannotKeep as error:
            missing.append((part.name, str(error)))
    return Captured(kept=tuple(kept), missing=tuple(missing))


class Captured(Struct, frozen=True, kw_only=True):
    """What was kept and what was not, each by its name."""

    kept: tuple[tuple[str, Kept], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is missing or not whole, with the reason of each."""
        broken = ((name, one.broken) for name, one in self.kept if one.broken)
        return tuple(f"{name}: {why}" for name, why in (*self.missing, *broken))

    @property
    def words(self) -> SafeText:
        """ "log.txt 12 kB, inspect.txt 4 kB; missing: threads.out: exit 1"."""
        found = ", ".join(f"{name} {size_words(one.size)}" for name, one in self.kept) or "nothing"
        return safe(f"kept {found}" + (f"; missing: {'; '.join(self.lacks)}" if self.lacks else ""), 500)

    @property
    def facts(self) -> Facts:
        """For the journal: ("kept", "PATH SIZE bytes sha256 HASH"), then ("missing", "NAME: why")."""
        return (
            *(("kept", safe(f"{one.path} {one.size} bytes sha256 {one.sha256}", 1000)) for _, one in self.kept),
            *(("missing", safe(words, 500)) for words in self.lacks),
        )


def outcome(found: Sequence[Captured], required: str) -> Outcome:
    """Of several instances together. required: why nothing may be missing; empty when it may."""
    whole = Captured(
        kept=tuple(pair for one in found for pair in one.kept),
        missing=tuple(pair for one in found for pair in one.missing),
    )
    good = not whole.missing or not required
    words = whole.words if good else safe(f"{whole.words} ({required})", 500)
    return Outcome(accepted=good, detail=words, facts=whole.facts)


NOWHERE = Outcome(accepted=False, detail=SafeText("there is no state directory to keep it in"))
"""What comes of keeping something where there is no `Keeper`."""


def nowhere(name: str) -> PlanRefused:
    """The same, said when it is planned. name: the workload's."""
    return PlanRefused(f"{name}: nothing can be kept: there is no state directory")


def size_words(size: int) -> str:
    """ "512 B", "12 kB", "5 MiB"."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} kB" if size < 1 << 20 else f"{size / (1 << 20):.0f} MiB"


def _make(directory: Path, mode: int) -> None:
    with suppress(FileExistsError):
        directory.mkdir(mode=mode)
        directory.chmod(mode)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise CannotKeep(f"{directory} is not a directory: move it away")


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'the evidence folder'}: {error.strerror or error}"
    return str(error)
