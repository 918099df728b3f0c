"""The journal in one SQLite file: synchronous, for one thread at a time; another engine can stand behind the methods.

Every write is one `BEGIN IMMEDIATE` transaction that reads the head of the chain itself: any number may write.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cockpit.board.text import safe
from cockpit.incident import chain, rows, schema
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError

BUSY_SECONDS = 5.0
RETRY_SECONDS = 0.05
FACT_LIMIT = 1_000_000
"""Characters of one fact: a whole plan has to fit."""
PAGE = 500
"""Rows fetched at a time: about 1 ms, so no other thread waits long for the interpreter."""

Stamp = Callable[[Draft, int], Entry]
"""Makes the entry of a draft under the id it gets; called inside the transaction, so `recorded` follows the ids."""


def written_at(path: Path) -> tuple[int, int]:
    """Changes when anybody commits to this file: time and size of its write-ahead log. 3 us, without the disk."""
    try:
        found = Path(f"{path}-wal").stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


class Store:
    """One open journal file. Methods raise sqlite3.Error when the file fails them."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open (and create or migrate) the file; it is made by `place` first, so that its mode is right."""
        self.path = path
        mode = "rwc" if create else "rw"
        self._db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        mode = self._use_wal()
        if mode != "wal":
            raise JournalError(
                f"{self.path}: SQLite cannot use its write-ahead log here (it offers {mode!r}), so two writers are not"
                " be safe: name a directory on a local disk with COCKPIT_STATE"
            )
        # FULL: a commit is on the disk before `append` returns. secure_delete: a redacted text is overwritten.
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.execute("PRAGMA temp_store=MEMORY")
        schema.migrate(self._db)

    def _use_wal(self) -> str:
        # Two that open a new file at once: SQLite refuses one of them the switch without asking its busy timeout
        # (5 of 240 opens by four processes).
        for _ in range(int(BUSY_SECONDS / RETRY_SECONDS)):
            try:
                return str(self._db.execute("PRAGMA journal_mode=WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                threading.Event().wait(RETRY_SECONDS)
        return str(self._db.execute("PRAGMA journal_mode=WAL").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Take the write lock, then commit, or roll back when the block raises."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """For reads."""
        return self._db

    def append(self, drafts: Sequence[Draft], stamp: Stamp) -> list[Entry]:
        """Write drafts in order, all or none, and COMMIT. One whose unique key exists yields the old entry."""
        with self.transaction():
            return [self.add(draft, stamp) for draft in drafts]

    def add(self, draft: Draft, stamp: Stamp) -> Entry:
        """Write one draft inside the caller's transaction."""
        if draft.unique and (old := self.by_unique(draft.unique)) is not None:
            return old
        row = self._db.execute("SELECT id, chain FROM entry ORDER BY id DESC LIMIT 1").fetchone()
        last, before = (int(row[0]), bytes(row[1])) if row else (0, chain.GENESIS)
        entry = stamp(draft, last + 1)
        columns = rows.columns_of(entry)
        salt = rows.new_salt()
        digest = chain.digest_of(salt, entry.text)
        self._db.execute(
            "INSERT INTO entry (id, happened, recorded, who, host, kind, subject, facts, uniq, digest, chain)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*columns, digest, chain.link(before, columns, digest)),
        )
        self._db.execute("INSERT INTO body (id, salt, text) VALUES (?, ?, ?)", (entry.id, salt, entry.text))
        return entry

    def by_unique(self, unique: str) -> Entry | None:
        """The entry with this key."""
        found = self._select("WHERE e.uniq = ? AND e.uniq <> ''", (unique,))
        return found[0] if found else None

    def by_id(self, number: int) -> Entry | None:
        """The entry with this id."""
        found = self._select("WHERE e.id = ?", (number,))
        return found[0] if found else None

    def after(self, number: int, limit: int = 10_000) -> list[Entry]:
        """Up to `limit` entries with a higher id, oldest first."""
        return self._select("WHERE e.id > ? ORDER BY e.id LIMIT ?", (number, limit))

    def newest(self, limit: int = 10_000) -> list[Entry]:
        """The last `limit` entries, oldest first."""
        return self._select("ORDER BY e.id DESC LIMIT ?", (limit,))[::-1]

    def of_kind(self, kind: str, limit: int = 10_000) -> list[Entry]:
        """The last `limit` entries of one kind, oldest first."""
        return self._select("WHERE e.kind = ? ORDER BY e.id DESC LIMIT ?", (kind, limit))[::-1]

    def _select(self, where: str, values: tuple[object, ...]) -> list[Entry]:
        cursor = self._db.execute(f"{rows.SELECT} {where}", values)
        found: list[Entry] = []
        while page := cursor.fetchmany(PAGE):
            found.extend(map(rows.entry_of, page))
        return found

    def version(self) -> int:
        """Changes when another connection committed something."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def redact(self, ids: Sequence[int], draft: Callable[[int], Draft], stamp: Stamp) -> list[Entry]:
        """Write a redaction for each id, delete the texts, and take them out of the file and its write-ahead log.

        Raises JournalError when a reader keeps the old pages alive; the redaction stands, `scrub` may be called again.
        """
        with self.transaction():
            written = [self.add(draft(number), stamp) for number in ids]
            self._db.executemany("DELETE FROM body WHERE id = ?", [(number,) for number in ids])
        self.scrub()
        return written

    def scrub(self) -> None:
        """Rewrite the file and empty its write-ahead log, so that no deleted text is left in either."""
        try:
            # secure_delete clears the freed cell, but not a copy that an earlier page merge left behind: VACUUM does.
            self._db.execute("VACUUM")
            busy, why = (
                int(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]),
                "another program reads it",
            )
        except sqlite3.Error as error:
            busy, why = 1, str(error)
        if busy:
            raise JournalError(
                f"{self.path}: the redaction stands, but old pages of the file may still hold the text ({why}):"
                " run `cockpit journal verify`, which clears them"
            )

    def raw(self) -> Iterator[rows.Raw]:
        """Every row as stored, with its body's salt and text (None when it is gone), for `verify`."""
        cursor = self._db.execute(rows.RAW)
        while page := cursor.fetchmany(PAGE):
            yield from page

    def close(self) -> None:
        """Close the file; the last one out folds the write-ahead log in."""
        self._db.close()


def stamper(clock_now: Callable[[], datetime], who: str, host: str, facts: tuple[tuple[str, str], ...] = ()) -> Stamp:
    """A stamp that gives drafts this person, host and time; `facts` are added to what people write."""

    def stamp(draft: Draft, number: int) -> Entry:
        now = clock_now()
        added = facts if draft.kind in rows.PEOPLES else ()
        return Entry(
            id=number, happened=(draft.happened or now).astimezone(UTC), recorded=now,
            who=safe(draft.who or who, 255), host=host, kind=draft.kind, text=safe(draft.text),
            subject=safe(draft.subject), unique=safe(draft.unique),
            facts=tuple((safe(name), safe(value, FACT_LIMIT)) for name, value in draft.facts + added),
        )  # fmt: skip

    return stamp
