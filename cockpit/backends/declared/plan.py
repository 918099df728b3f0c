"""Plans of what a profile declares for a service: calls, actions, commands, and what is verified after any change."""

import secrets as random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb, Watch
from cockpit.backends.declared import process, revisions
from cockpit.backends.declared.git import WorkingCopy
from cockpit.backends.declared.shape import Site
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.profile.deeds import Action, Repository, Step
from cockpit.profile.schema import Service

PlanVerb = Callable[[str, Workload, dict[str, str]], Awaitable[Plan]]
"""Plans a verb of the workload's own backend. PlanRefused."""

MOST_OPERATIONS = 200
HOLD, MARGIN = 10.0, 20.0
"""Seconds for which a process must stay well, and on top of that and of its command's deadline for the whole."""


class Scene(Struct, frozen=True, kw_only=True):
    """What a plan is made from. copy: makes the hand on a git working copy."""

    key: str
    service: Service
    workload: Workload
    plan_verb: PlanVerb
    secrets: Secrets
    now: datetime
    copy: Callable[[Repository], WorkingCopy]


def offered(service: Service, workload: Workload) -> tuple[Verb, ...]:
    """Calls and actions as verbs of the service, and what is declared for what runs it."""
    calls = (
        Verb(name=name, title=safe(call.title or f"Call {name}", 80), danger=call.danger)
        for name, call in service.calls.items()
        if call.method not in ("GET", "HEAD")
    )
    actions = (
        Verb(name=name, title=safe(action.title or f"Action {name}", 80), danger=_danger(service, action))
        for name, action in service.actions.items()
    )
    back = revisions.verb_of(service, workload)
    return (*process.offered(service, workload), *((back,) if back else ()), *calls, *actions)


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


async def make_plan(name: str, scene: Scene, arguments: dict[str, str]) -> Plan:
    """The plan of what is declared, by its name. PlanRefused."""
    key, service, workload, now = scene.key, scene.service, scene.workload, scene.now
    own = await _own(name, scene, arguments)
    if own is not None:
        return own
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
            operations += await _step(site, step, scene)
    if len(operations) > MOST_OPERATIONS:
        raise PlanRefused(f"{key}: {name} would take {len(operations)} steps, more than {MOST_OPERATIONS}")
    if action.inverse:
        operations[-1] = replace(operations[-1], inverse=(action.inverse, ()))
    plan = _plan(name, key, workload, tuple(operations), now)
    return replace(
        plan, danger=_danger(service, action), hold=float(action.hold),
        deadline=_longest(action.hold, action.deadline), on_failure="step back",
    )  # fmt: skip


async def _own(name: str, scene: Scene, arguments: dict[str, str]) -> Plan | None:
    """The plan of a verb that the profile gives to what runs the service; None when it is none."""
    back = revisions.verb_of(scene.service, scene.workload)
    if back is not None and name == back.name:
        return await _roll_back(name, scene, arguments.get("revision", "").strip())
    if name not in process.WAYS_OF or not process.is_process(scene.workload):
        return None
    made = process.operation(name, scene.key, scene.service, scene.workload)
    plan = _plan(name, scene.key, scene.workload, (process.undone(made, scene.service, scene.workload),), scene.now)
    return replace(
        plan, danger=process.WAYS_OF[name].danger, hold=HOLD, deadline=made.deadline + HOLD + MARGIN,
        risks=tuple(safe(risk) for risk in process.risks(name, scene.workload)),
    )  # fmt: skip


async def _roll_back(name: str, scene: Scene, wanted: str) -> Plan:
    repository = scene.service.repository
    assert repository is not None
    back = await revisions.plan_back(
        name, scene.key, repository, scene.workload, wanted, scene.copy(repository), scene.secrets, scene.now
    )
    first, then = back.operation, repository.then
    if not then:
        operations: tuple[Operation, ...] = (replace(first, done_when="probes"),)
    elif then in scene.service.calls:
        operations = (first, Site(scene.key, scene.service, scene.workload.id).call(then))
    else:
        operations = (first, *(await _verb(scene, then, {})).operations)
    # What takes the whole back is said by its last operation too: restarting has no inverse of its own.
    operations = (*operations[:-1], replace(operations[-1], inverse=first.inverse, back=None))
    plan = _plan(name, scene.key, scene.workload, operations, scene.now)
    return replace(
        plan, hold=HOLD, deadline=max(one.deadline for one in operations) + HOLD + MARGIN, choices=back.choices,
        risks=tuple(safe(risk, 300) for risk in back.risks),
    )  # fmt: skip


async def _verb(scene: Scene, verb: str, arguments: dict[str, str]) -> Plan:
    """A verb of what runs the service: declared, else of its backend; each operation knows whose it is. PlanRefused."""
    made = await _own(verb, scene, arguments) or await scene.plan_verb(verb, scene.workload, arguments)
    operations = (replace(one, source=one.source or made.source, service=scene.key) for one in made.operations)
    return replace(made, operations=tuple(operations))


async def _step(site: Site, step: Step, scene: Scene) -> tuple[Operation, ...]:
    if not step.verb:
        return (site.doing(step),)
    plan = await _verb(scene, step.verb, dict(step.arguments))
    stage = f"{site.stage} %: " if site.stage else ""
    return tuple(
        replace(
            one, title=safe(f"{stage}{one.title}"), requires=step.before if number == 0 else "",
            back=site.doing(step.undo) if step.undo is not None else one.back,
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
