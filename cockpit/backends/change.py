"""Changes as data: verbs, operations, plans, and the permit without which nothing is performed."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.board.model import Identity, SafeText

Facts = tuple[tuple[str, SafeText], ...]
"""Ordered (name, value) pairs, as shown."""


DECLARED = "(profile)"
"""The source under which what a profile declares is performed; no backend can have this name."""


def of_service(key: str) -> Identity:
    """What is done to a service itself, where nothing that runs it is known: an API of others, say."""
    return Identity(DECLARED, "", "", "service", key)


ATTENDED = "ended"
"""The `done_when` of an operation that a person attends at a terminal: it is done when that has ended."""

GENERATION = "generation"
"""Under which an answer, else an operation's argument, says which version of the target's definition there will be."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class PlanRefused(Exception):
    """A plan cannot be made. str(error) is one line: what, why, what to do instead."""


class Verb(Struct, frozen=True, kw_only=True):
    """One thing that may be done to a workload.

    arguments: (name, what is allowed) of each that it needs; options: the same of what may be left out.
    """

    name: str
    title: str
    danger: Literal["low", "high"] = "low"
    arguments: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class Operation(Struct, frozen=True, kw_only=True):
    """One change. Everything that decides it is in here, so that it can be shown, hashed, stored and judged.

    done_when: the name of a predicate over observation (`mitigate.verify`), judged yes, no or unknown.
    precondition: what the backend compares again just before (ids, versions); opaque elsewhere.
    inverse: (verb, arguments) that takes it back, None when nothing does.
    instances: those of the target's workload that it is about, when neither all nor the target alone; of a node, those
    of other workloads that leave it.
    source, service: whose operator does it and what it is done to, where that differs from the plan's.
    requires: a probe of the service that must be good just before. back: what takes it back at once, when a later
    operation of a plan that steps back fails; left out, its inverse is planned then.
    """

    verb: str
    title: SafeText
    target: Identity
    instances: tuple[Identity, ...] = ()
    before: Facts = ()
    after: Facts = ()
    arguments: tuple[tuple[str, str], ...] = ()
    precondition: str = ""
    done_when: str = "ready"
    inverse: tuple[str, tuple[tuple[str, str], ...]] | None = None
    deadline: float = 60.0
    safe_to_stop_after: bool = True
    command: SafeText = SafeText("")
    source: str = ""
    service: str = ""
    requires: str = ""
    back: "Operation | None" = None
    diff: tuple[SafeText, ...] = ()
    """Lines of a file that change, as shown: "-" as it is, "+" as it will be; secrets masked, their number bounded."""


CAPTURED = "captured"
"""What an operation is done by that only keeps something."""


def kept_first(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Those that only keep something before the change; none when that is all that is asked for."""
    kept = tuple(one for one in operations if one.done_when == CAPTURED)
    return kept if len(kept) < len(operations) else ()


class Watch(Struct, frozen=True, kw_only=True):
    """What of a service must be seen after a change: so many answers of each critical probe, a number above zero."""

    service: str
    samples: int = 1
    traffic: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """What a mitigation would do, in order."""

    version: int = 1
    id: str
    verb: str
    service: str
    workload: Identity
    source: str
    where: Facts
    operations: tuple[Operation, ...]
    made_at: datetime
    danger: Literal["low", "high"] = "low"
    risks: tuple[SafeText, ...] = ()
    hold: float = 10.0
    """Seconds for which the required signals must stay good before it has worked."""
    deadline: float = 120.0
    choices: tuple[tuple[str, SafeText], ...] = ()
    """(value, as shown) of what may be picked instead (images to roll back to); the plan is made again."""
    chosen: str = ""
    """The choice that this plan is made for; empty: the first of them."""
    on_failure: Literal["stop", "continue", "step back"] = "stop"
    """What is done about the other operations when one fails; step back: those done are taken back, last first."""
    watch: tuple[Watch, ...] = ()
    smoke: tuple[Operation, ...] = ()
    """Asked in this order when all signals are good; they only read. It has worked when they are answered as wanted."""
    otherwise: tuple[str, tuple[tuple[str, str], ...]] | None = None
    """(verb, arguments) to plan on the same workload when the verdict is "did not work"; None: nothing is known."""

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that is changed, each once."""
        return tuple(dict.fromkeys(one.service or self.service for one in self.operations)) or (self.service,)

    @property
    def counted(self) -> str:
        """How many are changed, as a reader is told and types it: "3 services", "2 nodes"."""
        word = "nodes" if all(one.target.kind == "node" for one in self.operations) else "services"
        return f"{len(self.services)} {word}"

    @property
    def attended(self) -> bool:
        """Whether a person attends it at a terminal: a shell. Then nothing is watched; `ended` says how it ended."""
        return any(one.done_when == ATTENDED for one in self.operations)

    @property
    def hash(self) -> str:
        """SHA-256 over what would be done (without id and time): an approval or a repeat names it."""
        fixed = msgspec.structs.replace(self, id="", made_at=_NO_TIME)
        return hashlib.sha256(msgspec.json.encode(fixed)).hexdigest()


class Permit:
    """Leave to perform one plan. Only `mitigate.guard` makes one (a test holds that)."""

    __slots__ = ("plan_hash", "plan_id", "who")

    def __init__(self, plan: Plan, who: str) -> None:
        self.plan_id = plan.id
        self.plan_hash = plan.hash
        self.who = who


class Life(Struct, frozen=True):
    """An instance's life that a change began: since when, by the platform's own clock."""

    instance: Identity
    began: datetime


class Outcome(Struct, frozen=True):
    """What the backend answered. accepted False: it was refused or failed, `detail` says why.

    again: seconds after which to perform it once more, for what of it has to wait (for a budget, say); 0: all was done.
    lives: of the instances that were started anew, as far as known: what ended before them, the change itself ended.
    """

    accepted: bool
    detail: SafeText = SafeText("")
    facts: Facts = ()
    again: float = 0.0
    lives: tuple[Life, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """What observation says afterwards, with the evidence it rests on."""

    result: Literal["worked", "did not work", "unknown"]
    evidence: tuple[SafeText, ...]
    seconds: float
