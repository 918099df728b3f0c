"""Plans of what a profile declares for a service: its calls, its actions, and what is verified after any change."""

import secrets as random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb, Watch
from cockpit.backends.declared.shape import Site
from cockpit.board.model import Workload
from cockpit.board.text import safe
from cockpit.profile.deeds import Action, Step
from cockpit.profile.schema import Service

PlanVerb = Callable[[str, Workload, dict[str, str]], Awaitable[Plan]]
"""Plans a verb of the workload's own backend. PlanRefused."""

MOST_OPERATIONS = 200


def offered(service: Service) -> tuple[Verb, ...]:
    """Calls and actions as verbs of the service."""
    calls = (
        Verb(name=name, title=safe(call.title or f"Call {name}", 80), danger=call.danger)
        for name, call in service.calls.items()
        if call.method not in ("GET", "HEAD")
    )
    actions = (
        Verb(name=name, title=safe(action.title or f"Action {name}", 80), danger=_danger(service, action))
        for name, action in service.actions.items()
    )
    return (*calls, *actions)


def watched(key: str, service: Service) -> tuple[Watch, ...]:
    """What must be seen after a change, where it is more than the least."""
    verify = service.verify
    if verify.samples == 1 and not verify.traffic:
        return ()
    return (Watch(service=key, samples=verify.samples, traffic=verify.traffic),)


def smoke(key: str, service: Service, workload: Workload) -> tuple[Operation, ...]:
    """The service's checks, in their order."""
    site = Site(key, service, workload.id)
    return tuple(replace(site.doing(check), back=None) for check in service.smoke)


async def make_plan(
    name: str, key: str, service: Service, workload: Workload, plan_verb: PlanVerb, now: datetime
) -> Plan:
    """The plan of a call or action by its name. PlanRefused."""
    if name in service.calls:
        call = service.calls[name]
        made = Site(key, service, workload.id).call(name)
        plan = _plan(name, key, workload, (made,), now)
        return replace(plan, danger=call.danger, hold=float(call.hold), deadline=_longest(call.hold, call.deadline))
    action = service.actions.get(name)
    if action is None:
        raise PlanRefused(f"{key}: no call or action is named {name}")
    operations: list[Operation] = []
    for stage in action.stages or (0,):
        site = Site(key, service, workload.id, stage)
        for step in action.steps:
            operations += await _step(site, step, workload, plan_verb)
    if len(operations) > MOST_OPERATIONS:
        raise PlanRefused(f"{key}: {name} would take {len(operations)} steps, more than {MOST_OPERATIONS}")
    if action.inverse:
        operations[-1] = replace(operations[-1], inverse=(action.inverse, ()))
    plan = _plan(name, key, workload, tuple(operations), now)
    return replace(
        plan, danger=_danger(service, action), hold=float(action.hold),
        deadline=_longest(action.hold, action.deadline), on_failure="step back",
    )  # fmt: skip


async def _step(site: Site, step: Step, workload: Workload, plan_verb: PlanVerb) -> tuple[Operation, ...]:
    if not step.verb:
        return (site.doing(step),)
    plan = await plan_verb(step.verb, workload, dict(step.arguments))
    stage = f"{site.stage} %: " if site.stage else ""
    return tuple(
        replace(
            one, title=safe(f"{stage}{one.title}"), source=plan.source, service=site.key,
            requires=step.before if number == 0 else "",
            back=site.doing(step.undo) if step.undo is not None else None,
        )
        for number, one in enumerate(plan.operations)
    )  # fmt: skip


def _plan(name: str, key: str, workload: Workload, operations: tuple[Operation, ...], now: datetime) -> Plan:
    return Plan(
        id=random.token_hex(8), verb=name, service=key, workload=workload.id, source=workload.source,
        where=workload.where, operations=operations, made_at=now,
    )  # fmt: skip


def _danger(service: Service, action: Action) -> Literal["low", "high"]:
    high = [action.danger, *(step.danger for step in action.steps)]
    high += [service.calls[step.call].danger for step in action.steps if step.call in service.calls]
    return "high" if "high" in high else "low"


def _longest(hold: float, deadline: float) -> float:
    return max(float(deadline), float(hold) + 30.0)
