"""The maneuvers on single containers: one request each, as the table of verbs says."""

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import target
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, plan_act, targets
from cockpit.backends.docker.shape import is_one_off
from cockpit.backends.docker.verbs import Act
from cockpit.board.model import Workload

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
        return plan_act(self._act, workload, chosen, others, site)

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
        return Outcome(accepted=True)


async def choose(
    hands: Hands, workload: Workload, verb: str, arguments: dict[str, str]
) -> tuple[tuple[Target, ...], tuple[Target, ...], Site]:
    """(containers that are meant, the workload's others, where). PlanRefused when none is meant."""
    found = targets(workload, await hands.containers(workload))
    site = await hands.site(workload)
    wanted = arguments.get("instance", "")
    chosen = tuple(one for one in found if _is_chosen(one, wanted))
    if not chosen:
        missing = f"container {wanted[:40]}" if wanted else "any container of it"
        raise PlanRefused(f"{verb} {workload.id.name}: {missing} is not there any more: look again")
    return chosen, tuple(one for one in found if one not in chosen and _is_chosen(one, "")), site


async def check_container(hands: Hands, operation: Operation) -> str:
    """The difference between an operation's container and what the plan was made for."""
    try:
        container = await hands.container(operation.target.instance)
    except EngineAnswer as error:
        return f"{operation.title}: the container is gone" if error.status == 404 else str(error)
    return target.difference(operation.precondition, container)


def _is_chosen(one: Target, wanted: str) -> bool:
    if wanted:
        return bool({one.container.id, target.name_of(one.container)} & {each.strip() for each in wanted.split(",")})
    return not is_one_off((one.container.config.labels if one.container.config else None) or {})
