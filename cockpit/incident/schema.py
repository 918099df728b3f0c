"""The tables of the journal and how an older file becomes a newer one.

Entries are immutable by trigger, and so are bodies, except that one may be deleted once a redaction points at it.
"""

import sqlite3
from collections.abc import Callable, Sequence

from cockpit.incident.errors import JournalError

APPLICATION_ID = 0x1C0CC817

_TABLES = (
    """CREATE TABLE entry (
        id INTEGER PRIMARY KEY, happened TEXT NOT NULL, recorded TEXT NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL,
        kind TEXT NOT NULL, subject TEXT NOT NULL, facts TEXT NOT NULL, uniq TEXT NOT NULL,
        digest BLOB NOT NULL, chain BLOB NOT NULL
    ) STRICT""",
    "CREATE TABLE body (id INTEGER PRIMARY KEY REFERENCES entry (id), salt BLOB NOT NULL, text TEXT NOT NULL) STRICT",
    "CREATE UNIQUE INDEX entry_uniq ON entry (uniq) WHERE uniq <> ''",
    "CREATE INDEX entry_kind ON entry (kind, subject)",
    # A cockpit that runs, so that others can tell whether it still does; one row of `recorder` for each profile.
    """CREATE TABLE session (
        token TEXT PRIMARY KEY, pid INTEGER NOT NULL, space TEXT NOT NULL, boot TEXT NOT NULL, started INTEGER NOT NULL,
        host TEXT NOT NULL, who TEXT NOT NULL, beat TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE recorder (scope TEXT PRIMARY KEY, token TEXT NOT NULL) STRICT",
    # INSERT OR REPLACE deletes without firing a delete trigger, so these two refuse the row before it can.
    """CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
        WHEN NEW.id <> (SELECT COALESCE(MAX(id), 0) + 1 FROM entry)
            OR (NEW.uniq <> '' AND EXISTS (SELECT 1 FROM entry WHERE uniq = NEW.uniq))
        BEGIN SELECT RAISE(ABORT, 'entries are only appended'); END""",
    """CREATE TRIGGER body_in_order BEFORE INSERT ON body
        WHEN EXISTS (SELECT 1 FROM body WHERE id = NEW.id) OR NEW.id <> (SELECT MAX(id) FROM entry)
        BEGIN SELECT RAISE(ABORT, 'a body comes with its entry'); END""",
    """CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END""",
    """CREATE TRIGGER entry_kept BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END""",
    """CREATE TRIGGER body_stays BEFORE UPDATE ON body
        BEGIN SELECT RAISE(ABORT, 'a text is never changed'); END""",
    """CREATE TRIGGER body_kept BEFORE DELETE ON body
        WHEN NOT EXISTS (SELECT 1 FROM entry WHERE kind = 'redact' AND subject = CAST(OLD.id AS TEXT))
        BEGIN SELECT RAISE(ABORT, 'a text goes only when a redaction points at it'); END""",
)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in _TABLES:
        connection.execute(statement)


Step = Callable[[sqlite3.Connection], None]

STEPS: tuple[Step, ...] = (_create,)
"""STEPS[n] makes version n + 1 of version n, inside one transaction. A step once released is never edited."""


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> int:
    """Bring the file to the newest version, whole or not at all; returns that version.

    Raises JournalError when the file is newer than this program.
    """
    if _version(connection) == len(steps):
        return len(steps)
    connection.execute("BEGIN IMMEDIATE")
    try:
        have = _version(connection)
        if have > len(steps):
            raise JournalError(
                f"the journal has schema {have}, this cockpit knows up to {len(steps)}: it was written by a newer one,"
                " use that (nothing was changed)"
            )
        for step in steps[have:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return len(steps)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
