"""The second person: another login approves a plan in the shared journal, by the plan's hash, for five minutes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from cockpit.backends.change import Plan
from cockpit.board.clock import Clock
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.intents import fact
from cockpit.incident.people import Person
from cockpit.incident.place import Place
from cockpit.mitigate import record
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Approval

VALID_FOR = timedelta(minutes=5)
LEAST_DIGITS = 8
"""Of a plan's hash, to name it."""


class Witness(Protocol):
    """As much of the journal as is needed here."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest entries, oldest first."""
        ...

    @property
    def person(self) -> Person:
        """Who is at this keyboard."""
        ...

    @property
    def place(self) -> Place:
        """Where the journal is."""
        ...


def approve(plan: Plan) -> Draft:
    """What the second person records. It names all that would be done by its hash: a changed plan needs another."""
    return Draft(
        kind="approval", text=safe(f"approved: {record.title(plan)} (plan {plan.hash[:8]})"), subject=plan.service,
        facts=(("service", plan.service), ("plan hash", plan.hash)),
    )  # fmt: skip


def request(plan: Plan, now: datetime) -> Draft:
    """What the first person's cockpit records when a plan waits for another: the whole plan, once a minute."""
    return Draft(
        kind="request", text=safe(f"second person wanted: {record.title(plan)}: cockpit approve {plan.hash[:8]}"),
        subject=plan.service,
        facts=(
            ("service", plan.service), ("plan hash", plan.hash),
            *(("step", operation.title) for operation in plan.operations),
            ("plan", msgspec.json.encode(plan).decode()),
        ),
        unique=f"request:{plan.hash}:{now:%Y%m%d%H%M}",
    )  # fmt: skip


def approval_of(entries: Iterable[Entry], digits: str, person: Person, *, shared: bool) -> tuple[Draft, Plan]:
    """The approval of the plan that was asked for under a hash beginning with `digits`, and that plan.

    Raises Refused: a private journal, no such request, several of them, or one's own.
    """
    if not shared:
        raise Refused("the journal is private, an approval in it counts for nobody: share one (COCKPIT_STATE)")
    wanted = digits.strip().lower()
    if len(wanted) < LEAST_DIGITS:
        raise Refused(f"{digits!r} is too short: give at least {LEAST_DIGITS} digits of the plan's hash")
    asked = {
        fact(entry, "plan hash"): entry
        for entry in entries
        if entry.kind == "request" and fact(entry, "plan hash").startswith(wanted)
    }
    if len(asked) != 1:
        why = f"{len(asked)} plans begin so: give more digits" if asked else "nobody asked for it in this journal"
        raise Refused(f"plan {wanted[:16]}: {why}")
    ((whole, entry),) = asked.items()
    if (fact(entry, "login") or entry.who) == person.login:
        raise Refused("you asked for it yourself: another login must approve it")
    try:
        plan = msgspec.json.decode(fact(entry, "plan"), type=Plan)
    except msgspec.MsgspecError as error:
        raise Refused(f"plan {whole[:8]} was written by another version of the cockpit: use that one") from error
    if plan.hash != whole:  # what is shown must be what is approved
        raise Refused(f"plan {whole[:8]}: what the request holds is another plan: ask again")
    return approve(plan), plan


def missing(entries: Iterable[Entry], plan_hash: str, login: str, now: datetime) -> str:
    """Why no approval counts for `login`'s doing; empty when one does."""
    why = f"nobody approved plan {plan_hash[:8]} yet"
    for entry in entries:
        if entry.kind != "approval" or fact(entry, "plan hash") != plan_hash:
            continue
        # A name given with --as is only said; the login beside it is not.
        if (fact(entry, "login") or entry.who) == login:
            why = "your own approval does not count"
        elif not timedelta(0) <= now - entry.recorded <= VALID_FOR:
            why = f"the approval of {entry.who} is older than 5 minutes"
        else:
            return ""
    return why


def second_person(journal: Witness, clock: Clock) -> Approval:
    """What the guard asks."""

    def ask(plan: Plan) -> str:
        if not journal.place.shared:
            return "the journal is private, nobody else can approve in it: share one (COCKPIT_STATE, mode 2770)"
        return missing(journal.entries, plan.hash, journal.person.login, clock.now())

    return ask
