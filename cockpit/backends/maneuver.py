"""What the operators of engines and clusters have in common: each verb is a maneuver, found by kind and name."""

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

HandsIn = TypeVar("HandsIn", contravariant=True)
Hands = TypeVar("Hands")


class Maneuver(Protocol[HandsIn]):
    """One verb on one kind of workload. Refusals are raised as SourceError, requests that broke as NoAnswer."""

    @property
    def verb(self) -> Verb:
        """As it is offered."""
        ...

    def offered(self, workload: Workload) -> bool:
        """Whether it makes sense now."""
        ...

    async def plan(self, hands: HandsIn, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What it would do. PlanRefused, SourceError."""
        ...

    async def check(self, hands: HandsIn, operation: Operation) -> str:
        """Empty when the operation's precondition still holds, else the difference."""
        ...

    async def perform(self, hands: HandsIn, operation: Operation) -> Outcome:
        """Do one operation."""
        ...


class ManeuverOperator(Generic[Hands]):
    """Plans, checks and performs by table. hands: what every maneuver works with; maneuvers: by kind of workload."""

    def __init__(
        self, hands: Hands, maneuvers: Mapping[str, tuple[Maneuver[Hands], ...]], secrets: Secrets | None
    ) -> None:  # fmt: skip
        self._hands, self._maneuvers, self._secrets = hands, maneuvers, secrets or Secrets()

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """What may be done to this kind of workload as it is now."""
        return tuple(one.verb for one in self._maneuvers.get(workload.id.kind, ()) if one.offered(workload))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What the verb would do to the workload as its platform has it now. PlanRefused."""
        maneuver = self._find(workload.id.kind, verb)
        if maneuver is None:
            raise PlanRefused(f"{verb} is nothing that can be done to {workload.id.name} ({workload.id.kind})")
        try:
            return self.finished(workload, await maneuver.plan(self._hands, workload, arguments))
        except SourceError as error:
            await self.lost(error)
            raise PlanRefused(f"{verb} {workload.id.name} cannot be planned: {self.shown(error)}") from None

    def finished(self, workload: Workload, plan: Plan) -> Plan:
        """A plan with what belongs to every one of this platform."""
        return plan

    async def lost(self, error: SourceError) -> None:
        """A plan could not be made for this."""

    async def check(self, operation: Operation) -> str:
        """Whether what is to be changed is still what the plan was made for."""
        maneuver = self._find(operation.target.kind, operation.verb)
        return _unknown(operation) if maneuver is None else await maneuver.check(self._hands, operation)

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        """Do one operation. Raises NoAnswer when it was sent and no answer came: observation decides then."""
        if not isinstance(permit, Permit):
            raise TypeError("nothing is performed without a permit")
        maneuver = self._find(operation.target.kind, operation.verb)
        if maneuver is None:
            return Outcome(accepted=False, detail=safe(_unknown(operation)))
        try:
            outcome = await maneuver.perform(self._hands, operation)
        except NoAnswer:
            raise
        except SourceError as error:
            outcome = Outcome(accepted=False, detail=safe(str(error), 500))
        mask = self._secrets.mask
        facts = tuple((name, mask(value)) for name, value in outcome.facts)
        return replace(outcome, detail=mask(outcome.detail), facts=facts)

    def shown(self, error: SourceError) -> str:
        """An error's words without what must not be seen."""
        return self._secrets.mask(safe(str(error), 500))

    def _find(self, kind: str, verb: str) -> Maneuver[Hands] | None:
        return next((one for one in self._maneuvers.get(kind, ()) if one.verb.name == verb), None)


def _unknown(operation: Operation) -> str:
    return f"{operation.verb} is nothing that this version can do"
