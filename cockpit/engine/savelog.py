"""Writes what a log shows to a new private file, in a thread of its own: a hanging disk stops nothing else."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from cockpit.backends.pool import Pool, PoolFull
from cockpit.engine.port import CommandError
from cockpit.engine.tail import WINDOW_MOST, Tail
from cockpit.logs.line import LogLine


def whole_path(name: str) -> Path:
    """The file that a person means by a name: "~" is their home, and it lies here if it does not say where."""
    return Path(name).expanduser().absolute()


async def save(tail: Tail, path: Path, pool: Pool) -> str:
    """The path of the new file, mode 0600. CommandError: it exists (a link counts too) or cannot be written."""
    await tail.searched()
    try:
        file = await pool.run(_create, path)
        try:
            row, end = tail.view.first_row, tail.view.first_row + tail.view.rows
            while row < end:
                window = tail.window(row, min(WINDOW_MOST, end - row))
                if not window.lines:
                    break
                row = window.start + len(window.lines)
                await pool.run(_write, file, window.lines)
            await pool.run(file.close)
        except BaseException:
            # Half a log that looks whole would mislead: it goes with the attempt. Nobody waits for a disk that hangs.
            asyncio.ensure_future(pool.run(_discard, file, path)).add_done_callback(_ignore)
            raise
    except PoolFull as error:
        raise CommandError(f"cannot save to {path}: {error}") from None
    except OSError as error:
        why = "it exists already, and is not replaced" if isinstance(error, FileExistsError) else error.strerror
        raise CommandError(f"cannot save to {path}: {why or error}") from None
    return str(path)


def _ignore(done: "asyncio.Future[None]") -> None:
    if not done.cancelled():
        done.exception()


def _create(path: Path) -> TextIOWrapper:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(opened, "w", encoding="utf-8")


def _write(file: TextIOWrapper, lines: Sequence[LogLine]) -> None:
    file.writelines(f"{_stamp(line.at)} {line.source} {line.text}\n" for line in lines)


def _discard(file: TextIOWrapper, path: Path) -> None:
    with suppress(OSError):
        os.unlink(path)
    with suppress(OSError):
        file.close()


def _stamp(at: datetime | None) -> str:
    return at.isoformat(timespec="microseconds") if at else "-"
