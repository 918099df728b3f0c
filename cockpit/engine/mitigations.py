"""The changes of a session: planned, allowed, carried out through the door, and followed until they end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cockpit.backends.change import Operation, Plan, Verb, Verdict
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import Identity
from cockpit.board.secrets import Secrets
from cockpit.engine.frame import OperationStatus
from cockpit.engine.parts import Context, Parts
from cockpit.engine.plans import Planner
from cockpit.engine.port import CommandError, MakeBulk, MakePlan, NotRecordedError, Perform, Requirement
from cockpit.incident.errors import JournalError, NotRecorded
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.mitigate import approval
from cockpit.mitigate.errors import Refused, SecondPersonMissing
from cockpit.mitigate.guard import DEFAULT_RULES, Guard, nobody, rules_of
from cockpit.mitigate.rehearse import Rehearsal, rehearse
from cockpit.mitigate.run import Door
from cockpit.mitigate.sight import concerned
from cockpit.mitigate.witness import Witness

ENDED_KEPT = 20
SAFE_POINT_WITHIN = 8.0
"""Seconds that a stop waits for running operations to finish."""


class Mitigations:
    """Commands wait until it is known what may be done: first who changes what, then whether there is a journal.

    changed: called when the screen is to be drawn anew.
    """

    def __init__(
        self, parts: Parts, board: Board, clock: Clock, secrets: Secrets, person: Person, changed: Callable[[], None]
    ) -> None:  # fmt: skip
        self._parts, self._board, self._clock, self._secrets = parts, board, clock, secrets
        self._person, self._changed = person, changed
        self.operations: tuple[OperationStatus, ...] = ()
        self._planner = Planner(board)
        self.operators = self._planner.operators
        """By the name of their source."""
        self._guard = self._guarded(None)
        self._journal: Journal | None = None
        self._door: Door | None = None
        self._running: set[asyncio.Task[Verdict]] = set()
        self._operable = asyncio.Event()
        self._opened = asyncio.Event()

    def equip(self, context: Context | None) -> None:
        """Make the operators; context: what the profile's own calls and actions are made with."""
        for part in self._parts.backends:
            if part.operator is not None and not self._parts.replay:
                self.operators[part.name] = part.operator(self._clock, self._secrets)
        if context is not None and not self._parts.replay:
            self._planner.declare(self._parts, context)
        self._operable.set()

    def open(self, journal: Journal, witness: Witness) -> None:
        """Changes are written into this journal, so they can be made."""
        self._journal = journal
        self._guard = self._guarded(journal)
        self._door = Door(journal, self._board, self.operators, self._clock, self._guard, witness)

    def settled(self) -> None:
        """Nothing more will be opened: who waits for it is told what there is."""
        self._operable.set()
        self._opened.set()

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

    def require(self, plan: Plan) -> Requirement:
        """What the policy asks for before this plan is allowed."""
        return self._guard.requirement(plan, *concerned(self._board.snapshot(), plan))

    async def rehearse(self, plan: Plan) -> Rehearsal:
        """Whether a plan would be allowed and could be begun now; nothing is changed."""
        door = await self._open_door()

        async def check(operation: Operation) -> str:
            return await door.operator(operation.source or plan.source).check(operation)

        now = self._board.snapshot()
        return await rehearse(plan, self.require(plan).denied, check, now, self._clock)

    async def perform(self, command: Perform) -> Verdict:
        """Carry out a confirmed plan through the door; goes on when nobody waits for it any more."""
        door = await self._open_door()
        work = door.perform(
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

    async def stop(self, why: str) -> None:
        """Bring running plans to their next safe points; bounded, for a stop must end. No other is begun."""
        if self._door is not None:
            self._door.stop(why)
            if self._running:
                await asyncio.wait(self._running, timeout=SAFE_POINT_WITHIN)

    async def close(self) -> None:
        """Close the operators."""
        await asyncio.gather(*(operator.close() for operator in self.operators.values()), return_exceptions=True)

    async def _open_door(self) -> Door:
        await self._opened.wait()
        if self._door is None:
            raise CommandError("no journal is open, and nothing is changed without a record: cockpit doctor says why")
        return self._door

    async def _ask_second(self, plan: Plan) -> str:
        """Put the whole plan into the shared journal, where another login finds it; what to tell of that."""
        if self._journal is None or not self._journal.place.shared:
            return ""
        with suppress(JournalError):
            await self._journal.append(approval.request(plan, self._clock.now()))
            return f"; asked for in the timeline: another login runs cockpit approve {plan.hash[:8]}, then try again"
        return ""

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
