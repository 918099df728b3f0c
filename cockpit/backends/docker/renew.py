"""Replacing containers by new ones of the same configuration: from another image (roll back), or the same (recreate).

One container at a time, its name kept. The old one is set aside under the name "<12 hex>_name", as Compose does, until
the new one is ready; if that does not become ready, it goes and the old one is put back as it was.
"""

import asyncio
import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import images, target
from cockpit.backends.docker.capture import before_each
from cockpit.backends.docker.choose import check_container, choose
from cockpit.backends.docker.exchange import MARGIN, STEADY, Exchange, Wanted
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.verbs import INSTANCE
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe


class Goal(Struct, frozen=True):
    """The image that the new containers run, and what else may be chosen."""

    name: str
    id: str
    choices: tuple[tuple[str, SafeText], ...] = ()


class Renewal(ABC):
    """What rolling back and recreating have in common."""

    verb: ClassVar[Verb]

    def offered(self, workload: Workload) -> bool:
        """Whether there is a container to replace."""
        return bool(workload.instances)

    @abstractmethod
    async def goal(self, hands: Hands, workload: Workload, chosen: Sequence[Target], wanted: str, site: Site) -> Goal:
        """Which image to go to. PlanRefused."""

    def concerns(self, one: Target, goal: Goal) -> bool:
        """Whether a container is to be replaced at all."""
        return True

    @abstractmethod
    def risks(self, goal: Goal, chosen: Sequence[Target]) -> list[str]:
        """What the reader must know of it."""

    @abstractmethod
    def inverse(self, chosen: Sequence[Target]) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """What takes it back."""

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container."""
        chosen, others, site = await choose(hands, workload, self.verb.name, arguments)
        for one in chosen:
            _replaceable(one)
        goal = await self.goal(hands, workload, chosen, arguments.get("to", "").strip(), site)
        chosen = tuple(one for one in chosen if self.concerns(one, goal))
        if not chosen:
            raise PlanRefused(f"{workload.id.name}: {goal.name} is what runs")
        inverse = self.inverse(chosen)
        first, *rest = (self._operation(one, goal, site, inverse) for one in chosen)
        operations: tuple[Operation, ...] = (first, *(replace(operation, command=SafeText("")) for operation in rest))
        risks = [*_downtime(chosen, others), *self.risks(goal, chosen)]
        operations = before_each(hands, workload, chosen, operations, self.verb.name, site)
        return make_plan(
            self.verb.name, workload, operations, site, choices=goal.choices,
            risks=tuple(safe(risk, 300) for risk in risks),
        )  # fmt: skip

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the container, and the image to go to, are still what the plan was made for."""
        given = dict(operation.arguments)
        found = await images.image_of(hands, given["image"])
        if found is None or found.id != given["id"]:
            return f"{given['image']} is gone, or means another image now"
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Exchange one container. Once begun it goes on to a safe end, even when nobody waits any more."""
        given = dict(operation.arguments)
        wanted = Wanted(container=operation.target.instance, image=given["image"], image_id=given["id"])
        return await asyncio.shield(asyncio.ensure_future(Exchange(hands, wanted).run()))

    def _operation(
        self, one: Target, goal: Goal, site: Site, inverse: tuple[str, tuple[tuple[str, str], ...]] | None
    ) -> Operation:
        container, name = one.container, target.name_of(one.container)
        now = f"{one.instance.image} {images.short(container.image)}"
        return Operation(
            verb=self.verb.name,
            title=safe(f"replace {name} by one from {goal.name}", 300),
            target=one.instance.id,
            before=(*(fact for fact in target.before(one.instance) if fact[0] != "image"), ("image", safe(now, 300))),
            after=(
                ("image", safe(f"{goal.name} {images.short(goal.id)}", 300)),
                ("configuration", SafeText("the same, volumes kept")),
                ("old container", SafeText("kept until the new one is ready, put back if it is not")),
            ),
            arguments=(("image", goal.name), ("id", goal.id)),
            precondition=target.precondition(container),
            done_when="ready",
            inverse=inverse,
            deadline=target.stop_time(container) + target.start_time(container) + STEADY + MARGIN,
            safe_to_stop_after=True,
            command=_command(one, goal, site),
        )


class RollBack(Renewal):
    """To an earlier image of the same repository that is still on the engine."""

    verb = Verb(name="rollback", title="Roll back", options=(("to", "an image that is here"), INSTANCE))

    async def goal(self, hands: Hands, workload: Workload, chosen: Sequence[Target], wanted: str, site: Site) -> Goal:
        """The likeliest earlier image, or the one that is wanted."""
        name, current = str(chosen[0].instance.image), chosen[0].container.image
        repo = images.repository(name)
        if not repo:
            raise PlanRefused(f"{workload.id.name}: {name[:19]} has no name, so there is nothing to look for others by")
        found = images.candidates(await images.local_images(hands, repo), repo, current)
        choices = tuple((one.name, images.shown(one, site.now)) for one in found)
        if wanted:
            picked = images.named(found, wanted)
            if picked is not None:
                return Goal(picked.name, picked.id, choices)
            # Untagged since, it can still be named by its id.
            exact = await images.image_of(hands, wanted) if wanted.startswith("sha256:") else None
            if exact is not None:
                return Goal(wanted, exact.id, choices)
            known = ", ".join(value for value, _ in choices) or "none"
            raise PlanRefused(
                f"{workload.id.name}: no image {safe(wanted, 100)} of {repo} is here (there are: {known})"
            )
        if not found:
            raise PlanRefused(
                f"{workload.id.name}: no other image of {repo} is on this engine: pull the one to go back to"
            )
        running = await images.image_of(hands, current)
        likely = images.pick(found, repo, moment(running.created) if running else None)
        return Goal(likely.name, likely.id, choices)

    def concerns(self, one: Target, goal: Goal) -> bool:
        """Not one that runs that image already."""
        return one.container.image != goal.id

    def risks(self, goal: Goal, chosen: Sequence[Target]) -> list[str]:
        """What a roll back does not take along."""
        name = chosen[0].instance.image
        return [
            f"the next deploy brings {name} back, unless it is told otherwise",
            "data that the newer version changed stays as it is",
        ]

    def inverse(self, chosen: Sequence[Target]) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """Forward again, by the image's id: its name may mean another by then."""
        names = ",".join(target.name_of(one.container) for one in chosen)
        return self.verb.name, (("to", chosen[0].container.image), ("instance", names))


class Recreate(Renewal):
    """A new container from the image that it runs."""

    verb = Verb(name="recreate", title="Recreate", options=(INSTANCE,))

    async def goal(self, hands: Hands, workload: Workload, chosen: Sequence[Target], wanted: str, site: Site) -> Goal:
        """The same image, by its name while that still means it."""
        container = chosen[0].container
        if any(one.container.image != container.image for one in chosen):
            raise PlanRefused(f"{workload.id.name}: its containers run different images: recreate one at a time")
        by_name = await images.image_of(hands, str(chosen[0].instance.image))
        if by_name is not None and by_name.id == container.image:
            return Goal(str(chosen[0].instance.image), container.image)
        if await images.image_of(hands, container.image) is None:
            raise PlanRefused(f"{workload.id.name}: the image that it runs is gone from this engine: pull it first")
        return Goal(container.image, container.image)

    def risks(self, goal: Goal, chosen: Sequence[Target]) -> list[str]:
        """What is lost with a container."""
        return ["what it wrote outside of volumes is lost, and its log"]

    def inverse(self, chosen: Sequence[Target]) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """Nothing brings the old container back."""
        return None


def _replaceable(one: Target) -> None:
    host, name = one.container.host_config, target.name_of(one.container)
    if host is not None and host.auto_remove:
        raise PlanRefused(f"{name} was run with --rm: the engine removes it when it stops, so it cannot be put back")


def _downtime(chosen: Sequence[Target], others: Sequence[Target]) -> list[str]:
    ready = sum(target.is_ready(one.instance) for one in chosen)
    stays = sum(target.is_ready(one.instance) for one in others)
    if ready + stays == 0:
        return ["none of it is ready: nothing to lose"]
    if ready + stays == 1 and ready:
        return ["single replica: nothing answers from its stop until the new one is ready"]
    return [f"one at a time: at least {ready + stays - 1} of {ready + stays} ready stay up"]


def _command(one: Target, goal: Goal, site: Site) -> SafeText:
    """Compose's own words for it, which are for the whole service; a single container has none."""
    labels = (one.container.config.labels if one.container.config else None) or {}
    project, service = labels.get("com.docker.compose.project"), labels.get("com.docker.compose.service")
    if not (project and service):
        return SafeText("")
    docker = ["docker", *site.flags.split()]
    up = ["compose", "-p", project, "up", "-d", "--no-deps", "--no-build", "--pull", "never", "--force-recreate"]
    words = shlex.join([*docker, *up, service])
    if goal.id != one.container.image:
        words = f"{shlex.join([*docker, 'tag', images.short(goal.id), str(one.instance.image)])} && {words}"
    return safe(words, 500)
