"""What may be done to a Swarm service: restart (a forced update), scale, roll back (one step, as the swarm keeps it).

Every change sends the whole specification back with the version that was read; the swarm refuses a stale one, then it
is read again, and sent again if it is still what the plan was made for.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from typing import ClassVar

import msgspec
from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker.capture import keeping
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands, Json
from cockpit.backends.docker.plan import Site, make_plan, targets
from cockpit.backends.docker.swarm_shape import image_name
from cockpit.board.model import Health, Phase, SafeText, Workload
from cockpit.board.text import safe

ATTEMPTS = 3
ONE_TASK = 60.0
MOST = 1000
MOST_KEPT = 20
"""Tasks of which what is known is kept before they go."""
TASK = "task:"
"""Begins the identity of a task whose container is not known."""


class Change(ABC):
    """What the three have in common."""

    verb: ClassVar[Verb]

    def offered(self, workload: Workload) -> bool:
        """Whether the engine is a manager: only then how many are wanted is known."""
        return workload.desired is not None

    @abstractmethod
    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation on the service."""

    @abstractmethod
    def changed(self, service: Json, operation: Operation) -> tuple[Json, dict[str, str]]:
        """(the specification to send, what is added to the query)."""

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the service's specification is still the one that the plan was made for."""
        try:
            service = await hands.whole(f"/services/{_key(operation)}")
        except EngineAnswer as error:
            return f"{operation.title}: the service is gone" if error.status == 404 else str(error)
        return "" if _mark(service) == operation.precondition else f"{operation.target.name} was changed meanwhile"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Send the change; a version that went stale in between is read again."""
        for attempt in range(ATTEMPTS):
            service = await hands.whole(f"/services/{_key(operation)}")
            if attempt and _mark(service) != operation.precondition:
                return Outcome(accepted=False, detail=SafeText("the service was changed meanwhile: plan again"))
            spec, query = self.changed(service, operation)
            query = {"version": str(service["Version"]["Index"]), **query}
            try:
                await hands.client.post(f"/services/{service['ID']}/update", spec, query)
            except EngineAnswer as error:
                if "out of sequence" not in error.message or attempt + 1 == ATTEMPTS:
                    raise
                continue
            return Outcome(accepted=True)
        raise SourceError(f"{operation.title}: the service changes all the time")


class SwarmRestart(Change):
    """Every task replaced by a new one of the same specification, as the service's own update settings say."""

    verb = Verb(name="restart", title="Restart (forced update)")

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when nothing is meant to run."""
        service, site = await look(hands, workload)
        if not workload.desired:
            raise PlanRefused(f"{workload.id.name}: nothing to restart, it is scaled to 0")
        step = Step(
            verb=self.verb.name, title="restart", after=(("tasks", SafeText("new ones, same image")),),
            done_when="ready", command="service update --force",
        )  # fmt: skip
        kept, more = await kept_first(hands, workload, self.verb.name, site)
        operation = step_operation(step, service, workload, site)
        risks = (*order_risks(service, workload), *map(safe, more))
        return make_plan(self.verb.name, workload, (*kept, operation), site, risks=risks)

    def changed(self, service: Json, operation: Operation) -> tuple[Json, dict[str, str]]:
        """The same, with the counter that forces an update one higher."""
        spec = dict(service["Spec"])
        template = dict(spec["TaskTemplate"])
        template["ForceUpdate"] = int(template.get("ForceUpdate") or 0) + 1
        return spec | {"TaskTemplate": template}, {}


class SwarmScale(Change):
    """More or fewer tasks."""

    verb = Verb(name="scale", title="Scale", arguments=(("replicas", f"a number from 0 to {MOST}"),))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused for a global service, a job, and what is no number."""
        service, site = await look(hands, workload)
        name, now = workload.id.name, (service["Spec"].get("Mode") or {}).get("Replicated")
        if now is None:
            raise PlanRefused(f"{name} cannot be scaled: it is no replicated service (one task on each node, or a job)")
        asked = arguments.get("replicas", "").strip()
        if not asked.isdecimal() or int(asked) > MOST:
            raise PlanRefused(f"scale {name}: replicas is a number from 0 to {MOST}, not {safe(asked, 40) or 'empty'}")
        count, old = int(asked), 1 if now.get("Replicas") is None else int(now["Replicas"])
        if count == old:
            raise PlanRefused(f"{name}: there are {count} already")
        step = Step(
            verb=self.verb.name, title=f"scale from {old} to {count}:", after=(("replicas", SafeText(str(count))),),
            arguments=(("replicas", str(count)),), done_when="replicas" if count else "stopped",
            inverse=("scale", (("replicas", str(old)),)), command=f"service update --replicas {count}",
        )  # fmt: skip
        operation = step_operation(step, service, workload, site)
        risks = [f"{old - count} of {old} will go, with their logs"] if count < old else []
        if not count:
            risks = ["nothing of it answers any more"]
        # Which of them go is the swarm's choice: all that are here are kept.
        kept, more = await kept_first(hands, workload, self.verb.name, site) if count < old else ((), ())
        risks += more
        return make_plan(
            self.verb.name, workload, (*kept, operation), site, danger="low" if count else "high",
            risks=tuple(safe(risk) for risk in risks),
        )  # fmt: skip

    def changed(self, service: Json, operation: Operation) -> tuple[Json, dict[str, str]]:
        """The same, with another count."""
        count = int(dict(operation.arguments)["replicas"])
        return service["Spec"] | {"Mode": {"Replicated": {"Replicas": count}}}, {}


class SwarmRollBack(Change):
    """Back to the specification before the last update: the swarm keeps one."""

    verb = Verb(name="rollback", title="Roll back (one step)")

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when there was no update yet."""
        service, site = await look(hands, workload)
        previous = service.get("PreviousSpec")
        if not previous:
            raise PlanRefused(f"{workload.id.name}: the swarm keeps no earlier specification (it was never updated)")
        now, then = _image(service["Spec"]), _image(previous)
        risks = [
            "one step only: a second roll back returns to what runs now",
            *([] if now != then else ["the image is the same: only other settings go back"]),
        ]
        step = Step(
            verb=self.verb.name, title="roll back", before=(("image", now),),
            after=(("image", then), ("specification", SafeText("the one before the last update"))), done_when="ready",
            inverse=("rollback", ()), command="service rollback",
        )  # fmt: skip
        kept, more = await kept_first(hands, workload, self.verb.name, site)
        operation = step_operation(step, service, workload, site)
        return make_plan(
            self.verb.name, workload, (*kept, operation), site,
            risks=(*(safe(risk) for risk in (*risks, *more)), *order_risks(service, workload)),
        )  # fmt: skip

    def changed(self, service: Json, operation: Operation) -> tuple[Json, dict[str, str]]:
        """The swarm takes its own earlier specification; the one that is sent is not looked at."""
        return service["Spec"], {"rollback": "previous"}


async def kept_first(
    hands: Hands, workload: Workload, verb: str, site: Site
) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
    """(the operation that keeps what is known of the tasks of this engine, what to tell of those of other nodes)."""
    here = [one for one in workload.instances if not one.id.instance.startswith(TASK)][:MOST_KEPT]
    seen = msgspec.structs.replace(workload, instances=tuple(here))
    found = targets(seen, await hands.containers(seen))
    elsewhere = len(workload.instances) - len(found)
    told = (f"{elsewhere} of {len(workload.instances)} tasks are not on this engine: their logs are not kept",)
    kept = keeping(hands, workload, found, verb, site)
    return kept, told if kept and elsewhere else ()


async def look(hands: Hands, workload: Workload) -> tuple[Json, Site]:
    """The service as the manager has it now."""
    site = await hands.site(workload)
    name = f"{workload.id.space}_{workload.id.name}" if workload.id.space else workload.id.name
    try:
        return await hands.whole(f"/services/{name}"), site
    except EngineAnswer as error:
        if error.status == 404:
            raise PlanRefused(f"{workload.id.name}: the swarm has no such service any more: look again") from None
        raise


class Step(Struct, frozen=True, kw_only=True):
    """What one change says of itself."""

    verb: str
    title: str
    after: Facts
    done_when: str
    command: str
    before: Facts = ()
    arguments: tuple[tuple[str, str], ...] = ()
    inverse: tuple[str, tuple[tuple[str, str], ...]] | None = None


def step_operation(step: Step, service: Json, workload: Workload, site: Site) -> Operation:
    """One change of a service."""
    name = service["Spec"]["Name"]
    return Operation(
        verb=step.verb,
        title=safe(f"{step.title} {name}", 300),
        target=workload.id,
        before=(("tasks", safe(_ready_words(workload))), *step.before),
        after=step.after,
        arguments=(("service", str(service["ID"])), *step.arguments),
        precondition=_mark(service),
        done_when=step.done_when,
        inverse=step.inverse,
        deadline=ONE_TASK * max(1, min(10, workload.desired or len(workload.instances))),
        command=safe(f"docker {site.flags}{step.command} {name}", 500),
    )


def _ready_words(workload: Workload) -> str:
    ready = sum(
        one.phase is Phase.RUNNING and one.health in (Health.NONE, Health.HEALTHY) for one in workload.instances
    )
    return f"{ready} of {workload.desired or 0} ready"


def order_risks(service: Json, workload: Workload) -> tuple[SafeText, ...]:
    """How many are replaced at once, and whether the new comes first."""
    settings = service["Spec"].get("UpdateConfig") or {}
    at_once = settings.get("Parallelism", 1)
    words = "all at once" if at_once == 0 else f"{at_once} at a time"
    if settings.get("Order") == "start-first":
        return (safe(f"{words}, each new task before its old one ends"),)
    if (workload.desired or 0) <= (at_once or MOST):
        return (safe(f"{words}, stopped before it is started: nothing answers in between"),)
    return (safe(f"{words}, stopped before it is started"),)


def _image(spec: Json) -> SafeText:
    return image_name(str(((spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}).get("Image", "")))


def _key(operation: Operation) -> str:
    return dict(operation.arguments)["service"]


def _mark(service: Json) -> str:
    """The service and what it is meant to be; its version index grows with every task that moves."""
    spec = json.dumps(service["Spec"], sort_keys=True).encode()
    return f"{service['ID']} {hashlib.sha256(spec).hexdigest()}"
