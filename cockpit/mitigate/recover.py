"""What became of changes whose cockpit ended in the middle: at the next start the board is asked, and it is recorded.

An intent is taken up only by a cockpit of the same profile that sees the same engine, live; else it stays open and
holds nobody up, for its owner is dead.
"""

import asyncio
from typing import Protocol

from cockpit.backends.change import DECLARED, Plan
from cockpit.board.clock import Clock
from cockpit.board.model import Freshness
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.intents import fact, run_of
from cockpit.mitigate import record
from cockpit.mitigate.predicates import required
from cockpit.mitigate.sight import Baseline, BoardView, find_service, workloads
from cockpit.mitigate.verify import Done, Question, Ruling, verdict_of, verify

WAIT_FOR_SOURCE = 60.0
LONGEST = 30.0
"""Seconds that a judgement may take beyond its hold: whatever was to happen has had its time already."""
AT_ONCE = 20


class Ledger(Protocol):
    """As much of the journal as is needed here."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest entries, oldest first."""
        ...

    async def dangling(self) -> tuple[Entry, ...]:
        """Intents without a verdict whose cockpit has ended."""
        ...

    async def append(self, draft: Draft) -> Entry:
        """Record a draft."""
        ...


async def recover(journal: Ledger, board: BoardView, clock: Clock) -> tuple[Entry, ...]:
    """Judge what dangles, at most twenty at once; returns the verdicts that were recorded."""
    found = (await journal.dangling())[-AT_ONCE:]
    return tuple(
        entry for entry in await asyncio.gather(*(_one(journal, board, clock, each) for each in found)) if entry
    )


async def _one(journal: Ledger, board: BoardView, clock: Clock, intent: Entry) -> Entry | None:
    if fact(intent, "profile") != board.snapshot().profile:
        return None
    read = record.plan_of(intent)
    if read is None:
        return await journal.append(_unreadable(intent))
    plan, before = read
    try:
        await board.until(lambda snapshot: _sees(snapshot, plan), within=WAIT_FOR_SOURCE)
    except TimeoutError:
        return None
    run = run_of(intent)
    results = tuple(one for one in journal.entries if one.kind == "result" and run_of(one) == run)
    answered = record.operations_reached(results, plan)
    ruling = _as_far_as_known(await verify(_question(plan, before, intent), board, clock), plan, answered)
    left = safe(f"the cockpit of {intent.who} ended after step {answered} of {len(plan.operations)}")
    verdict = verdict_of(
        Ruling(result=ruling.result, evidence=(*ruling.evidence, left)),
        (clock.now() - intent.happened).total_seconds(),
    )
    return await journal.append(record.verdict(run, plan, verdict, prefix="found at the start: "))


def _as_far_as_known(ruling: Ruling, plan: Plan, answered: int) -> Ruling:
    """All may be well although the change was never made: "worked" only where it can be seen that it was."""
    unseen = [one for one in plan.operations[answered:] if not required(one.done_when).shows]
    why = f"whether it was done is not known: {unseen[0].title}" if unseen else ""
    why = why or ("the smoke checks were not asked" if plan.smoke else "")
    if ruling.result != "worked" or not why:
        return ruling
    return Ruling(result="unknown", evidence=(safe(why), *ruling.evidence))


def _sees(snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the plan's source is live and shows the engine that the plan was made for; its service, without one."""
    if plan.source == DECLARED:
        return find_service(snapshot, plan.service) is not None
    live = any(one.name == plan.source and one.freshness is Freshness.LIVE for one in snapshot.sources)
    return live and any(one.id.scope == plan.workload.scope for one in workloads(snapshot))


def _question(plan: Plan, before: Baseline, intent: Entry) -> Question:
    done = tuple(Done(operation=one, baseline=before, answered=intent.happened) for one in plan.operations)
    return Question(
        source=plan.source, service=plan.service, baseline=before, done=done, hold=plan.hold,
        deadline=min(plan.deadline, LONGEST), watch=plan.watch,
    )  # fmt: skip


def _unreadable(intent: Entry) -> Draft:
    text = safe(f"found at the start: {intent.text}: unknown (its plan was written by another version)")
    return Draft(
        kind="verdict", text=text, subject=intent.subject, facts=(("result", "unknown"),),
        unique=f"verdict:{run_of(intent)}",
    )  # fmt: skip
