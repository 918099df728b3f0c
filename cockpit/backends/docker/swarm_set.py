"""Setting the image, limits or restart policy of a Swarm service: an update of its specification, task by task."""

import copy
from collections.abc import Mapping

import msgspec

from cockpit.backends.change import Facts, Operation, Plan, PlanRefused, Verb
from cockpit.backends.docker import wishes
from cockpit.backends.docker.hands import Hands, Json
from cockpit.backends.docker.images import image_of
from cockpit.backends.docker.plan import make_plan
from cockpit.backends.docker.swarm_verbs import Change, Step, kept_first, look, order_risks, step_operation
from cockpit.backends.docker.wishes import NONE, Wish
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

_CONDITIONS: Mapping[str, str] = {"no": "none", "always": "any", "unless-stopped": "any", "on-failure": "on-failure"}
_POLICIES: Mapping[str, str] = {"none": "no", "any": "always", "": "always", "on-failure": "on-failure"}


class SwarmSet(Change):
    """The same options as for containers; the swarm has three restart conditions only."""

    verb = Verb(name="set", title="Set image, limits or restart policy", options=wishes.OPTIONS)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when nothing is to be set, or all of it is so."""
        wish = _spelled(wishes.read_wish(f"set {workload.id.name}", arguments))
        service, site = await look(hands, workload)
        now = now_of(service["Spec"])
        limits = wishes.differs(wish, now)
        image = wish.image if wish.image and wish.image != now.image else ""
        if limits == Wish() and not image:
            raise PlanRefused(f"{workload.id.name}: it is set so already")
        new = msgspec.structs.replace(limits, image=image)
        was = msgspec.structs.replace(wishes.only(limits, now), image=now.image if image else "")
        kept, more = await kept_first(hands, workload, self.verb.name, site)
        risks = ["the next deploy (stack deploy) brings back what its files say", *more]
        if image and await image_of(hands, image) is None:
            risks.append(f"{image} is not on this node: whether the nodes can get it is seen only when they try")
        step = Step(
            verb=self.verb.name, title=f"set {_words(new)} of", before=_facts(was), after=_facts(new),
            arguments=_arguments(new), done_when="settings", inverse=("set", _pairs(was)),
            command=f"service update {' '.join(_flags(new))}",
        )  # fmt: skip
        operation = step_operation(step, service, workload, site)
        return make_plan(
            self.verb.name, workload, (*kept, operation), site,
            risks=(*(safe(risk, 300) for risk in risks), *order_risks(service, workload)),
        )  # fmt: skip

    def changed(self, service: Json, operation: Operation) -> tuple[Json, dict[str, str]]:
        """The specification with what is set; everything else as it is."""
        given = dict(operation.arguments)
        spec = copy.deepcopy(service["Spec"])
        template = spec["TaskTemplate"]
        if given.get("image"):
            template.setdefault("ContainerSpec", {})["Image"] = given["image"]
        limits = (template.setdefault("Resources", {})).setdefault("Limits", {})
        if given.get("cpus"):
            limits["NanoCPUs"] = 0 if given["cpus"] == NONE else round(float(given["cpus"]) * 1e9)
        if given.get("memory"):
            limits["MemoryBytes"] = 0 if given["memory"] == NONE else int(given["memory"])
        if given.get("restart"):
            template.setdefault("RestartPolicy", {})["Condition"] = given["restart"]
        return spec, {}


def now_of(spec: Json) -> Wish:
    """How a service is set now."""
    template = spec.get("TaskTemplate") or {}
    limits = (template.get("Resources") or {}).get("Limits") or {}
    cores = int(limits.get("NanoCPUs") or 0) / 1e9
    memory = int(limits.get("MemoryBytes") or 0)
    return Wish(
        image=str((template.get("ContainerSpec") or {}).get("Image", "")),
        cpus=f"{cores:.9g}" if cores else NONE,
        memory=str(memory) if memory else NONE,
        restart=_POLICIES.get(str((template.get("RestartPolicy") or {}).get("Condition", "")), "always"),
    )


def _spelled(wish: Wish) -> Wish:
    """The swarm's conditions have one word each, and no tries."""
    condition = _CONDITIONS.get(wish.restart.partition(":")[0], "")
    return msgspec.structs.replace(wish, restart=_POLICIES[condition] if condition else "")


def _arguments(wish: Wish) -> tuple[tuple[str, str], ...]:
    tag = wish.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    pairs = dict(_pairs(wish)) | ({"restart": _CONDITIONS[wish.restart]} if wish.restart else {})
    return (*pairs.items(), *((("version", tag),) if tag else ()))


def _pairs(wish: Wish) -> tuple[tuple[str, str], ...]:
    return (*((("image", wish.image),) if wish.image else ()), *wish.limits)


def _facts(wish: Wish) -> Facts:
    return tuple((name, safe(wishes.shown(name, value), 300)) for name, value in _pairs(wish))


def _words(wish: Wish) -> SafeText:
    return safe(", ".join(f"{name} {value}" for name, value in _facts(wish)), 200)


def _flags(wish: Wish) -> list[str]:
    names = {"image": "image", "cpus": "limit-cpu", "memory": "limit-memory", "restart": "restart-condition"}
    values = dict(_pairs(wish)) | ({"restart": _CONDITIONS[wish.restart]} if wish.restart else {})
    return [
        f"--{names[name]} {'0' if value == NONE and name != 'restart' else value}" for name, value in values.items()
    ]
