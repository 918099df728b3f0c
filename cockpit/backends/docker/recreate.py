"""A new container from the image that it runs: of one service, or of a whole Compose project in dependency order."""

from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.docker import images, target
from cockpit.backends.docker.capture import before_each
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.leftover import leftovers
from cockpit.backends.docker.plan import Site, Target, act_operation, make_plan
from cockpit.backends.docker.project import whole_project
from cockpit.backends.docker.renew import Aim, Renewal, downtime, find, operation, replaceable, told_once
from cockpit.backends.docker.verbs import ACTS, INSTANCE
from cockpit.board.model import Workload
from cockpit.board.text import safe

PROJECT = "project"
SCOPE = ("scope", "project: all of its services, those first that others need; left out: this service")
LOST = "what it wrote outside of volumes is lost, and its log"


class Recreate(Renewal):
    """Containers of a Compose service, or one by itself."""

    verb = Verb(name="recreate", title="Recreate", options=(INSTANCE,))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One exchange for each container; one that an earlier exchange left behind goes."""
        chosen, others, site = await find(hands, workload, self.verb.name, arguments)
        operations = await _operations(hands, workload, chosen, (*chosen, *others), site)
        risks = [*downtime(chosen, others), LOST]
        return make_plan(
            self.verb.name, workload, operations, site, risks=tuple(safe(risk, 300) for risk in risks)
        )  # fmt: skip


class RecreateCompose(Recreate):
    """The same, also of the whole project."""

    verb = Verb(name="recreate", title="Recreate", options=(SCOPE, INSTANCE))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """As of one service, or of all in their order. PlanRefused for another scope."""
        scope = arguments.get("scope", "").strip()
        if scope in ("", "service"):
            return await super().plan(hands, workload, arguments)
        if scope != PROJECT or arguments.get("instance"):
            raise PlanRefused(f"recreate: scope is {PROJECT} (without instance) or left out, not {safe(scope, 40)}")
        site = await hands.site(workload)
        operations: list[Operation] = []
        names = []
        for service, found in await whole_project(hands, workload):
            for one in found:
                replaceable(one)
            operations += await _operations(hands, service, found, found, site)
            names.append(service.id.name)
        if not operations:
            raise PlanRefused(f"{workload.id.space}: no container of this project is there any more: look again")
        risks = (f"all of {workload.id.space}, one container at a time: {', '.join(names)}", LOST)
        return make_plan(
            self.verb.name, workload, tuple(operations), site, danger="high",
            risks=tuple(safe(risk, 300) for risk in risks),
        )  # fmt: skip


async def _operations(
    hands: Hands, workload: Workload, chosen: tuple[Target, ...], all_of_it: tuple[Target, ...], site: Site
) -> tuple[Operation, ...]:
    left, held = leftovers(chosen), {target.name_of(one.container) for one in all_of_it}
    found = []
    for one in chosen:
        plain = left.get(one.container.id, "")
        if plain in held:
            found.append(_removal(one, plain, site))
        else:
            found.append(operation("recreate", await _aim(hands, workload, one), site, None))
    return before_each(hands, workload, chosen, told_once(found), "recreate", site)


def _removal(one: Target, plain: str, site: Site) -> Operation:
    made = act_operation(ACTS["remove"], one, site, one.container.id)
    name = target.name_of(one.container)
    title = f"remove {name}, left behind when a replacement of {plain} was interrupted"
    return replace(made, title=safe(title, 300))


async def _aim(hands: Hands, workload: Workload, one: Target) -> Aim:
    """The same image, by its name while that still means it."""
    container, name = one.container, str(one.instance.image)
    by_name = await images.image_of(hands, name)
    if by_name is not None and by_name.id == container.image:
        return Aim(one=one, image=name, id=container.image)
    if await images.image_of(hands, container.image) is None:
        raise PlanRefused(f"{workload.id.name}: the image that it runs is gone from this engine: pull it first")
    return Aim(one=one, image=container.image, id=container.image)
