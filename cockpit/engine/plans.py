"""From a verb to a plan: of the workload's own backend, or of what the profile declares for the service."""

from datetime import datetime

from msgspec.structs import replace

from cockpit.backends.base import Operator
from cockpit.backends.change import DECLARED, Operation, Plan, PlanRefused, Verb
from cockpit.board.board import Board
from cockpit.board.model import Identity, Workload
from cockpit.board.text import safe
from cockpit.engine import everything
from cockpit.engine.parts import Context, Declared, Parts
from cockpit.engine.port import CommandError, MakeBulk, MakePlan
from cockpit.mitigate.bulk import MOST, join
from cockpit.mitigate.predicates import required
from cockpit.mitigate.room import room_risks

DECLARE = "a profile can say how, under its service: commands, repository, calls, actions"


class Planner:
    """Knows every operator, and performs nothing: that is the door's."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.operators: dict[str, Operator] = {}
        self._declared: Declared | None = None

    def declare(self, parts: Parts, context: Context) -> None:
        """Take in what the profile itself declares."""
        if parts.declared is None:
            return
        name, make = parts.declared
        self._declared = self.operators[name] = make(context, self._verb, self._seen)

    def verbs(self, identity: Identity) -> tuple[Verb, ...]:
        """What may be done to a workload and to the services that it runs, or to a service that nothing here runs."""
        workload = self._workload(identity)
        operator = self.operators.get(workload.source)
        own = operator.verbs(workload) if operator else ()
        every = self._everything(workload) if any(verb.name == everything.ONE for verb in own) else []
        own = (*own, everything.verb_of(workload, len(every))) if 1 < len(every) <= MOST else own
        declared = self._declared
        if declared is None:
            return own
        return (*own, *(verb for key in self._services(workload) for verb in declared.offered(key, workload)))

    async def plan(self, command: MakePlan) -> Plan:
        """What a verb would do. PlanRefused or CommandError say why not."""
        workload = self._workload(command.workload)
        if command.verb == everything.NAME:
            return await self._all_of(workload, dict(command.arguments))
        declared = self._declared
        if declared and any(verb.name == command.verb for verb in declared.offered(command.service, workload)):
            given = {**dict(command.arguments), "service": command.service}
            plan = await declared.plan(command.verb, workload, given)
        else:
            plan = replace(
                await self._verb(command.verb, workload, dict(command.arguments)), service=command.service
            )  # fmt: skip
            plan = replace(plan, operations=tuple(self._owned(one, plan) for one in plan.operations))
        alive = any(required(one.done_when).alive for one in plan.operations[-1:])
        return declared.finished(plan, workload, alive=alive) if declared else plan

    async def bulk(self, command: MakeBulk, now: datetime) -> Plan:
        """One plan for all marked ones; when one of them cannot be planned, none is, and all that cannot are named."""
        if command.verb == everything.NAME:
            raise PlanRefused(f"{everything.NAME} is of everything in one place: mark none, choose it on one")
        plans: list[Plan] = []
        refused: list[str] = []
        for service, workload in command.targets[:MOST]:
            one = MakePlan(verb=command.verb, service=service, workload=workload, arguments=command.arguments)
            try:
                plans.append(await self.plan(one))
            except (PlanRefused, CommandError) as error:
                refused.append(f"{service}: {error}")
        if refused:
            raise PlanRefused(f"{len(refused)} of {len(command.targets)} cannot be planned: {'; '.join(refused[:3])}")
        if len(command.targets) > MOST:
            raise PlanRefused(f"{len(command.targets)} are marked; at most {MOST} are changed at once")
        joined = join(plans, command.on_failure, now)
        together = (safe(risk, 300) for risk in room_risks(joined, self._board.snapshot().nodes))
        return replace(joined, risks=(*together, *joined.risks))

    async def _all_of(self, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One plan for everything of a namespace; what cannot be restarted is left out and named."""
        way, targets = everything.way_of(arguments), self._everything(workload)
        if len(targets) > MOST:
            raise PlanRefused(f"{workload.id.space} has more than {MOST} to restart; no more are changed at once")
        plans, left_out = await everything.plans_of(everything.in_order(targets), self.plan)
        if not plans:
            raise PlanRefused(f"nothing of {workload.id.space} can be restarted: {'; '.join(left_out[:3]) or 'none'}")
        return everything.finished(join(plans, way, plans[0].made_at), workload, left_out)

    def _everything(self, workload: Workload) -> list[everything.Target]:
        """What would be restarted with a workload."""

        def offers(one: Workload) -> bool:
            operator = self.operators.get(one.source)
            return operator is not None and any(verb.name == everything.ONE for verb in operator.verbs(one))

        return everything.targets_of(self._board.snapshot().services, workload.id, offers, MOST)

    async def _verb(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        operator = self.operators.get(workload.source)
        if operator is None or workload.source == DECLARED:
            why = f"{workload.source} changes nothing by itself"
            why = "nothing that runs it is known" if workload.source == DECLARED else why
            raise PlanRefused(f"{workload.id.name}: no {verb}, for {why}; {DECLARE}")
        return await operator.plan(verb, workload, arguments)

    def _seen(self, identity: Identity) -> Workload | None:
        return self._board.workloads().get(identity.workload)

    def _owned(self, one: Operation, plan: Plan) -> Operation:
        """What is done to another workload is that workload's service's: its policy and its probes count too."""
        seen = self._seen(one.target) if one.target.workload != plan.workload and not one.service else None
        keys = self._services(seen) if seen is not None else ()
        return replace(one, service=keys[0]) if keys else one

    def _services(self, workload: Workload) -> tuple[str, ...]:
        if workload.source == DECLARED:
            return (workload.id.name,)
        now = self._board.snapshot()
        return tuple(
            status.key
            for status in (*now.services, *now.nodes)
            if any(one.id == workload.id for one in status.workloads)
        )

    def _workload(self, identity: Identity) -> Workload:
        if identity.backend == DECLARED:
            return self._service_itself(identity)
        workload = self._board.workloads().get(identity.workload)
        if workload is None:
            raise CommandError(f"{identity.name}: it is not on the board any more")
        return workload

    def _service_itself(self, identity: Identity) -> Workload:
        """Stands for what runs a service of which nothing is seen: only what the profile declares is done to it."""
        status = next((one for one in self._board.snapshot().services if one.key == identity.name), None)
        if status is None:
            raise CommandError(f"{safe(identity.name, 80)}: there is no such service")
        return Workload(id=identity, source=DECLARED, where=(("service", safe(status.name, 80)),))
