"""Plans for the demo: one operation for each instance, or one for the definition of a service."""

import secrets as random
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.backends.change import Facts, Operation, Plan, PlanRefused
from cockpit.board.model import Health, Instance, Phase, SafeText, Workload
from cockpit.board.text import safe
from cockpit.demo.told import InstanceTold, PlatformTold, ServiceTold
from cockpit.demo.verbs import Act

STEP, MARGIN, HOLD = 20.0, 15.0, 10.0
"""Seconds: for an instance to be ready (measured 0.1 to 1.3), on top for the whole, and for which it must stay so."""
LEAST_HOLD, LEAST_STEP = 2.0, 10.0
"""Whatever the demo's pace: probes ask every 2 s, and a busy machine starts slowly."""


class Scene(Struct, frozen=True):
    """What a plan is made from: the platform as it is now, and the service on the board. pace: of the host."""

    platform: PlatformTold
    service: ServiceTold
    workload: Workload
    where: Facts
    now: datetime
    pace: float = 1.0

    @property
    def step(self) -> float:
        """Seconds after which one instance has failed to become ready."""
        return max(LEAST_STEP, STEP * self.pace)

    @property
    def hold(self) -> float:
        """Seconds for which it must stay well."""
        return max(LEAST_HOLD, HOLD * self.pace)


def plan_act(act: Act, scene: Scene, wanted: str) -> Plan:
    """A verb on one instance (by name) or on all. PlanRefused."""
    name = scene.workload.id.name
    chosen = [one for one in scene.workload.instances if wanted in ("", one.name)]
    if not chosen:
        there = ", ".join(one.name for one in scene.workload.instances) or "none"
        raise PlanRefused(f"{act.verb.name} {name}: no instance {safe(wanted, 64) or 'at all'} (there is {there})")
    fitting = [one for one in chosen if one.phase in act.applies]
    if not fitting:
        raise PlanRefused(f"{name}: {act.refusal}")
    ready = sum(is_ready(one) for one in fitting)
    stays = sum(is_ready(one) for one in scene.workload.instances if one not in fitting)
    ends = act.takes_down and act.done_when != "ready" and ready > 0 and not stays
    operations = tuple(_instance_operation(act, scene, one, whole=not wanted) for one in fitting)
    risks = (*_act_risks(act, scene, fitting, ready, stays), *needs_risks(act.done_when, scene))
    return make_plan(act.verb.name, scene, operations, danger="high" if ends else act.verb.danger, risks=risks)


def make_plan(
    verb: str,
    scene: Scene,
    operations: tuple[Operation, ...],
    *,
    danger: Literal["low", "high"] = "low",
    risks: Sequence[str] = (),
    choices: tuple[tuple[str, SafeText], ...] = (),
) -> Plan:
    """A plan over these operations."""
    margin = max(LEAST_STEP, MARGIN * scene.pace)
    return Plan(
        id=random.token_hex(8),
        verb=verb,
        service=scene.workload.id.name,
        workload=scene.workload.id,
        source=scene.workload.source,
        where=scene.where,
        operations=operations,
        made_at=scene.now,
        danger=danger,
        risks=tuple(safe(risk, 300) for risk in risks),
        hold=scene.hold,
        deadline=max(operation.deadline for operation in operations) + margin,
        choices=choices,
    )


def command(service: str, verb: str, *words: str) -> SafeText:
    """The command line that does the same."""
    return safe(shlex.join(["cockpit", "--profile", "demo", "do", service, verb, *words]), 500)


def _instance_operation(act: Act, scene: Scene, one: Instance, *, whole: bool) -> Operation:
    told = scene.platform.instance(one.id.instance)
    # What was done to all is taken back for all.
    named = () if whole else (("instance", one.id.instance),)
    return Operation(
        verb=act.verb.name,
        title=safe(f"{act.verb.name} {one.name}", 200),
        target=one.id,
        before=_before(one),
        after=(("state", SafeText(act.after)),),
        precondition=process_of(told) if told else "",
        done_when=act.done_when,
        inverse=(act.inverse, named) if act.inverse else None,
        deadline=scene.step,
        command=command(scene.service.name, act.verb.name, f"instance={one.id.instance}"),
    )


def process_of(told: InstanceTold) -> str:
    """The precondition of an operation on an instance: the very process, or that there is none.

    Empty while a start is under way, which changes by itself within milliseconds.
    """
    if told.state == "starting":
        return ""
    return f"pid={told.pid}" if told.pid is not None else "no process"


def difference(precondition: str, told: InstanceTold) -> str:
    """How an instance differs from what the plan was made for; empty when it does not."""
    if not precondition:
        return ""
    if precondition == "no process":
        return f"{told.name} runs by now" if told.state in ("running", "paused") else ""
    if precondition == f"pid={told.pid}":
        return ""
    return f"{told.name}: its process changed meanwhile (now {told.pid or 'none'}, {told.state})"


def is_ready(one: Instance) -> bool:
    """Whether it serves, as far as the platform knows."""
    return one.phase is Phase.RUNNING and one.health in (Health.NONE, Health.HEALTHY)


def _before(one: Instance) -> Facts:
    words = str(one.phase) + (f" {one.exit_code}" if one.exit_code is not None else "")
    if one.oom_killed:
        words += " (OOM killed)"
    if one.health is not Health.NONE:
        words += f", {one.health}"
    facts = [("state", safe(words, 100)), ("release", one.version)]
    if one.started_at is not None and one.phase is Phase.RUNNING:
        facts.append(("running since", safe(f"{one.started_at:%H:%M:%S}Z")))
    if one.restarts:
        facts.append(("restarts", safe(str(one.restarts))))
    return tuple(facts)


def _act_risks(act: Act, scene: Scene, fitting: Sequence[Instance], ready: int, stays: int) -> list[str]:
    if not act.takes_down:
        return []
    dependents = [
        one.name for one in scene.platform.services if any(n.service == scene.service.name for n in one.needs)
    ]
    needed = f"; needed by {', '.join(dependents)}" if dependents else ""
    risks = []
    if ready == 0:
        risks.append("none of it is ready: nothing to lose")
    elif act.done_when != "ready":
        left = f"{stays} of {ready + stays} stay ready" if stays else f"nothing of it answers any more{needed}"
        risks.append(f"{ready} ready will go: {left}")
    elif ready + stays == 1:
        risks.append(f"single replica: nothing answers from its stop until it is ready again, about 1 s{needed}")
    else:
        risks.append(f"one at a time: at least {ready + stays - 1} of {ready + stays} ready stay up")
    if act.verb.name == "restart" and any((one.restarts or 0) > 1 for one in fitting):
        risks.append("it has restarted by itself before: what ends it may still be there")
    if act.verb.name == "remove" and scene.service.name == "orders-db":
        risks.append("its data folder goes with it: every order and cart is lost")
    return risks


def needs_risks(done_when: str, scene: Scene) -> list[str]:
    """What it needs and is not well: then changing this service may not help."""
    if done_when not in ("ready", "replicas", "version"):
        return []
    found = []
    for need in scene.service.needs:
        bad = [one for one in scene.platform.instances_of(need.service) if one.health != "healthy"]
        if bad:
            found.append(f"needs {need.service}, which is not well ({bad[0].name} {_state(bad[0])}): this may not help")
    return found


def _state(told: InstanceTold) -> str:
    return told.health if told.state == "running" else told.state
