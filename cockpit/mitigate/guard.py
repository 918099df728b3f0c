"""Who may do what: read-only, the policy table, the typed name, the second person. The only maker of permits.

A preview is always shown before; this is asked after the confirmation, just before anything is written or done.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Literal

from msgspec import Struct

from cockpit.backends.change import Permit, Plan
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.text import safe
from cockpit.mitigate.errors import Refused, SecondPersonMissing
from cockpit.profile.policy import PolicyRule

UNKNOWN_TIER = 1
"""A service that the board does not know is treated as a critical one."""


class Need(IntEnum):
    """What a rule asks for, weakest first."""

    CONFIRM = 0
    TYPE_NAME = 1
    SECOND_PERSON = 2
    DENY = 3


class Rule(Struct, frozen=True, kw_only=True):
    """One row of the policy. An empty set or word matches everything; all matching rules count together."""

    need: Need
    verbs: frozenset[str] = frozenset()
    tiers: frozenset[int] = frozenset()
    environments: frozenset[str] = frozenset()
    danger: Literal["", "low", "high"] = ""
    why: str = ""


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(need=Need.TYPE_NAME, danger="high", why="it destroys something"),
    Rule(need=Need.TYPE_NAME, tiers=frozenset({1}), why="tier 1"),
)


class Requirement(Struct, frozen=True, kw_only=True):
    """What a plan needs, for the dialog. type_name: the word to type, empty when none; denied, second: the reason."""

    type_name: str = ""
    second: str = ""
    denied: str = ""
    why: tuple[str, ...] = ()


CAPTURE = "capture"
"""What a profile's rule may need besides: it is asked where a plan is made, not here."""


def rules_of(declared: Iterable[PolicyRule]) -> tuple[Rule, ...]:
    """A profile's rules as the guard reads them. They add to the default ones: the strictest that matches counts."""
    return tuple(_rule(one) for one in declared if one.need != CAPTURE)


def _rule(declared: PolicyRule) -> Rule:
    return Rule(
        need=Need[declared.need.upper().replace(" ", "_")], verbs=frozenset(declared.verbs),
        tiers=frozenset(declared.tiers), environments=frozenset(declared.environments),
        danger=declared.danger or "", why=safe(declared.why, 200),
    )  # fmt: skip


Approval = Callable[[Plan], str]
"""Empty when a second person approved this plan, else why it does not count."""


def nobody(_: Plan) -> str:
    """Without a journal there is no second person."""
    return "nobody else can approve here"


class Guard:
    """Decides by table. read_only: why nothing may be changed, empty when it may."""

    def __init__(
        self, *, read_only: str = "", environment: str = "", rules: tuple[Rule, ...] = DEFAULT_RULES,
        approval: Approval = nobody,
    ) -> None:  # fmt: skip
        self.read_only = read_only
        self._environment = environment
        self._rules = rules
        self._approval = approval

    def requirement(self, plan: Plan, *services: ServiceStatus | None) -> Requirement:
        """What has to be given before this plan is allowed. services: all that it changes, None for an unknown one."""
        if self.read_only:
            return Requirement(denied=f"read-only ({self.read_only}): nothing may be changed from here")
        matching = [rule for rule in self._rules if any(self._matches(rule, plan, one) for one in services)]
        denying = [rule.why or "the policy" for rule in matching if rule.need is Need.DENY]
        typing = any(rule.need is Need.TYPE_NAME for rule in matching)
        second = [rule.why or "the policy" for rule in matching if rule.need is Need.SECOND_PERSON]
        return Requirement(
            type_name=_to_type(plan, services) if typing else "",
            second=", ".join(second),
            denied=f"{_what(plan)} is denied: {', '.join(denying)}" if denying else "",
            why=tuple(rule.why for rule in matching if rule.why),
        )

    def allow(
        self, plan: Plan, service: ServiceStatus | None, who: str, typed_name: str, *others: ServiceStatus | None
    ) -> Permit:
        """The permit for this plan; others: what it changes besides. Raises Refused with the reason."""
        needed = self.requirement(plan, service, *others)
        if needed.denied:
            raise Refused(needed.denied)
        if needed.type_name and typed_name.strip() != needed.type_name:
            raise Refused(f"type {needed.type_name} to confirm ({', '.join(needed.why)}): nothing was done")
        if needed.second and (missing := self._approval(plan)):
            raise SecondPersonMissing(f"{_what(plan)} needs a second person ({needed.second}): {missing}")
        return Permit(plan, who)

    def _matches(self, rule: Rule, plan: Plan, service: ServiceStatus | None) -> bool:
        tier = service.tier if service else UNKNOWN_TIER
        verbs = {plan.verb, *(operation.verb for operation in plan.operations)}
        return (
            (not rule.verbs or bool(rule.verbs & verbs))
            and (not rule.tiers or tier in rule.tiers)
            and (not rule.environments or self._environment in rule.environments)
            and (not rule.danger or rule.danger == plan.danger)
        )


def _what(plan: Plan) -> str:
    return f"{plan.verb} of {plan.service}"


def _to_type(plan: Plan, services: tuple[ServiceStatus | None, ...]) -> str:
    """The one service's name; of several, how many there are: "3 services"."""
    if len(plan.services) > 1:
        return plan.counted
    return services[0].name if services and services[0] else plan.service
