"""The journal as the engine sees it: asynchronous, on its own thread, with the newest entries at hand.

`append` returns after COMMIT. What other cockpits write is seen within a second by `follow`.
"""

import asyncio
import contextlib
import os
import queue
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from cockpit.board.clock import Clock
from cockpit.board.text import safe
from cockpit.incident import intents, sessions, spill
from cockpit.incident.edits import redaction
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.lease import BEAT_EVERY, Processes, ProcFs, Session, this_session
from cockpit.incident.people import Person
from cockpit.incident.place import Place, runtime_directory
from cockpit.incident.rows import REDACTED
from cockpit.incident.store import Stamp, Store, stamper, written_at
from cockpit.incident.worker import Worker

KEEP = 10_000
LOOK_EVERY = 0.5
WRITE_WITHIN = 10.0
"""Seconds for a commit: SQLite itself waits 5 s for another writer. Then it is set aside."""
CLOSE_WITHIN = 5.0

T = TypeVar("T")

Listener = Callable[[Sequence[Entry]], None]
"""Called on the engine's loop with entries that are new here, whoever wrote them."""


class Journal:
    """One open journal. Make it with `Journal.open`; use it on one event loop."""

    def __init__(self, place: Place, clock: Clock, person: Person, session: Session, scope: str) -> None:
        """Use `Journal.open`."""
        self.place = place
        self.person = person
        self.session = session
        self.recording = False
        """Whether this cockpit holds the recorder's role for its profile."""
        self._scope = scope
        self._clock = clock
        self._processes: Processes = ProcFs()
        self._stamp = stamper(clock.now, person.name, session.host, person.facts)
        self._worker = Worker("journal")
        self._store: Store | None = None
        self._runtime: Path | None = None
        self._aside = spill.Aside(None, place.file)
        self._loop = asyncio.get_running_loop()
        self._cursor = 0
        self._entries: list[Entry] = []
        self._listeners: list[Listener] = []
        self._version = -1

    @classmethod
    async def open(
        cls, place: Place, clock: Clock, person: Person, *, scope: str = "", environ: Mapping[str, str] = os.environ
    ) -> "Journal":
        """Open the journal of a prepared place, enter this session, import what was set aside, read the newest 10,000.

        scope: the profile's name, for which one cockpit records. Raises JournalError.
        """
        host = safe(os.uname().nodename, 255)
        session = this_session(ProcFs(), who=person.name, host=host, now=clock.now())
        self = cls(place, clock, person, session, scope)
        try:
            self._runtime = runtime_directory(environ)
            self._aside = spill.Aside(self._runtime, place.file)
        except OSError:
            self._runtime = None
        try:
            await self._worker.call(self._open)
        except BaseException:
            await self._worker.stop(lambda: None)
            raise
        return self

    def _open(self) -> None:
        try:
            store = Store(self.place.file)
            self._store = store
            self.recording = sessions.beat(store, self.session, self._scope, self._processes, self._clock.now())
            self._import()
            self._version = store.version()
            self._entries = store.newest(KEEP)
            self._cursor = self._entries[-1].id if self._entries else 0
        except sqlite3.Error as error:
            raise JournalError(f"{self.place.file}: {error}: cannot open the journal; {_advice(error)}") from error

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest 10,000 entries, oldest first."""
        return tuple(self._entries)

    def recent(self, count: int = 200) -> tuple[Entry, ...]:
        """The newest `count` entries, oldest first."""
        return tuple(self._entries[-count:])

    @property
    def notice(self) -> str:
        """What the reader must know of this journal; empty when there is nothing."""
        return "" if self.place.shared else "private journal: others do not see this"

    def listen(self, listener: Listener) -> None:
        """Call `listener` with new entries."""
        self._listeners.append(listener)

    async def append(self, draft: Draft) -> Entry:
        """Record one draft; it is on the disk when this returns.

        An entry with id 0 could not be committed and was set aside in the runtime directory, to be imported later.
        Raises NotRecorded when that failed too.
        """
        return await self._write(draft, lambda keyed: self._db().append([keyed], self._stamp)[0])

    async def open_intent(self, draft: Draft) -> Entry:
        """Record an intent unless another is open on one of its targets (facts "target").

        Raises TargetBusy, telling who and since when; NotRecorded as `append` does. With id 0 nobody was asked.
        """
        draft = _with_facts(draft, (("owner", self.session.token),))

        def write(keyed: Draft) -> Entry:
            store = self._db()
            owners = sessions.living(store.connection, self._processes, self._clock.now())
            owners[self.session.token] = self.session
            return intents.open_intent(store, keyed, owners, self._stamp)

        return await self._write(draft, write)

    async def append_automatic(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record what the cockpit saw by itself, if this one records for its profile; else nothing, and () is returned.

        Raises JournalError when it cannot be written: what was only seen is not set aside.
        """
        if not drafts:
            return ()

        def write() -> list[Entry]:
            store = self._db()
            with store.transaction() as db:
                holder = sessions.recorder(db, self._scope)
                self.recording = holder is not None and holder.token == self.session.token
                return [store.add(draft, self._stamp) for draft in drafts] if self.recording else []

        try:
            return tuple(await self._worker.call(lambda: self._told(write), WRITE_WITHIN))
        except (sqlite3.Error, OSError, queue.Full) as error:
            why = spill.reason(error)
            raise JournalError(f"{self.place.file}: {why}: {len(drafts)} entries are not recorded") from error

    async def redact(self, number: int, reason: str) -> tuple[Entry, ...]:
        """Delete the text of an entry and of every edit of it, for good; the entries and the chain stay.

        Raises JournalError when it is not there, or the file still holds the text somewhere.
        """

        def write() -> list[Entry]:
            return redaction(self._db(), number, safe(reason, 500), self._stamp)

        return tuple(await self._worker.call(lambda: self._told(write)))

    async def dangling(self) -> tuple[Entry, ...]:
        """Intents without a verdict whose cockpit has ended."""

        def read() -> list[Entry]:
            store = self._db()
            owners = sessions.living(store.connection, self._processes, self._clock.now())
            return intents.dangling(intents.open_intents(store), owners)

        return tuple(await self._worker.call(read))

    async def follow(self) -> None:
        """See what others write, keep the session alive, import what was set aside; until cancelled.

        A failing disk is waited out: `append` tells whoever needs it.
        """
        beaten, written, again = self._clock.monotonic(), written_at(self.place.file), True
        while True:
            await self._clock.sleep(LOOK_EVERY)
            due = self._clock.monotonic() - beaten >= BEAT_EVERY
            beaten = self._clock.monotonic() if due else beaten
            before, written = written, written_at(self.place.file)
            # Nothing wakes the journal's thread while nobody writes. After a change it looks twice: the file's time
            # counts in steps of 4 ms, in one of which two may write.
            if not (due or again or written != before):
                continue
            again = written != before
            try:
                await self._worker.call(self._beat_and_look if due else self._look)
            except (sqlite3.Error, OSError, queue.Full, JournalError):
                again = True

    async def close(self) -> None:
        """Leave the session and close the file, within 5 s. Nothing may be appended afterwards."""
        await self._aside.close()
        with contextlib.suppress(TimeoutError):  # a disk that hangs: the session is found dead by its process id
            await self._worker.stop(self._close, CLOSE_WITHIN)

    # On the journal's thread.

    def _look(self) -> None:
        store = self._db()
        version = store.version()
        if version != self._version:
            self._version = version
            self._share()

    def _beat_and_look(self) -> None:
        self.recording = sessions.beat(self._db(), self.session, self._scope, self._processes, self._clock.now())
        self._import()
        self._share()

    def _told(self, write: Callable[[], T]) -> T:
        """Do a write, then hand what is new to the loop, whether or not the caller still waits for it."""
        try:
            return write()
        finally:
            self._share()

    def _share(self) -> None:
        if self._store is None:
            return
        # Always everything after the cursor: between two of our own entries may stand one of another cockpit.
        with contextlib.suppress(sqlite3.Error, RuntimeError):  # RuntimeError: the loop is closed, nobody listens
            new = self._store.after(self._cursor)
            if new:
                self._cursor = new[-1].id
                self._loop.call_soon_threadsafe(self._seen, new)

    def _import(self) -> None:
        if self._runtime is not None:
            spill.bring_in(self._db(), self._runtime, self._stamp_of)

    def _stamp_of(self, entry: Entry) -> Stamp:
        return stamper(self._clock.now, entry.who, entry.host)

    def _close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            try:
                sessions.leave(store, self.session.token)
            except sqlite3.Error:
                pass  # the session is found dead by its process id
            finally:
                store.close()

    def _db(self) -> Store:
        if self._store is None:
            raise JournalError(f"{self.place.file}: the journal is closed")
        return self._store

    # On the engine's loop.

    async def _write(self, draft: Draft, write: Callable[[Draft], Entry]) -> Entry:
        # The key lets an entry that was given up on, set aside, and committed after all be written once.
        keyed = draft if draft.unique else msgspec.structs.replace(draft, unique=f"once:{secrets.token_hex(8)}")
        try:
            return await self._worker.call(lambda: self._told(lambda: write(keyed)), WRITE_WITHIN)
        except (sqlite3.Error, OSError, queue.Full) as error:
            why = error
        return await self._aside.put(self._stamp(keyed, 0), why)

    def _seen(self, new: Sequence[Entry]) -> None:
        self._entries.extend(new)
        if len(self._entries) > KEEP + 1000:
            del self._entries[:-KEEP]
        for entry in new:
            if entry.kind == "redact":
                self._forget(entry.subject)
        for listener in self._listeners:
            listener(new)

    def _forget(self, subject: str) -> None:
        for at, entry in enumerate(self._entries):
            if str(entry.id) == subject:
                self._entries[at] = msgspec.structs.replace(entry, text=REDACTED)


def _with_facts(draft: Draft, facts: tuple[tuple[str, str], ...]) -> Draft:
    return msgspec.structs.replace(draft, facts=draft.facts + facts)


def _advice(error: sqlite3.Error) -> str:
    if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error):
        return "move it aside to start a new one, and keep it: `cockpit journal verify` reads what it can"
    return "check the disk and the directory's mode"
