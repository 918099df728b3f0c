"""What replacing containers by new ones has in common: rolling back, recreating, setting what cannot be set in place.

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

from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import images, target, wishes
from cockpit.backends.docker.capture import before_each
from cockpit.backends.docker.choose import check_container, choose
from cockpit.backends.docker.exchange import MARGIN, STEADY, Exchange, Wanted
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.wire import HostConfig
from cockpit.backends.docker.wishes import Wish
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

Inverse = tuple[str, tuple[tuple[str, str], ...]]


class Aim(Struct, frozen=True, kw_only=True):
    """One container, the image that takes its place (as it is named, and its id), and what else is set anew."""

    one: Target
    image: str
    id: str
    wish: Wish = Wish()


class Renewal(ABC):
    """One verb that replaces containers."""

    verb: ClassVar[Verb]

    def offered(self, workload: Workload) -> bool:
        """Whether there is a container to replace."""
        return bool(workload.instances)

    @abstractmethod
    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused, SourceError."""

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the container, and the image to go to, are still what the plan was made for."""
        given = dict(operation.arguments)
        found = await images.image_of(hands, given["image"])
        if found is None or found.id != given["id"]:
            return f"{given['image']} is gone, or means another image now"
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Exchange one container. Once begun it goes on to a safe end, even when nobody waits any more."""
        return await exchanged(hands, operation)


async def exchanged(hands: Hands, operation: Operation) -> Outcome:
    """Exchange the container of one operation."""
    given = dict(operation.arguments)
    wish = Wish(**{name: given.get(name, "") for name in ("cpus", "memory", "restart")})
    wanted = Wanted(container=operation.target.instance, image=given["image"], image_id=given["id"], wish=wish)
    return await asyncio.shield(asyncio.ensure_future(Exchange(hands, wanted).run()))


async def find(
    hands: Hands, workload: Workload, verb: str, arguments: dict[str, str]
) -> tuple[tuple[Target, ...], tuple[Target, ...], Site]:
    """As `choose`, of containers that can be replaced. PlanRefused."""
    chosen, others, site = await choose(hands, workload, verb, arguments)
    for one in chosen:
        replaceable(one)
    return chosen, others, site


def replaceable(one: Target) -> None:
    """PlanRefused when a container cannot be put back."""
    host, name = one.container.host_config, target.name_of(one.container)
    if host is not None and host.auto_remove:
        raise PlanRefused(f"{name} was run with --rm: the engine removes it when it stops, so it cannot be put back")


def operation(verb: str, aim: Aim, site: Site, inverse: Inverse | None, done_when: str = "ready") -> Operation:
    """The exchange of one container."""
    container, name = aim.one.container, target.name_of(aim.one.container)
    now = f"{aim.one.instance.image} {images.short(container.image)}"
    host = container.host_config or HostConfig()
    settings = wishes.words(aim.wish)
    return Operation(
        verb=verb,
        title=safe(f"replace {name} by one {f'with {settings}' if settings else f'from {aim.image}'}", 300),
        target=aim.one.instance.id,
        before=(
            *(fact for fact in target.before(aim.one.instance) if fact[0] != "image"),
            ("image", safe(now, 300)),
            *_facts(wishes.only(aim.wish, wishes.now_of(host))),
        ),
        after=(
            ("image", safe(_image(aim), 300)),
            *_facts(aim.wish),
            ("configuration", SafeText("otherwise the same, volumes kept" if settings else "the same, volumes kept")),
            ("old container", SafeText("kept until the new one is ready, put back if it is not")),
        ),
        arguments=(("image", aim.image), ("id", aim.id), ("place", name), *aim.wish.limits),
        precondition=target.precondition(container),
        done_when=done_when,
        inverse=inverse,
        deadline=target.stop_time(container) + target.start_time(container) + STEADY + MARGIN,
        safe_to_stop_after=True,
        command=_command(aim, site),
    )


def renewal_plan(
    hands: Hands, verb: str, workload: Workload, chosen: Sequence[Target], operations: Sequence[Operation], site: Site,
    risks: Sequence[str], choices: tuple[tuple[str, SafeText], ...] = (),
) -> Plan:  # fmt: skip
    """A plan over exchanges, each with its capture before it."""
    woven = before_each(hands, workload, chosen, told_once(operations), verb, site)
    return make_plan(verb, workload, woven, site, risks=tuple(safe(risk, 300) for risk in risks), choices=choices)


def told_once(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Compose's command is for a whole service: it stands under the first of its containers only."""
    seen: set[str] = set()
    told = []
    for one in operations:
        told.append(replace(one, command=SafeText("")) if one.command in seen else one)
        seen.add(one.command)
    return tuple(told)


def downtime(chosen: Sequence[Target], others: Sequence[Target]) -> list[str]:
    """How much of it answers meanwhile."""
    ready = sum(target.is_ready(one.instance) for one in chosen)
    stays = sum(target.is_ready(one.instance) for one in others)
    if ready + stays == 0:
        return ["none of it is ready: nothing to lose"]
    if ready + stays == 1 and ready:
        return ["single replica: nothing answers from its stop until the new one is ready"]
    return [f"one at a time: at least {ready + stays - 1} of {ready + stays} ready stay up"]


def names_of(chosen: Sequence[Target]) -> tuple[str, str]:
    """The argument that means these containers by their names, which they keep."""
    return "instance", ",".join(target.name_of(one.container) for one in chosen)


def labels_of(one: Target) -> dict[str, str]:
    """A container's labels."""
    return (one.container.config.labels if one.container.config else None) or {}


def _image(aim: Aim) -> str:
    named = "" if aim.image.startswith("sha256:") else f"{aim.image} "
    return f"{named}{images.short(aim.id)}"


def _facts(wish: Wish) -> Facts:
    return tuple((name, safe(wishes.shown(name, value), 60)) for name, value in wish.limits)


def _command(aim: Aim, site: Site) -> SafeText:
    """Compose's own words for it, which are for the whole service; a single container has none, nor have limits."""
    labels = labels_of(aim.one)
    project, service = labels.get("com.docker.compose.project"), labels.get("com.docker.compose.service")
    if not (project and service) or aim.wish.limits:
        return SafeText("")
    docker = ["docker", *site.flags.split()]
    up = ["compose", "-p", project, "up", "-d", "--no-deps", "--no-build", "--pull", "never", "--force-recreate"]
    words = shlex.join([*docker, *up, service])
    if aim.id != aim.one.container.image:
        words = f"{shlex.join([*docker, 'tag', images.short(aim.id), str(aim.one.instance.image)])} && {words}"
    return safe(words, 500)
