"""`restart-all`: everything of one namespace or project in one plan, each awaited before the next is begun."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from msgspec.structs import replace

from cockpit.backends.change import Plan, PlanRefused, Verb
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.text import safe
from cockpit.engine.port import CommandError, MakePlan
from cockpit.mitigate.order import needed_first

NAME, ONE = "restart-all", "restart"
AT_ONCE = 8
"""Plans that are made at once: each asks its platform half a dozen questions, and all have 15 s."""
OPTION = "on-failure"
WAYS: tuple[tuple[Literal["stop", "continue"], SafeText], ...] = (
    ("stop", SafeText("the first that fails ends it: the others stay as they are")),
    ("continue", SafeText("the others are restarted though one fails")),
)
Planned = Callable[[MakePlan], Awaitable[Plan]]
Target = tuple[ServiceStatus, Workload]


def verb_of(workload: Workload, others: int) -> Verb:
    """As it is offered beside the workload's own verbs. others: how many there are to restart, with this one."""
    return Verb(
        name=NAME,
        title=f"Restart all {others} of {workload.id.space}, one after the other",
        options=((OPTION, "stop or continue; left out: stop"),),
    )


def targets_of(
    services: Sequence[ServiceStatus], near: Identity, offers: Callable[[Workload], bool], most: int
) -> list[Target]:
    """What is restarted with `near`: each workload of its namespace once, with a service of it.

    It looks no further than for one more than `most`: this is asked whenever another service is selected.
    """
    found: dict[Identity, Target] = {}
    for service in services if near.space else ():
        for one in service.workloads:
            if _place(one.id) == _place(near) and one.id not in found and offers(one):
                found[one.id] = service, one
        if len(found) > most:
            break
    return list(found.values())


def in_order(targets: Sequence[Target]) -> list[Target]:
    """What others need first, then by tier."""
    place = {one.key: number for number, one in enumerate(needed_first(service for service, _ in targets))}
    return sorted(targets, key=lambda target: place[target[0].key])


async def plans_of(targets: Sequence[Target], planned: Planned) -> tuple[list[Plan], list[str]]:
    """(a plan of each in their order, who is left out and why)."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(service: ServiceStatus, workload: Workload) -> Plan | str:
        async with gate:
            try:
                return await planned(MakePlan(verb=ONE, service=service.key, workload=workload.id))
            except (PlanRefused, CommandError) as error:
                return str(error)

    made = await asyncio.gather(*(one(*target) for target in targets))
    return [one for one in made if isinstance(one, Plan)], [one for one in made if isinstance(one, str)]


def way_of(arguments: dict[str, str]) -> Literal["stop", "continue"]:
    """What becomes of the others when one fails. PlanRefused."""
    asked = arguments.get(OPTION, "").strip() or WAYS[0][0]
    way = next((one for one, _ in WAYS if one == asked), None)
    if way is None:
        raise PlanRefused(f"{NAME}: {OPTION} is stop or continue, not {safe(asked, 40)}")
    return way


def finished(plan: Plan, near: Workload, left_out: Sequence[str]) -> Plan:
    """The joined plan with its order and what it leaves out said first, and what may be chosen."""
    order = ("order", safe(", then ".join(plan.services), 400))
    rule = safe(f"all of {near.id.space} that is seen: what others need first, then by tier")
    risks = [safe(f"left out: {words}", 400) for words in left_out]
    return replace(
        plan, where=(*plan.where, order), risks=(*risks, rule, *plan.risks), choices=WAYS, chosen=plan.on_failure
    )  # fmt: skip


def _place(identity: Identity) -> tuple[str, str, str]:
    return identity.backend, identity.scope, identity.space
