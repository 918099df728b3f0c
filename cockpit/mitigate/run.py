"""The one door: nothing changes a watched system but through `Door.perform`.

plan -> guard -> intent (durable) -> for each operation: precondition, perform, result, wait for `done_when` -> verify
-> verdict. That a request was accepted is never success.
"""

import asyncio
import secrets
from collections.abc import Mapping
from functools import partial

from cockpit.backends.base import Operator
from cockpit.backends.change import Operation, Outcome, Permit, Plan, Verdict
from cockpit.backends.shell import Terminal
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.asking import Asking
from cockpit.mitigate.attended import Attendance, attendance
from cockpit.mitigate.back import step_back
from cockpit.mitigate.errors import Refused, TargetChanged, words_of
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.minutes import Minutes
from cockpit.mitigate.predicates import required
from cockpit.mitigate.progress import Listener, ignore
from cockpit.mitigate.record import Recorder
from cockpit.mitigate.rounds import Rounds, stopped_before
from cockpit.mitigate.several import Several
from cockpit.mitigate.sight import Baseline, BoardView, baseline, concerned
from cockpit.mitigate.signals import not_good
from cockpit.mitigate.smoke import asked
from cockpit.mitigate.steps import Steps
from cockpit.mitigate.verify import Done, Question, Ruling, verdict_of, verify
from cockpit.mitigate.witness import SILENT, Testimony, Witness

SETTLE = 1.0
"""Seconds for which an instance must stay ready before the next is touched: a start is told by an event first, what its
health check says only by the inspection some 0.3 s later, and what crashes at once does so by then."""


class Door:
    """Carries out confirmed plans on the engine's loop; several at a time, one for each target."""

    def __init__(
        self, journal: Recorder, board: BoardView, operators: Mapping[str, Operator], clock: Clock, guard: Guard,
        witness: Witness = SILENT,
    ) -> None:  # fmt: skip
        """operators: by the name of their source."""
        self.witness = witness
        self._journal = journal
        self._board = board
        self._operators = operators
        self._clock = clock
        self._guard = guard
        self._stopping = ""
        self._ending = asyncio.Event()
        self._runs: dict[str, _Run] = {}

    def stop(self, why: str) -> None:
        """Let the operation that runs finish and begin no other; `perform` returns soon after, with what was done."""
        self._stopping = why
        self._ending.set()

    def halt(self, run: str, why: str) -> None:
        """Let one run come to its next safe point, and begin nothing more of it. Refused: it is not under way."""
        if run not in self._runs:
            raise Refused("it is not under way any more")
        self._runs[run].halted = why

    async def perform(
        self,
        plan: Plan,
        who: str = "",
        typed_name: str = "",
        on_progress: Listener = ignore,
        *,
        unrecorded: bool = False,
        terminal: Terminal | None = None,
    ) -> Verdict:
        """Do a plan that a person confirmed; the verdict is what was observed.

        unrecorded: the person confirmed that it is done though nothing can record it.
        terminal: where the person attends what is attended (a shell).
        Raises, with nothing done: Refused (policy, another change of the target), TargetChanged, NotRecorded.
        """
        if self._stopping:
            raise Refused(f"the cockpit is ending ({self._stopping}): nothing was done")
        for source in {one.source or plan.source for one in (*plan.operations, *plan.smoke)}:
            self.operator(source)
        first, *others = concerned(self._board.snapshot(), plan)
        permit = self._guard.allow(plan, first, who, typed_name, *others)
        run = _Run(self, plan, permit, on_progress, attendance(plan, terminal, self._clock, self._ending))
        await run.begin(who, unrecorded=unrecorded)
        self._runs[run.name] = run
        try:
            return await run.carry_out()
        finally:
            del self._runs[run.name]

    def operator(self, source: str) -> Operator:
        """Who changes a source. Refused when nobody does."""
        operator = self._operators.get(source)
        if operator is None:
            raise Refused(f"nothing here can change {source}: it was lost, or this cockpit only reads it")
        return operator

    @property
    def stopping(self) -> str:
        """Why no further operation is begun; empty while all is well."""
        return self._stopping


class _Run:
    """One plan on its way through the door."""

    def __init__(self, door: Door, plan: Plan, permit: Permit, listener: Listener, attended: Attendance | None) -> None:
        self._door, self._plan = door, plan
        self._board, self._clock = door._board, door._clock
        self._asking = Asking(self._operator, permit, self._clock, attended)
        self.name = secrets.token_hex(8)
        self._began = self._clock.monotonic()
        self._steps = Steps(self.name, plan, self._clock, listener)
        self._minutes = Minutes(door._journal, self.name, plan, self._steps)
        self._before = self._baseline(plan.operations)
        self._done: list[Done] = []
        self._several = Several(plan)
        self._seen: Testimony = SILENT
        self.halted = ""
        """Why a person stopped it; empty while it goes on."""

    @property
    def _stopping(self) -> str:
        return self._door.stopping or self.halted

    async def begin(self, who: str, *, unrecorded: bool) -> None:
        """Write the intent, with how it was before; nothing has been done before it is on the disk."""
        self._seen = await self._door.witness.before(self._plan)
        await self._minutes.open(
            self._before, self._seen.facts, who=who, profile=self._board.snapshot().profile, unrecorded=unrecorded
        )

    async def carry_out(self) -> Verdict:
        """Every operation in turn, then the judgement of the whole."""
        for number, operation in enumerate(self._plan.operations):
            if self._stopping and (number == 0 or self._plan.operations[number - 1].safe_to_stop_after):
                return await self._end(stopped_before(self._plan, number, self._stopping), number)
            if why := self._several.leave_out(operation):
                self._steps.leave_out(number, why)
                continue
            bad = await self._one(number, operation)
            if bad is not None and self._plan.on_failure == "continue":
                self._several.fail(operation, bad)
                self._done = [done for done in self._done if done.operation is not operation]
            elif bad is not None:
                return await self._end(await self._step_back(bad), number + 1)
        return await self._judge()

    async def _one(self, number: int, operation: Operation) -> Ruling | None:
        """One operation; a ruling when the plan ends with it."""
        try:
            difference = self._unfit(operation) or await self._asking.difference(operation)
        except Exception as error:  # a backend may fail in any way; what cannot be checked is not done
            return await self._not_begun(number, operation, Refused(f"it cannot be checked: {words_of(error)}"))
        if difference:
            return await self._not_begun(number, operation, TargetChanged(difference))
        self._steps.start(number)
        self._steps.crashes.forget(operation.target)
        before = self._baseline((operation,))
        outcome, why = await self._asking.perform(operation)
        await self._minutes.answered(number, operation, outcome, why)
        if outcome is not None and not outcome.accepted:
            self._steps.fail(number, outcome.detail)
            return Ruling(result="did not work", evidence=(safe(f"{operation.title}: {outcome.detail or 'refused'}"),))
        told, lives = (outcome.facts, outcome.lives) if outcome else ((), ())
        self._done.append(
            Done(operation=operation, baseline=before, answered=self._clock.now(), told=told, lives=lives)
        )
        self._done[-1], ruling = await self._await(number, operation, outcome, why)
        if ruling.result == "worked":
            self._steps.finish(number, ruling.evidence)
            return None
        if ruling.result is None:  # stopped while waiting
            return None
        self._steps.fail(number, ruling.evidence[0] if ruling.evidence else SafeText(""))
        lost = (safe(f"{operation.title}: no answer ({why})"),) if outcome is None else ()
        return Ruling(result=ruling.result, evidence=(*ruling.evidence, *lost))

    def _operator(self, operation: Operation) -> Operator:
        return self._door.operator(operation.source or self._plan.source)

    def _unfit(self, operation: Operation) -> str:
        """Why the board says that this may not be begun."""
        if not operation.requires:
            return ""
        return not_good(self._board.snapshot(), operation.service or self._plan.service, operation.requires)

    async def _await(
        self, number: int, operation: Operation, outcome: Outcome | None, why: str
    ) -> tuple[Done, Ruling]:  # fmt: skip
        """Wait until this operation's own `done_when` holds, before the next is begun. why: there is no outcome."""
        hold = SETTLE if required(operation.done_when).crashes else 0.0
        lost = f"no answer ({why}), so it is watched whether it was done" if outcome is None else ""

        def tell(ruling: Ruling) -> None:
            words = "; ".join(text for text in (lost, *ruling.evidence[:1]) if text)
            self._steps.tell(number, (safe(words),) if words else (), more=rounds.more)

        async def watch(done: Done, seconds: float) -> Ruling:
            return await verify(
                self._question((done,), hold=hold, deadline=seconds, probes=False), self._board, self._clock,
                tell=tell, stopping=lambda: bool(self._stopping) and operation.safe_to_stop_after,
                crashes=self._steps.crashes,
            )  # fmt: skip

        rounds = Rounds(operation, self._clock, lambda: self._asking.perform(operation), watch, lambda: self._stopping)
        return await rounds.run(self._done[-1], outcome)

    async def _judge(self) -> Verdict:
        if not self._done:
            return await self._end(self._several.over_all(None, []), len(self._plan.operations))
        self._steps.verifying()
        question = self._question(tuple(self._done), hold=self._plan.hold, deadline=self._plan.deadline, probes=True)
        ruling = await verify(
            question, self._board, self._clock, crashes=self._steps.crashes,
            tell=lambda ruling: self._steps.waiting(ruling.evidence), stopping=lambda: bool(self._stopping),
        )  # fmt: skip
        if ruling.result is None:
            early = safe(f"every step was done, then not watched to the end: {self._stopping}")
            ruling = Ruling(result="unknown", evidence=(early, *ruling.evidence))
        elif ruling.result == "worked":
            ruling = await asked(self._plan, ruling, self._asking.perform, self._steps.waiting, lambda: self._stopping)
        if ruling.result == "did not work":
            ruling = await self._step_back(ruling)
        ruling = self._several.over_all(ruling, [done.operation for done in self._done])
        return await self._end(ruling, len(self._plan.operations))

    async def _step_back(self, bad: Ruling) -> Ruling:
        """Take back what was done, last first, where the plan says so; what came of each stands in the evidence."""
        if self._plan.on_failure != "step back":
            return bad
        ways_back = partial(self._asking.ways_back, self._board.snapshot)
        return await step_back(self._done, bad, ways_back, self._back)

    async def _back(self, operation: Operation) -> SafeText:
        self._steps.remark(safe(f"stepping back: {operation.title}"))
        before = self._baseline((operation,))
        outcome, why = await self._asking.perform(operation)
        if outcome is None or not outcome.accepted:
            said = f"no answer ({why})" if outcome is None else outcome.detail or "refused"
            words = safe(f"{operation.title}: {said}")
        else:
            done = Done(operation=operation, baseline=before, answered=self._clock.now(), lives=outcome.lives)
            question = self._question((done,), hold=0.0, deadline=operation.deadline, probes=False)
            ruling = await verify(question, self._board, self._clock)
            words = safe(f"{operation.title}: {'taken back' if ruling.result == 'worked' else ruling.result}")
        await self._minutes.stepped_back(operation, words)
        return words

    async def _not_begun(self, number: int, operation: Operation, why: Refused) -> Ruling:
        """An operation's precondition does not hold. Before the first change the whole plan is refused."""
        words = safe(f"{operation.title} was not begun: {why}")
        self._steps.fail(number, words)
        if number or self._plan.on_failure == "continue":
            return Ruling(result="did not work", evidence=(words,))
        await self._end(Ruling(result="did not work", evidence=(words,)), 0)
        raise type(why)(f"{why}: nothing was done, plan again")

    async def _end(self, ruling: Ruling, reached: int) -> Verdict:
        if self._done and not self._stopping:
            ruling = Ruling(result=ruling.result, evidence=(*ruling.evidence, *await self._seen.since()))
        verdict = verdict_of(ruling, self._clock.monotonic() - self._began)
        left = (*self._several.left, *self._plan.operations[reached:])
        await self._minutes.close(verdict, left)
        self._steps.end(verdict)
        return verdict

    def _question(self, done: tuple[Done, ...], *, hold: float, deadline: float, probes: bool) -> Question:
        return Question(
            source=self._plan.source, service=self._plan.service, baseline=self._before, done=done, hold=hold,
            deadline=deadline, probes=probes, watch=self._plan.watch,
        )  # fmt: skip

    def _baseline(self, operations: tuple[Operation, ...]) -> Baseline:
        return baseline(self._board.snapshot(), operations, self._plan.service, self._clock.now())
