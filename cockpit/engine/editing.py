"""Changes of timeline entries that stand, and the timeline written to a file for others."""

import asyncio
import os
from datetime import UTC
from pathlib import Path

from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.engine.port import CommandError, EditEntry, ExportTimeline
from cockpit.incident import edits, export, said
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.journal import Journal


async def edit(journal: Journal, command: EditEntry, secrets: Secrets, clock: Clock) -> Entry:
    """Record the change; the entry that says so. CommandError when the entry is not there or may not be changed so."""
    entry = next((one for one in reversed(journal.entries) if one.id == command.entry), None)
    if entry is None:
        raise CommandError(f"entry {command.entry} is not among the newest 10,000: nothing was changed")
    try:
        if command.how == "redact":
            return (await journal.redact(entry.id, secrets.mask(command.text)))[0]
        return await journal.append(draft_of(entry, command, secrets, clock))
    except JournalError as error:
        raise CommandError(str(error)) from error


def draft_of(entry: Entry, command: EditEntry, secrets: Secrets, clock: Clock) -> Draft:
    """What is appended for a change. JournalError when the entry cannot be changed so."""
    text = secrets.mask(command.text)
    if command.how == "edit":
        now = clock.now()
        words, happened = said.leading_time(text, now, now.astimezone().tzinfo or UTC)
        return edits.edit(entry, words, happened or command.happened)
    if command.how == "annotate":
        return edits.annotate(entry, text)
    if command.how == "evidence":
        return edits.evidence(entry, text, tuple((name, secrets.mask(value)) for name, value in command.facts))
    return edits.mark(entry, command.how)


async def write(command: ExportTimeline, clock: Clock) -> str:
    """Write rows as JSON (a name that ends in .json) or Markdown. The path; CommandError when it cannot be written."""
    now = clock.now()
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    path = _whole(command.path or f"timeline-{stamp}.md")
    try:
        await asyncio.to_thread(_write, path, command, clock)
    except OSError as error:
        why = "it exists already, and is not replaced" if isinstance(error, FileExistsError) else error.strerror
        raise CommandError(f"cannot write {path}: {why}") from None
    return str(path)


def _whole(name: str) -> Path:
    return Path(name).expanduser().absolute()


def _write(path: Path, command: ExportTimeline, clock: Clock) -> None:
    now = clock.now()
    if path.suffix == ".json":
        text = export.as_json(command.rows, now, filtered=command.filtered)
    else:
        zone = UTC if command.utc else now.astimezone().tzinfo or UTC
        note = f"Filtered by: {command.filtered}" if command.filtered else ""
        text = export.markdown(command.rows, zone, note=note)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write(text)
