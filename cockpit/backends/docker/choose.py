"""Which containers of a workload are meant, and whether one still is what a plan was made for."""

from cockpit.backends.change import Operation, PlanRefused
from cockpit.backends.docker import target
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, targets
from cockpit.backends.docker.shape import is_one_off
from cockpit.board.model import Workload


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
