"""Plans for verbs on single containers: one operation each, in their order, each awaited before the next."""

import secrets as random
import shlex
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from cockpit.backends.change import Facts, Operation, Plan, PlanRefused
from cockpit.backends.docker import target
from cockpit.backends.docker.verbs import Act
from cockpit.backends.docker.wire import Container
from cockpit.board.model import Identity, Instance, SafeText, Workload
from cockpit.board.text import safe

MARGIN = 15.0


class Site(Struct, frozen=True):
    """Where a plan is carried out, for its header and its command lines. flags: of the CLI, "-H unix:///..."."""

    where: Facts
    flags: str
    now: datetime


class Target(Struct, frozen=True):
    """One container with its identity on the board."""

    container: Container
    instance: Instance


def targets(workload: Workload, containers: Sequence[Container]) -> tuple[Target, ...]:
    """Containers beside their identities, in the workload's order."""
    found = {container.id: container for container in containers}
    return tuple(
        Target(found[one.id.instance], target.to_instance(found[one.id.instance], one.id))
        for one in workload.instances
        if one.id.instance in found
    )


def plan_act(act: Act, workload: Workload, chosen: Sequence[Target], others: Sequence[Target], site: Site) -> Plan:
    """The plan of one verb. others: containers of the workload that it leaves alone. PlanRefused."""
    fitting = [one for one in chosen if one.instance.phase in act.applies]
    if not fitting:
        raise PlanRefused(f"{workload.id.name}: {act.refusal}")
    # All ids stand in the inverse of each: taking back one of them takes back the whole plan.
    ids = ",".join(one.container.id for one in fitting if not _vanishes(act, one))
    operations = tuple(act_operation(act, one, site, ids) for one in fitting)
    ready = sum(target.is_ready(one.instance) for one in fitting)
    stays = sum(target.is_ready(one.instance) for one in (*chosen, *others) if one not in fitting)
    ends = act.takes_down and act.done_when != "ready" and ready > 0 and not stays
    return make_plan(
        act.verb.name,
        workload,
        operations,
        site,
        danger="high" if act.verb.danger == "high" or ends else "low",
        risks=tuple(_risks(act, fitting, ready, stays)),
        otherwise=(act.otherwise, (("instance", ids),)) if act.otherwise and ids else None,
    )


def make_plan(
    verb: str,
    workload: Workload,
    operations: tuple[Operation, ...],
    site: Site,
    *,
    danger: str = "low",
    risks: tuple[SafeText, ...] = (),
    choices: tuple[tuple[str, SafeText], ...] = (),
    otherwise: tuple[str, tuple[tuple[str, str], ...]] | None = None,
) -> Plan:
    """A plan over these operations; it may take as long as they may together."""
    return Plan(
        id=random.token_hex(8),
        verb=verb,
        service=workload.id.name,
        workload=workload.id,
        source=workload.source,
        where=site.where,
        operations=operations,
        made_at=site.now,
        danger="high" if danger == "high" else "low",
        risks=risks,
        # What is kept beforehand takes its own time, and has nothing to do with how soon the change shows.
        deadline=max((one.deadline for one in operations if one.done_when != "captured"), default=60.0) + MARGIN,
        choices=choices,
        otherwise=otherwise,
    )


def act_operation(act: Act, one: Target, site: Site, ids: str) -> Operation:
    """One verb on one container. ids: of all containers of the plan, for its inverse."""
    container, name = one.container, target.name_of(one.container)
    seconds = (target.stop_time(container) if act.stops else 0) + (
        target.start_time(container) if act.starts else MARGIN
    )
    identity: Identity = one.instance.id
    inverse = (act.inverse, (("instance", ids),)) if act.inverse and not _vanishes(act, one) else None
    return Operation(
        verb=act.verb.name,
        title=safe(f"{act.verb.name} {name}", 300),
        target=identity,
        before=target.before(one.instance),
        after=(("state", SafeText(act.after)),),
        precondition=target.precondition(container),
        done_when="gone" if _vanishes(act, one) else act.done_when,
        inverse=inverse,
        deadline=seconds,
        command=safe(f"docker {site.flags}{act.cli} {shlex.quote(name)}", 500),
    )


def _vanishes(act: Act, one: Target) -> bool:
    """Whether the engine removes it as soon as it ends (`docker run --rm`)."""
    host = one.container.host_config
    return act.done_when == "stopped" and host is not None and host.auto_remove


def _risks(act: Act, fitting: Sequence[Target], ready: int, stays: int) -> list[SafeText]:
    risks = []
    count = len(fitting)
    if not act.takes_down:
        return []
    if ready == 0:
        risks.append("none of it is ready: nothing to lose")
    elif act.done_when != "ready":
        left = f"{stays} ready stay" if stays else "nothing of it answers any more"
        risks.append(f"{ready} ready will go: {left}")
    elif ready + stays == 1:
        grace = max(target.stop_time(one.container) for one in fitting)
        risks.append(f"single replica: nothing answers from its stop (up to {grace:g} s) until it is ready again")
    else:
        risks.append(f"one at a time: at least {ready + stays - 1} of {ready + stays} ready stay up")
    names = [target.name_of(one.container) for one in fitting if _vanishes(act, one)]
    if names:
        risks.append(f"{', '.join(names)} was run with --rm: the engine removes it, and its log, when it ends")
    if act.verb.name == "restart" and any(target.mark_of(one.container).loops for one in fitting):
        risks.append("it has restarted by itself before: what ends it may still be there")
    if act.verb.name == "restart" and any(one.instance.oom_killed for one in fitting):
        risks.append("its memory ran out: the same limit holds after a restart")
    if act.verb.name == "remove" and count:
        risks.append("it does not come back by itself; anonymous volumes are kept")
    return [safe(risk, 300) for risk in risks]
