"""Setting image, requests, limits or variables of one container; pausing and resuming a Deployment's rollouts."""

import shlex
from collections.abc import Mapping
from typing import ClassVar

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.operate import wishes
from cockpit.backends.kubernetes.operate.around import budget_risks, owner_risks, quota_risks
from cockpit.backends.kubernetes.operate.change import (
    Change,
    is_paused,
    look,
    manual_risks,
    next_generation,
    patch,
)
from cockpit.backends.kubernetes.operate.draft import (
    MARGIN,
    kubectl,
    make_plan,
    ready_words,
    rollout_time,
    wanted_count,
)
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, spec_of
from cockpit.backends.kubernetes.operate.restart import order_words
from cockpit.backends.kubernetes.operate.variables import read_variables, written
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

PAUSED = "its rollouts are paused: pods stay as they are, and this is rolled out when it is resumed"


class SetContainer(Change):
    """A new revision of the pod template, rolled out as the workload's own strategy says."""

    verb = Verb(name="set", title="Set image, limits or variables", options=wishes.OPTIONS)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: nothing is to be set, or it is so already."""
        verb, name = self.verb.name, workload.id.name
        wish = wishes.read_wish(name, arguments)
        whole = await look(hands, workload, verb)
        _, container = wishes.container_of(name, _template(whole), arguments.get("container", "").strip())
        if "image" in wish:
            wish["image"] = wishes.whole_image(container, wish["image"])
        if "env" in wish:
            wish["env"] = written(read_variables(name, wish["env"], hands.client.secrets))
        now = wishes.present(name, container, wish, hands.client.secrets)
        if now == wish:
            raise PlanRefused(f"{name}: it is set so already ({_words(wish)})")
        which = ("container", str(container["name"]))
        operation = Operation(
            verb=verb,
            title=safe(f"set {_words(wish)} of {workload.id.kind} {name}", 300),
            target=workload.id,
            before=(*wishes.facts_of(name, now), ("pods", ready_words(workload))),
            after=wishes.facts_of(name, wish),
            arguments=(*wish.items(), which, next_generation(whole)),
            precondition=self.mark(whole),
            done_when="acted on" if is_paused(whole) else "rolled out",
            inverse=(verb, (*now.items(), which)),
            deadline=rollout_time(whole, wanted_count(workload)),
            command=_command(hands, workload, which[1], wish),
        )
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        order = PAUSED if is_paused(whole) else order_words(whole, wanted_count(workload))
        risks += [order, *owner_risks(whole), *manual_risks(whole)]
        risks += [*await budget_risks(hands, workload, whole), *await quota_risks(hands, workload)]
        return make_plan(hands, verb, workload, (operation,), facts=facts, risks=risks)

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """A merge of the one container."""
        given = dict(operation.arguments)
        part, container = wishes.container_of(operation.target.name, _template(whole), given["container"])
        made = {"template": {"spec": {part: [wishes.changed(container, given)]}}}
        return patch(operation.target.kind, whole, made)


class Hold(Change):
    """Pauses a Deployment's rollouts, or lets them go on."""

    paused: ClassVar[bool]
    inverse: ClassVar[str]

    def offered(self, workload: Workload) -> bool:
        """Unless they are so already, as far as is known."""
        return super().offered(workload) and workload.paused is not self.paused

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused when they are so already."""
        verb, name = self.verb.name, workload.id.name
        whole = await look(hands, workload, verb)
        if is_paused(whole) == self.paused:
            raise PlanRefused(f"{name}: its rollouts {'are paused' if self.paused else 'go on'} already")
        words = SafeText("paused"), SafeText("go on")
        now, to = words if not self.paused else words[::-1]
        operation = Operation(
            verb=verb,
            title=safe(f"{verb} the rollouts of deployment {name}", 300),
            target=workload.id,
            before=(("rollouts", now), ("pods", ready_words(workload))),
            after=(("rollouts", to),),
            arguments=(next_generation(whole),),
            precondition=self.mark(whole),
            done_when="acted on" if self.paused else "rolled out",
            inverse=(self.inverse, ()),
            deadline=MARGIN if self.paused else rollout_time(whole, wanted_count(workload)),
            command=kubectl(hands, workload, f"rollout {verb} deployment/{name}"),
        )
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        stays = "pods stay as they are, also in the middle of a rollout; scaling and crashed pods go on"
        risks += [stays if self.paused else "what was changed meanwhile is rolled out now", *owner_risks(whole)]
        return make_plan(hands, verb, workload, (operation,), facts=facts, risks=risks)

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """The one flag."""
        return patch(operation.target.kind, whole, {"paused": self.paused})


class Pause(Hold):
    """What is changed meanwhile waits."""

    verb = Verb(name="pause", title="Pause rollouts")
    paused, inverse = True, "resume"


class Resume(Hold):
    """What was changed meanwhile is rolled out."""

    verb = Verb(name="resume", title="Resume rollouts")
    paused, inverse = False, "pause"


def _template(whole: Json) -> Json:
    found: Json = spec_of(whole).get("template") or {}
    return found


def _words(wish: Mapping[str, str]) -> str:
    return ", ".join(value if key == "env" else f"{key} {value}" for key, value in wish.items())


def _command(hands: Hands, workload: Workload, container: str, wish: Mapping[str, str]) -> SafeText:
    """One line for each of kubectl's commands, joined."""
    target = f"{workload.id.kind}/{workload.id.name}"
    lines = []
    if "image" in wish:
        pair = f"{container}={wish['image']}"
        lines.append(f"set image {target} {shlex.quote(pair)}")
    sizes: dict[str, list[str]] = {}
    for key, (part, resource) in wishes.RESOURCES.items():
        if key in wish:
            sizes.setdefault(part, []).append(f"{resource}={'0' if wish[key] == wishes.NONE else wish[key]}")
    if sizes:
        flags = " ".join(f"--{part}={','.join(each)}" for part, each in sizes.items())
        lines.append(f"set resources {target} -c {container} {flags}")
    if "env" in wish:
        found = read_variables(workload.id.name, wish["env"], hands.client.secrets)
        pairs = [f"{name}-" if value is None else f"{name}={value}" for name, value in found.items()]
        lines.append(f"set env {target} -c {container} {' '.join(map(shlex.quote, pairs))}")
    return safe(" && ".join(kubectl(hands, workload, line) for line in lines), 1000)
