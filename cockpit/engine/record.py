"""The engine's record: the journal, automatic entries from what the board shows, and what people write down."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any

from cockpit.backends.history import UNKNOWN, History
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.engine import editing
from cockpit.engine.history import Remembered
from cockpit.engine.mitigations import Mitigations
from cockpit.engine.parts import Context, Parts
from cockpit.engine.port import AddNote, Approve, CommandError, EditEntry
from cockpit.incident import said
from cockpit.incident.automatic import Watcher
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.journal import Journal
from cockpit.incident.people import whoami
from cockpit.incident.place import prepare
from cockpit.incident.releases import ReleaseWatcher
from cockpit.incident.rolling import Rolling
from cockpit.incident.timeline import Row, recorded
from cockpit.mitigate import approval
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.recover import recover
from cockpit.mitigate.witness import SILENT, Witness

SHOWN = 200
MOST_ROWS = 13_000
"""Entries under the timeline before it is cut to the newest 10,000 again."""


class Record:
    """Everything that is written down; what is changed, which is written down first, is `mitigations`."""

    def __init__(
        self, parts: Parts, board: Board, clock: Clock, secrets: Secrets, changed: Callable[[], None],
        heard: Callable[[Sequence[Entry]], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """heard: told every entry, those of before first."""
        self._told = heard
        self._parts, self._board, self._clock, self._secrets, self._changed = parts, board, clock, secrets, changed
        self._person = whoami(parts.environ, parts.who)
        self.mitigations = Mitigations(parts, board, clock, secrets, self._person, changed)
        self.timeline: tuple[Entry, ...] = ()
        self.rolling = Rolling()
        self.history: History = UNKNOWN
        """What workloads ran before now, as far as it is recorded."""
        self.notices: tuple[SafeText, ...] = ()
        self._journal: Journal | None = None
        self._watcher: Watcher | None = None
        self._releases: ReleaseWatcher | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opened = asyncio.Event()

    async def open(self, context: Context | None = None, witness: Witness = SILENT) -> None:
        """Open the journal; without one the screen says that nothing is recorded, and nothing can be changed.

        context: what the profile's own calls and actions are made with; without one there are none. witness: looks
        before each change.
        """
        try:
            await self._open(context, witness)
        finally:
            self._opened.set()
            self.mitigations.settled()

    async def _open(self, context: Context | None, witness: Witness) -> None:
        if self._parts.state_dir is None:
            return
        self.mitigations.equip(context)
        try:
            place = prepare(self._parts.state_dir)
            self._journal = await Journal.open(
                place, self._clock, self._person, scope=self._parts.profile_name, environ=self._parts.environ
            )
        except (JournalError, OSError) as error:
            self.notices = (safe(f"not recorded: {error}"),)
            self._changed()
            return
        self._journal.listen(self._heard)
        self.timeline = self._journal.recent(SHOWN)
        self.rolling = Rolling(self._journal.entries)
        self._told(self._journal.entries)
        self.mitigations.open(self._journal, witness)
        self._watcher = Watcher(self._parts.profile_name, self._journal.entries)
        self._releases = ReleaseWatcher(self._parts.profile_name, self._journal.entries)
        remembered = Remembered(lambda: self._journal.entries if self._journal else (), self._releases)
        remembered.tell(self.mitigations.operators)
        self.history = remembered
        self._spawn(self._journal.follow())
        self._spawn(recover(self._journal, self._board, self._clock))
        self._changed()

    def watch(self, now: Snapshot) -> None:
        """Write what changed by itself into the timeline (the cockpit that holds the recorder's lease does)."""
        if self._watcher is None or self._releases is None or self._journal is None:
            return
        drafts = (*self._watcher.look(now), *self._releases.look(now))
        if drafts and self._journal.recording:
            self._spawn(self._append_automatic(drafts))

    def recorded(self) -> tuple[Row, ...]:
        """Every entry that is kept, as it was recorded."""
        return recorded(self._journal.entries) if self._journal is not None else ()

    async def approve(self, command: Approve) -> Entry:
        """Record that this person approves what another asked for."""
        await self._opened.wait()
        if self._journal is None:
            raise CommandError("not approved: no journal is open; cockpit doctor says why")
        try:
            draft, _ = approval.approval_of(
                self._journal.entries, command.plan_hash, self._person, shared=self._journal.place.shared
            )
            return await self._append(draft)
        except (Refused, JournalError) as error:
            raise CommandError(f"not approved: {error}") from error

    async def note(self, command: AddNote) -> Entry:
        """Record what a person says."""
        await self._opened.wait()
        if self._journal is None:
            raise CommandError("not saved: no journal is open; cockpit doctor says why")
        now = self._clock.now()
        zone = now.astimezone().tzinfo or UTC
        try:
            draft = said.draft_of(self._secrets.mask(command.text), now, zone, command.service)
        except said.NothingSaid as error:
            raise CommandError(str(error)) from None
        return await self._append(draft)

    async def edit(self, command: EditEntry) -> Entry:
        """Change an entry of the timeline, by an entry of its own."""
        await self._opened.wait()
        if self._journal is None:
            raise CommandError("not changed: no journal is open; cockpit doctor says why")
        return await editing.edit(self._journal, command, self._secrets, self._clock)

    async def drill(self, name: str, on: bool) -> None:
        """Record a fault of the demo as what it is: a drill."""
        await self._opened.wait()
        if self._journal is not None:
            text = safe(f"drill: {name} {'begun' if on else 'ended'}")
            await self._journal.append(Draft(kind="drill", text=text))

    async def close(self) -> None:
        """Bring running plans to their next safe points, then close the journal."""
        await self.mitigations.stop("it was asked to end")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._journal is not None:
            await self._journal.close()
        await self.mitigations.close()

    def _heard(self, new: Sequence[Entry]) -> None:
        if self._journal is not None:
            self.timeline = self._journal.recent(SHOWN)
            self.rolling.hear(new)
            self._told(new)
            if self.rolling.size > MOST_ROWS:
                self.rolling.renew(self._journal.entries)
            self._changed()

    async def _append(self, draft: Draft) -> Entry:
        """Record; what was only set aside is shown as not saved."""
        assert self._journal is not None
        entry = await self._journal.append(draft)
        if not entry.id:
            self.rolling.hear((entry,))
            self._changed()
        return entry

    async def _append_automatic(self, drafts: tuple[Draft, ...]) -> None:
        assert self._journal is not None
        with suppress(JournalError):
            await self._journal.append_automatic(drafts)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
