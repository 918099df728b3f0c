"""Where an entry goes that the journal cannot take: one fsynced file an entry in the runtime directory, imported later.

The runtime directory is usually in memory: gone after a boot, but on another disk than a full one.
"""

import contextlib
import itertools
import os
import queue
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import NotRecorded
from cockpit.incident.store import Stamp, Store
from cockpit.incident.worker import Worker

MAX_FILES = 1000
PUT_WITHIN = 3.0
"""Seconds for the other disk to take an entry."""
_numbers = itertools.count()

_encode = msgspec.json.Encoder().encode


class Spilled(Struct, frozen=True, kw_only=True):
    """One entry set aside; its id is 0. journal: the file that it belongs into."""

    journal: str
    entry: Entry


_decode = msgspec.json.Decoder(Spilled).decode


def write(directory: Path, journal: Path, entry: Entry) -> Path:
    """Set an entry aside; on the disk when this returns. Raises OSError."""
    if sum(1 for _ in directory.glob("spill-*.json")) >= MAX_FILES:
        raise OSError(28, f"{MAX_FILES} entries are set aside there already", str(directory))
    order = entry.recorded.strftime("%Y%m%dT%H%M%S.%f")
    # The number keeps the order of entries of one moment.
    final = directory / f"spill-{order}-{next(_numbers):06d}-{secrets.token_hex(6)}.json"
    draft = final.with_suffix(".part")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_encode(Spilled(journal=str(journal), entry=entry)))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(final)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return final


class Aside:
    """Sets entries aside on a thread of its own: the journal's may be the one that hangs."""

    def __init__(self, directory: Path | None, journal: Path) -> None:
        self._directory, self._journal = directory, journal
        self._worker: Worker | None = None

    async def put(self, entry: Entry, why: Exception) -> Entry:
        """The entry, once it is on that disk. Raises NotRecorded, which tells of both failures."""
        try:
            directory = self._directory
            if directory is None:
                raise FileNotFoundError(2, "there is no runtime directory")
            self._worker = self._worker or Worker("set aside")
            await self._worker.call(lambda: write(directory, self._journal, entry), PUT_WITHIN)
        except (OSError, queue.Full) as error:
            also = getattr(error, "strerror", "") or "no answer from the disk"
            raise NotRecorded(
                f"{self._journal}: {reason(why)}; setting it aside failed too: {also}: this will not be recorded"
            ) from why
        return entry

    async def close(self) -> None:
        """End the thread."""
        if self._worker is not None:
            with contextlib.suppress(TimeoutError):
                await self._worker.stop(lambda: None, PUT_WITHIN)


def reason(error: Exception) -> str:
    """Why a write failed, in a few words."""
    return "no answer from the disk" if isinstance(error, TimeoutError) else str(error)


def waiting(directory: Path, journal: Path) -> list[tuple[Path, Entry]]:
    """What is set aside for this journal, oldest first; a file that cannot be read is left where it is."""
    found = []
    for path in sorted(directory.glob("spill-*.json")):
        try:
            spilled = _decode(path.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue
        if spilled.journal == str(journal):
            found.append((path, spilled.entry))
    return found


def bring_in(store: Store, directory: Path, stamp_of: Callable[[Entry], Stamp]) -> list[Entry]:
    """Write what was set aside into the journal, then remove the files. Safe to repeat after a crash in between."""
    written = []
    for path, entry in waiting(directory, store.path):
        written += store.append([draft_of(entry, path.stem)], stamp_of(entry))
        path.unlink(missing_ok=True)
    return written


def draft_of(entry: Entry, name: str) -> Draft:
    """The draft that an entry set aside becomes: its times kept, and its unique key makes a second import harmless."""
    return Draft(
        kind=entry.kind, text=entry.text, happened=entry.happened, subject=entry.subject, who=entry.who,
        facts=(*entry.facts, ("set aside at", _moment(entry.recorded))), unique=entry.unique or f"spill:{name}",
    )  # fmt: skip


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
