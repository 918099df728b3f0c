"""Setting the image, the CPU and memory limits, or the restart policy of containers.

Limits and policy are set in place (`docker update`). Another image needs a new container, and so does taking a limit
off, which the engine cannot do in place: then it is an exchange, the old one kept until the new one is ready.
"""

import shlex
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import images, target, wishes
from cockpit.backends.docker.choose import check_container
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.meter import memory_used
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.renew import (
    Aim,
    Inverse,
    Renewal,
    downtime,
    find,
    labels_of,
    names_of,
    operation,
    renewal_plan,
)
from cockpit.backends.docker.shape import PROJECT
from cockpit.backends.docker.verbs import DOWN, INSTANCE
from cockpit.backends.docker.wire import Container, HostConfig, Info, Stats
from cockpit.backends.docker.wishes import NONE, Wish
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

UPDATE_TIME = 20.0
MEASURED = 10
"""Containers whose present memory is asked for."""


class Mark(Struct, frozen=True):
    """What an update in place was planned for: the container, and how it was set."""

    container: str
    now: Wish


class SetContainers(Renewal):
    """One verb for all of them: they may be set together."""

    verb = Verb(name="set", title="Set image, limits or restart policy", options=(*wishes.OPTIONS, INSTANCE))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container that is not so yet. PlanRefused."""
        wish = wishes.read_wish(f"set {workload.id.name}", arguments)
        chosen, others, site = await find(hands, workload, self.verb.name, arguments)
        image = await _image(hands, workload, chosen[0], wish.image) if wish.image else None
        different = [one for one in chosen if _differs(one, wish) != Wish() or (image and image.id != _id(one))]
        if not different:
            raise PlanRefused(f"{workload.id.name}: it is set so already ({wishes.words(wish) or wish.image})")
        await _possible(hands, workload, wish)
        risks = [*_reverts(different[0], wish), *await _memory_risks(hands, different, wish)]
        if image or any(NONE in dict(_differs(one, wish).limits).values() for one in different):
            return self._replaced(hands, workload, different, others, site, wish, image, risks)
        operations = tuple(_in_place(one, wish, site, _inverse(different, one, wish)) for one in different)
        return make_plan(
            self.verb.name, workload, operations, site, risks=tuple(safe(risk, 300) for risk in risks)
        )  # fmt: skip

    def _replaced(
        self, hands: Hands, workload: Workload, chosen: Sequence[Target], others: Sequence[Target], site: Site,
        wish: Wish, image: "_Image | None", risks: list[str],
    ) -> Plan:  # fmt: skip
        operations = []
        for one in chosen:
            name, key = (image.name, image.id) if image else (str(one.instance.image), _id(one))
            aim = Aim(one=one, image=name, id=key, wish=msgspec.structs.replace(_differs(one, wish), image=""))
            made = operation(self.verb.name, aim, site, _inverse(chosen, one, wish), "settings")
            version = (("version", image.version),) if image and image.version else ()
            operations.append(msgspec.structs.replace(made, arguments=(*made.arguments, *version)))
        if not image:
            risks = [*risks, "the engine takes no limit off a container that exists: a new one takes its place"]
        return renewal_plan(
            hands, self.verb.name, workload, chosen, operations, site, [*downtime(chosen, others), *risks]
        )  # fmt: skip

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the container is set as it was when the plan was made."""
        if "id" in dict(operation.arguments):
            return await super().check(hands, operation)
        planned = msgspec.json.decode(operation.precondition, type=Mark)
        try:
            container = await hands.container(operation.target.instance)
        except EngineAnswer as error:
            return f"{operation.title}: the container is gone" if error.status == 404 else str(error)
        now = _now(container)
        if now != planned.now:
            return f"{target.name_of(container)} is set otherwise now ({wishes.words(now)})"
        return await check_container(hands, msgspec.structs.replace(operation, precondition=planned.container))

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Update it in place, or exchange it."""
        given = dict(operation.arguments)
        if "id" in given:
            return await super().perform(hands, operation)
        container = await hands.container(operation.target.instance)
        wish = Wish(**{name: given.get(name, "") for name in ("cpus", "memory", "restart")})
        body = wishes.body_of(wish, container.host_config or HostConfig())
        answer = await hands.client.post(f"/containers/{container.id}/update", body, timeout=UPDATE_TIME)
        said = msgspec.json.decode(answer, type=dict[str, list[str] | None]).get("Warnings") or []
        return Outcome(accepted=True, detail=safe("; ".join(said), 300))


class _Image(Struct, frozen=True):
    """An image that is here. version: its tag, where that tells it from others."""

    name: str
    id: str
    version: str


async def _image(hands: Hands, workload: Workload, one: Target, wanted: str) -> _Image:
    """By its whole name, by a tag of the repository that runs, or by its id."""
    repo = images.repository(str(one.instance.image))
    tries = [f"{repo}:{wanted}"] if repo and "/" not in wanted and ":" not in wanted else []
    if wanted.startswith("sha256:") and repo:
        # By the name that it has, if it has one, so that the next roll back knows what to look for.
        rows = [row for row in await images.local_images(hands, repo) if row.id == wanted]
        tries += [tag for row in rows for tag in row.repo_tags or () if images.repository(tag) == repo]
    for name in (*tries, wanted):
        found = await images.image_of(hands, name)
        if found is not None:
            tag = "" if name.startswith("sha256:") else name.rpartition("/")[2].partition("@")[0].partition(":")[2]
            return _Image(name, found.id, "" if tag == "latest" else tag)
    raise PlanRefused(f"{workload.id.name}: the image {safe(tries[0] if tries else wanted, 200)} is not here: pull it")


async def _possible(hands: Hands, workload: Workload, wish: Wish) -> None:
    """PlanRefused for more than the machine has."""
    info = await hands.client.get("/info", Info)
    if wish.cpus not in ("", NONE) and info.ncpu and float(wish.cpus) > info.ncpu:
        raise PlanRefused(f"{workload.id.name}: cpus {wish.cpus} is more than the {info.ncpu} of {safe(info.name, 80)}")
    if wish.memory.isdecimal() and info.mem_total and int(wish.memory) > info.mem_total:
        has = wishes.shown("memory", str(info.mem_total))
        raise PlanRefused(f"{workload.id.name}: {wishes.words(wish)} is more than the {has} of {safe(info.name, 80)}")


async def _memory_risks(hands: Hands, chosen: Sequence[Target], wish: Wish) -> list[str]:
    """Containers that use more now than they are to get."""
    risks = []
    for one in chosen[:MEASURED] if wish.memory.isdecimal() else ():
        stats = await hands.client.get(
            f"/containers/{one.container.id}/stats", Stats, {"stream": "0", "one-shot": "1"}
        )  # fmt: skip
        used = memory_used(stats.memory_stats) or 0
        if used >= int(wish.memory):
            name, limit = target.name_of(one.container), wishes.shown("memory", wish.memory)
            uses = wishes.shown("memory", str(used))
            risks.append(f"{name} uses {uses} now, {limit} is less: it may be ended (out of memory), or it is refused")
    return risks


def _reverts(one: Target, wish: Wish) -> list[str]:
    """What the next deploy undoes."""
    deploy = "compose up" if PROJECT in labels_of(one) else "whoever runs it anew"
    said = []
    if wish.image:
        said.append(f"the next deploy ({deploy}) brings {one.instance.image} back, unless its files say otherwise")
    if wish.limits:
        said.append(f"a deploy that makes a new container ({deploy}) brings back what its files say")
    return said


def _in_place(one: Target, wish: Wish, site: Site, inverse: Inverse) -> Operation:
    container, name = one.container, target.name_of(one.container)
    host, different = container.host_config or HostConfig(), _differs(one, wish)
    return Operation(
        verb="set",
        title=safe(f"set {wishes.words(different)} of {name}", 300),
        target=one.instance.id,
        before=_facts(wishes.only(different, _now(container))),
        after=(*_facts(different), ("container", SafeText("the same, it goes on running"))),
        arguments=(*different.limits, ("place", name)),
        precondition=msgspec.json.encode(Mark(target.precondition(container), _now(container))).decode(),
        # What does not run answers no probe either, and is set all the same, before it is started.
        done_when="settings at rest" if one.instance.phase in DOWN else "settings",
        inverse=inverse,
        deadline=UPDATE_TIME,
        command=safe(
            f"docker {site.flags}update {' '.join(wishes.flags(different, host))} {shlex.quote(name)}", 500
        ),
    )  # fmt: skip


def _inverse(chosen: Sequence[Target], one: Target, wish: Wish) -> Inverse:
    """Back to how this one was set; for all of them together where all were set so."""

    def was(each: Target) -> tuple[tuple[str, str], ...]:
        image = (("image", _id(each)),) if wish.image and wish.image != _id(each) else ()
        return (*image, *wishes.only(_differs(each, wish), _now(each.container)).limits)

    same = all(was(each) == was(one) for each in chosen)
    return "set", (*was(one), names_of(chosen if same else [one]))


def _differs(one: Target, wish: Wish) -> Wish:
    return wishes.differs(wish, _now(one.container))


def _now(container: Container) -> Wish:
    return wishes.now_of(container.host_config or HostConfig())


def _id(one: Target) -> str:
    return one.container.image


def _facts(wish: Wish) -> Facts:
    return tuple((name, safe(wishes.shown(name, value), 60)) for name, value in wish.limits)
