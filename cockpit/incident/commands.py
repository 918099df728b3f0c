"""What the command line does with the journal, without the engine: `note`, `timeline`, `journal verify`."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from cockpit.board.clock import Clock
from cockpit.board.text import safe
from cockpit.incident import export, filter, said
from cockpit.incident.audit import audit
from cockpit.incident.entry import Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.people import whoami
from cockpit.incident.place import Place, prepare, state_directory
from cockpit.incident.store import Store, stamper
from cockpit.incident.timeline import Row, Timeline, curated, raw

WELL, BAD, CANNOT_TELL, WRONG_USE = 0, 1, 2, 64

MOST = 1_000_000
"""Entries that are read for an export."""

T = TypeVar("T")


class Report(Struct, frozen=True):
    """What to print, and with which exit code to end."""

    lines: tuple[str, ...]
    code: int = WELL


class At(Struct, frozen=True, kw_only=True):
    """The clock, the environment, the zone that times of day are meant in, a profile's state directory."""

    clock: Clock
    zone: tzinfo
    environ: Mapping[str, str] = os.environ
    state: str = ""

    def place(self) -> Place:
        """The journal's place, made when it is not there."""
        return prepare(state_directory(self.environ, self.state))


def note(text: str, at: At, *, service: str = "", name: str = "") -> Report:
    """Record what a person says. name: what `--as` gave. Exits 0, 2 (cannot be recorded), 64 (nothing said)."""
    try:
        draft = said.draft_of(text, at.clock.now(), at.zone, service)
    except said.NothingSaid as error:
        return Report((str(error),), WRONG_USE)
    person = whoami(at.environ, name)
    stamp = stamper(at.clock.now, person.name, safe(os.uname().nodename, 255), person.facts)
    return with_store(at, lambda store: Report((_line(store.append([draft], stamp)[0], at),)))


def timeline(line: str, form: str, at: At, *, everything: bool = False) -> Report:
    """The filtered timeline as "text", "markdown" or "json"; `everything`: the raw view. Exits 0, 2, 64."""
    if form not in ("text", "markdown", "json"):
        return Report((f"{form}: no such format; text, markdown and json are",), WRONG_USE)
    wanted = filter.parse(line)

    def read(store: Store) -> Report:
        entries = store.newest(MOST)
        rows = wanted.of(raw(entries) if everything else curated(Timeline(entries).rows()))
        return Report(_formatted(rows, form, line, at))

    return with_store(at, read)


def journal_verify(at: At, *, head: str = "") -> Report:
    """Walk the chain. head: "NUMBER:CHAIN" noted earlier. Exits 0 (whole), 1 (it is not), 2 (cannot be read)."""
    directory = state_directory(at.environ, at.state)
    if not (directory / "journal.db").exists():
        return Report((f"{directory}: there is no journal yet",), CANNOT_TELL)

    def check(store: Store) -> Report:
        found = audit(store.raw(), head)
        size = f"{found.entries} entries, {found.redacted} redacted"
        if not found.whole:
            more = (f"and {found.more} more",) if found.more else ()
            return Report((f"{store.path}: NOT whole ({size})", *found.problems, *more), BAD)
        left = _scrubbed(store) if found.redacted else ""
        head_line = f"head {found.head}" if found.head else "empty"
        return Report((f"{store.path}: whole, {size}", head_line, *((left,) if left else ())))

    return with_store(at, check)


def _scrubbed(store: Store) -> str:
    try:
        store.scrub()
    except JournalError as error:
        return str(error)
    return ""


def with_store(at: At, use: Callable[[Store], Report]) -> Report:
    """What `use` makes of the opened journal; exit 2 when it cannot be opened, read or written."""
    path: Path | str = "the journal"
    try:
        place = at.place()
        path = place.file
        store = Store(path)
        try:
            return use(store)
        finally:
            store.close()
    except JournalError as error:
        return Report((str(error),), CANNOT_TELL)
    except sqlite3.Error as error:
        return Report(
            (f"{path}: {error}: nothing was recorded or read; check the disk and the file's mode",), CANNOT_TELL
        )


def _formatted(rows: tuple[Row, ...], form: str, line: str, at: At) -> tuple[str, ...]:
    if form == "json":
        return (export.as_json(rows, at.clock.now(), filtered=line).rstrip("\n"),)
    if form == "markdown":
        shown = f"filtered by: {line}" if line else ""
        return (export.markdown(rows, at.zone, note=shown).rstrip("\n"),)
    return tuple(_row(row, at) for row in rows) or ("nothing to show" + (f" for {line!r}" if line else ""),)


def _row(row: Row, at: At) -> str:
    mark = "* " if row.pinned else ""
    return f"{row.happened.astimezone(at.zone):%Y-%m-%d %H:%M:%S%z} {row.entry.who} {row.entry.kind} {mark}{row.text}"


def _line(entry: Entry, at: At) -> str:
    return f"{entry.id} {entry.happened.astimezone(at.zone):%H:%M:%S} {entry.who} {entry.kind}: {entry.text}"
