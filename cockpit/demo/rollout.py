"""Plans that change what the platform wants of a service: how many, which release, which environment."""

import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from cockpit.backends.change import Facts, Operation, Plan, PlanRefused
from cockpit.board.ages import rough
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.demo.describe import is_secret
from cockpit.demo.fleet import moment
from cockpit.demo.plan import Scene, command, is_ready, make_plan, needs_risks
from cockpit.demo.shape import BY_NAME

Arguments = Mapping[str, str]
Inverse = tuple[str, tuple[tuple[str, str], ...]]
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
VALUE_LIMIT = 1024
SHORT_LIVED = 3600.0
"""Seconds."""


def plan_scale(scene: Scene, arguments: Arguments) -> Plan:
    """More or fewer instances. PlanRefused."""
    service, shape = scene.service, BY_NAME.get(scene.service.name)
    asked = arguments.get("replicas", "").strip()
    most = service.max_instances
    if not asked.isdecimal() or not 1 <= int(asked) <= most:
        if shape is not None and shape.scale_refusal and asked.isdecimal() and int(asked) > most:
            raise PlanRefused(f"{service.name} cannot be scaled: {shape.scale_refusal}")
        raise PlanRefused(
            f"scale {service.name}: replicas is a number from 1 to {most}, not {safe(asked, 40) or 'empty'}"
        )
    count = int(asked)
    if count == service.desired:
        raise PlanRefused(f"{service.name}: there are {count} already")
    leaving = [one.name for one in scene.workload.instances[count:]]
    risks = [f"{', '.join(leaving)} will go, with its log"] if leaving else []
    operation = _operation(
        scene, "scale", (("replicas", str(count)),), f"scale {service.name} from {service.desired} to {count}",
        before=(("instances", safe(f"{service.desired}, {_ready_words(scene)}")),),
        after=(("instances", SafeText(str(count))),), done_when="replicas",
        inverse=("scale", (("replicas", str(service.desired)),)),
    )  # fmt: skip
    return make_plan("scale", scene, (operation,), risks=[*risks, *needs_risks("replicas", scene)])


def plan_rollback(scene: Scene, arguments: Arguments) -> Plan:
    """A release that ran before, the one before this when none is named. PlanRefused."""
    service = scene.service
    choices = _choices(scene)
    if not choices:
        raise PlanRefused(f"{service.name}: no other release than {service.release} ever ran here")
    wanted = arguments.get("release", "").strip() or choices[0][0]
    if wanted == service.release:
        raise PlanRefused(f"{service.name}: {wanted} is what runs")
    if wanted not in dict(choices):
        raise PlanRefused(f"{service.name}: {safe(wanted, 40)} never ran here (these did: {', '.join(dict(choices))})")
    since = moment(service.history[-1].since)
    operation = _operation(
        scene, "rollback", (("release", wanted),), f"roll {service.name} from {service.release} back to {wanted}",
        before=(("release", safe(f"{service.release} since {since:%Y-%m-%d %H:%M:%S}Z, {_ready_words(scene)}")),),
        after=(("release", safe(wanted)), ("instances", safe(f"{service.desired}, one at a time"))),
        done_when="version", inverse=("rollback", (("release", service.release),)),
    )  # fmt: skip
    risks = [*_change_risks(scene), *_short_lived(scene, wanted), *needs_risks("version", scene)]
    return replace(make_plan("rollback", scene, (operation,), risks=risks, choices=choices), chosen=wanted)


def plan_set_env(scene: Scene, arguments: Arguments) -> Plan:
    """A variable with another value. PlanRefused."""
    variable, value = _variable(scene, arguments), arguments.get("value", "")
    if len(value) > VALUE_LIMIT or not value.isprintable():
        raise PlanRefused(f"{variable}: a value is at most {VALUE_LIMIT} printable characters")
    old = scene.service.env.get(variable)
    if old == value:
        raise PlanRefused(f"{scene.service.name}: {variable} is {safe(value, 80)} already")
    inverse: Inverse = ("unset-env", (("variable", variable),))
    if old is not None:
        inverse = ("set-env", (("variable", variable), ("value", old)))
    arguments = {"variable": variable, "value": value}
    return _plan_env(scene, "set-env", arguments, f"set {variable} of {scene.service.name}", value, inverse)


def plan_unset_env(scene: Scene, arguments: Arguments) -> Plan:
    """A variable less. PlanRefused."""
    variable = _variable(scene, arguments)
    old = scene.service.env.get(variable)
    if old is None:
        raise PlanRefused(f"{scene.service.name}: {variable} is not set")
    inverse: Inverse = ("set-env", (("variable", variable), ("value", old)))
    words = f"unset {variable} of {scene.service.name}"
    return _plan_env(scene, "unset-env", {"variable": variable}, words, "not set", inverse)


PLANNERS: Mapping[str, Callable[[Scene, Arguments], Plan]] = {
    "scale": plan_scale,
    "rollback": plan_rollback,
    "set-env": plan_set_env,
    "unset-env": plan_unset_env,
}


def _plan_env(scene: Scene, verb: str, arguments: Arguments, words: str, after: str, inverse: Inverse) -> Plan:
    variable = arguments["variable"]
    operation = _operation(
        scene, verb, tuple(arguments.items()), words,
        before=((variable, safe(scene.service.env.get(variable, "not set"), 300)),),
        after=((variable, safe(after, 300)), ("instances", safe(f"{scene.service.desired} restarted, one at a time"))),
        done_when="ready", inverse=inverse,
    )  # fmt: skip
    return make_plan(verb, scene, (operation,), risks=[*_change_risks(scene), *needs_risks("ready", scene)])


def _operation(
    scene: Scene,
    verb: str,
    arguments: tuple[tuple[str, str], ...],
    title: str,
    *,
    before: Facts,
    after: Facts,
    done_when: str,
    inverse: Inverse,
) -> Operation:
    most = max(scene.service.desired, len(scene.workload.instances), 1)
    return Operation(
        verb=verb,
        title=safe(title, 200),
        target=scene.workload.id,
        before=before,
        after=after,
        arguments=arguments,
        precondition=f"generation={scene.service.generation}",
        done_when=done_when,
        inverse=inverse,
        deadline=scene.step * most,
        command=command(scene.service.name, verb, *(value for _, value in arguments)),
    )


def _variable(scene: Scene, arguments: Arguments) -> str:
    name = arguments.get("variable", "").strip()
    if not VARIABLE.fullmatch(name):
        known = ", ".join(one for one in scene.service.env if not is_secret(one))
        raise PlanRefused(
            f"{scene.service.name}: {safe(name, 40) or 'an empty name'} is no variable (there are {known})"
        )
    if is_secret(name):
        raise PlanRefused(f"{name} is a secret: its value would stand in the plan and in the journal")
    return name


def _choices(scene: Scene) -> tuple[tuple[str, SafeText], ...]:
    """Releases that ran before, the newest first, with how long each ran and when that ended."""
    found: dict[str, SafeText] = {}
    for rollout in reversed(scene.service.history):
        if rollout.version == scene.service.release or rollout.version in found or rollout.until is None:
            continue
        ran = rough(rollout.until - rollout.since)
        ago = rough(scene.now.timestamp() - rollout.until)
        found[rollout.version] = safe(f"{rollout.version}  ran {ran}, until {ago} ago: {rollout.note}", 200)
    return tuple(found.items())


def _short_lived(scene: Scene, version: str) -> list[str]:
    """A release that was soon replaced was probably no good."""
    last = next(one for one in reversed(scene.service.history) if one.version == version)
    if last.until is None or last.until - last.since >= SHORT_LIVED:
        return []
    return [f"{version} ran only {rough(last.until - last.since)} before it was replaced"]


def _ready_words(scene: Scene) -> str:
    ready = sum(is_ready(one) for one in scene.workload.instances)
    return f"{ready} of {scene.service.desired} ready"


def _change_risks(scene: Scene) -> list[str]:
    ready = sum(is_ready(one) for one in scene.workload.instances)
    if ready == 0:
        return ["none of it is ready: nothing to lose"]
    if len(scene.workload.instances) == 1:
        return ["single replica: nothing answers from its stop until it is ready again, about 1 s"]
    return [f"one at a time: at least {ready - 1} of {ready} ready stay up"]
