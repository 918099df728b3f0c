"""The engine's record: the journal, automatic entries from what the board shows, and the door for changes."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any

from cockpit.backends.change import Operation, Plan, Verb, Verdict
from cockpit.backends.history import UNKNOWN, History
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.engine import editing
from cockpit.engine.frame import OperationStatus
from cockpit.engine.history import Remembered
from cockpit.engine.parts import Context, Parts
from cockpit.engine.plans import Planner
from cockpit.engine.port import (
    AddNote,
    Approve,
    CommandError,
    EditEntry,
    MakeBulk,
    MakePlan,
    NotRecordedError,
    Perform,
    Requirement,
)
from cockpit.incident import said
from cockpit.incident.automatic import Watcher
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError, NotRecorded
from cockpit.incident.journal import Journal
from cockpit.incident.people import whoami
from cockpit.incident.place import prepare
from cockpit.incident.releases import ReleaseWatcher
from cockpit.incident.rolling import Rolling
from cockpit.incident.timeline import Row, recorded
from cockpit.mitigate import approval
from cockpit.mitigate.errors import Refused, SecondPersonMissing
from cockpit.mitigate.guard import DEFAULT_RULES, Guard, nobody, rules_of
from cockpit.mitigate.recover import recover
from cockpit.mitigate.rehearse import Rehearsal, rehearse
from cockpit.mitigate.run import Door
from cockpit.mitigate.sight import concerned
from cockpit.mitigate.witness import SILENT, Witness

SHOWN = 200
MOST_ROWS = 13_000
"""Entries under the timeline before it is cut to the newest 10,000 again."""
ENDED_KEPT = 20
SAFE_POINT_WITHIN = 8.0
"""Seconds that a stop waits for running operations to finish."""


class Record:
    """Everything that is written down, and everything that is changed (which is written down first)."""

    def __init__(
        self, parts: Parts, board: Board, clock: Clock, secrets: Secrets, changed: Callable[[], None],
        heard: Callable[[Sequence[Entry]], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """heard: told every entry, those of before first."""
        self._told = heard
        self._parts, self._board, self._clock, self._secrets, self._changed = parts, board, clock, secrets, changed
        self.timeline: tuple[Entry, ...] = ()
        self.rolling = Rolling()
        self.operations: tuple[OperationStatus, ...] = ()
        self.history: History = UNKNOWN
        """What workloads ran before now, as far as it is recorded."""
        self.notices: tuple[SafeText, ...] = ()
        self._journal: Journal | None = None
        self._door: Door | None = None
        self._planner = Planner(board)
        self._operators = self._planner.operators
        self._guard = self._guarded(None)
        self._running: set[asyncio.Task[Verdict]] = set()
        self._watcher: Watcher | None = None
        self._releases: ReleaseWatcher | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._person = whoami(parts.environ, parts.who)
        self._operable = asyncio.Event()
        self._opened = asyncio.Event()

    async def open(self, context: Context | None = None, witness: Witness = SILENT) -> None:
        """Open the journal; without one the screen says that nothing is recorded, and nothing can be changed.

        context: what the profile's own calls and actions are made with; without one there are none. witness: looks
        before each change.
        """
        try:
            await self._open(context, witness)
        finally:
            self._operable.set()
            self._opened.set()

    async def _open(self, context: Context | None, witness: Witness) -> None:
        if self._parts.state_dir is None:
            return
        for part in self._parts.backends:
            if part.operator is not None and not self._parts.replay:
                self._operators[part.name] = part.operator(self._clock, self._secrets)
        if context is not None and not self._parts.replay:
            self._planner.declare(self._parts, context)
        self._operable.set()
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
        self._guard = self._guarded(self._journal)
        self._door = Door(self._journal, self._board, self._operators, self._clock, self._guard, witness)
        self._watcher = Watcher(self._parts.profile_name, self._journal.entries)
        self._releases = ReleaseWatcher(self._parts.profile_name, self._journal.entries)
        remembered = Remembered(lambda: self._journal.entries if self._journal else (), self._releases)
        remembered.tell(self._operators)
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

    async def verbs(self, identity: Identity) -> tuple[Verb, ...]:
        """What may be done to a workload."""
        await self._operable.wait()
        return self._planner.verbs(identity)

    async def plan(self, command: MakePlan) -> Plan:
        """What a verb would do. PlanRefused or CommandError say why not."""
        await self._operable.wait()
        return await self._planner.plan(command)

    async def bulk(self, command: MakeBulk) -> Plan:
        """One plan for several services."""
        await self._operable.wait()
        return await self._planner.bulk(command, self._clock.now())

    async def perform(self, command: Perform) -> Verdict:
        """Carry out a confirmed plan through the door; goes on when nobody waits for it any more."""
        await self._opened.wait()
        if self._door is None:
            raise CommandError("no journal is open, and nothing is changed without a record: cockpit doctor says why")
        work = self._door.perform(
            command.plan, who=self._person.name, typed_name=command.typed_name, on_progress=self._progress,
            unrecorded=command.unrecorded, terminal=command.terminal,
        )  # fmt: skip
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except NotRecorded as error:
            raise NotRecordedError(f"{error}; nothing was done") from error
        except SecondPersonMissing as error:
            raise CommandError(f"{error}{await self._ask_second(command.plan)}") from error
        except (Refused, JournalError) as error:
            raise CommandError(str(error)) from error

    def halt(self, run: str) -> None:
        """Let a plan under way come to its next safe point, and begin nothing more of it."""
        try:
            if self._door is not None:
                self._door.halt(run, f"{self._person.name} stopped it")
        except Refused as error:
            raise CommandError(str(error)) from error

    async def rehearse(self, plan: Plan) -> Rehearsal:
        """Whether a plan would be allowed and could be begun now; nothing is changed."""
        await self._opened.wait()
        if self._door is None:
            raise CommandError("no journal is open, and nothing is changed without a record: cockpit doctor says why")
        now, door = self._board.snapshot(), self._door

        async def check(operation: Operation) -> str:
            return await door.operator(operation.source or plan.source).check(operation)

        return await rehearse(plan, self.require(plan).denied, check, now, self._clock)

    def recorded(self) -> tuple[Row, ...]:
        """Every entry that is kept, as it was recorded."""
        return recorded(self._journal.entries) if self._journal is not None else ()

    async def _ask_second(self, plan: Plan) -> str:
        """Put the whole plan into the shared journal, where another login finds it; what to tell of that."""
        if self._journal is None or not self._journal.place.shared:
            return ""
        with suppress(JournalError):
            await self._journal.append(approval.request(plan, self._clock.now()))
            return f"; asked for in the timeline: another login runs cockpit approve {plan.hash[:8]}, then try again"
        return ""

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

    def require(self, plan: Plan) -> Requirement:
        """What the policy asks for before this plan is allowed."""
        now = self._board.snapshot()
        return self._guard.requirement(plan, *concerned(now, plan))

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
        """Bring a running plan to its next safe point, then close the journal."""
        if self._door is not None:
            self._door.stop("it was asked to end")
            await self._quiet()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._journal is not None:
            await self._journal.close()
        await asyncio.gather(*(operator.close() for operator in self._operators.values()), return_exceptions=True)

    async def _quiet(self) -> None:
        """Wait for running plans to reach a safe point; bounded, for a stop must end."""
        if self._running:
            await asyncio.wait(self._running, timeout=SAFE_POINT_WITHIN)

    def _progress(self, status: OperationStatus) -> None:
        others = [one for one in self.operations if one.run != status.run]
        ended = [one for one in others if one.phase == "ended"][-ENDED_KEPT:]
        self.operations = (*ended, *(one for one in others if one.phase != "ended"), status)
        self._changed()

    def _guarded(self, journal: Journal | None) -> Guard:
        """The guard; with an open journal a second person may approve in it."""
        profile = self._parts.profile
        rules = (*DEFAULT_RULES, *rules_of(profile.policy))
        asked = nobody if journal is None else approval.second_person(journal, self._clock)
        return Guard(
            read_only=self._parts.read_only, environment=profile.environment, rules=rules, approval=asked
        )  # fmt: skip

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
        self._keep(asyncio.get_running_loop().create_task(work))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
