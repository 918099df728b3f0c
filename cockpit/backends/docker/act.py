"""The maneuvers on single containers: one request each, as the table of verbs says."""

from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan, Verb
from cockpit.backends.docker.capture import before_each
from cockpit.backends.docker.choose import check_container, choose
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.leftover import leftover_risks
from cockpit.backends.docker.lives import lives_of
from cockpit.backends.docker.plan import plan_act
from cockpit.backends.docker.verbs import Act
from cockpit.board.model import Workload
from cockpit.board.text import safe

ANSWER_MARGIN = 20.0


class ActManeuver:
    """One row of the table."""

    def __init__(self, act: Act) -> None:
        self._act = act

    @property
    def verb(self) -> Verb:
        """As it is offered."""
        return self._act.verb

    def offered(self, workload: Workload) -> bool:
        """Whether a container is in a phase in which it makes sense."""
        return any(instance.phase in self._act.applies for instance in workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container."""
        chosen, others, site = await choose(hands, workload, self.verb.name, arguments)
        plan = plan_act(self._act, workload, chosen, others, site)
        going = {operation.target.instance for operation in plan.operations if operation.done_when == "gone"}
        leaving = [one for one in chosen if one.container.id in going]
        operations = before_each(hands, workload, leaving, plan.operations, plan.verb, site)
        told = (safe(risk, 300) for risk in leftover_risks(chosen))
        return replace(plan, operations=operations, risks=(*plan.risks, *told))

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the container is still the one, in the state, that the plan was made for."""
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Send the request."""
        act = self._act
        path = f"/containers/{operation.target.instance}{act.request}"
        timeout = operation.deadline + ANSWER_MARGIN
        if act.method == "DELETE":
            await hands.client.delete(path, act.query, timeout)
        else:
            await hands.client.post(path, None, act.query, timeout)
        return Outcome(accepted=True, lives=await lives_of(hands, (operation.target,)) if act.starts else ())
