"""Keeping what the demo knows of instances, their log and description: on request, and before a change removes them."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.capture import NOWHERE, Captured, Part, capture, nowhere, outcome
from cockpit.backends.captured import LOG_LIMIT, log_text, plain_text, until_late
from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.evidence import Evidence
from cockpit.board.clock import Clock
from cockpit.board.model import Instance
from cockpit.board.text import safe
from cockpit.demo.client import DemoClient, DemoError
from cockpit.demo.describe import describe
from cockpit.demo.logs import read_logs
from cockpit.demo.plan import Scene, command, make_plan
from cockpit.demo.verbs import INSTANCE
from cockpit.logs.line import LogRequest, RawLine

CAPTURE = Verb(name="capture", title="Capture log and description", options=(INSTANCE,))
LOG_LINES, LOG_TIME = 10_000, 20.0

Leaving = Callable[[Scene, Plan], Sequence[Instance]]


def _removed(scene: Scene, plan: Plan) -> Sequence[Instance]:
    targets = {one.target for one in plan.operations}
    return [one for one in scene.workload.instances if one.id in targets]


def _scaled_away(scene: Scene, plan: Plan) -> Sequence[Instance]:
    count = int(dict(plan.operations[-1].arguments)["replicas"])
    return scene.workload.instances[count:]


LEAVING: Mapping[str, Leaving] = {"remove": _removed, "scale": _scaled_away}
"""Which instances a verb removes, with their log."""


def plan_capture(scene: Scene, arguments: Mapping[str, str], evidence: Evidence | None) -> Plan:
    """Keep what is known of one instance, or of all. PlanRefused."""
    name, wanted = scene.workload.id.name, arguments.get("instance", "")
    chosen = [one for one in scene.workload.instances if wanted in ("", one.name)]
    if not chosen:
        there = ", ".join(one.name for one in scene.workload.instances) or "none"
        raise PlanRefused(f"capture {name}: no instance {safe(wanted, 64) or 'at all'} (there is {there})")
    if evidence is None:
        raise nowhere(name)
    # What was kept is kept: nothing has to be watched afterwards.
    return replace(make_plan(CAPTURE.name, scene, (_operation(scene, chosen, evidence, CAPTURE.name),)), hold=0.0)


def kept_before(scene: Scene, plan: Plan, evidence: Evidence | None) -> Plan:
    """The plan, with what it removes captured first."""
    leaving = LEAVING.get(plan.verb)
    chosen = leaving(scene, plan) if leaving is not None else ()
    if evidence is None or not chosen:
        return plan
    return replace(plan, operations=(_operation(scene, chosen, evidence, plan.verb), *plan.operations))


def _operation(scene: Scene, chosen: Sequence[Instance], evidence: Evidence, verb: str) -> Operation:
    names = [one.id.instance for one in chosen]
    service = scene.service.name
    needed = evidence.arguments(scene.workload, verb)
    return Operation(
        verb=CAPTURE.name,
        title=safe(f"keep the log of {', '.join(names)}", 200),
        target=chosen[0].id if len(chosen) == 1 else scene.workload.id,
        after=(
            ("kept in the evidence folder", safe(f"log (last {LOG_LIMIT >> 20} MiB), description")),
            *(("nothing may be missing", safe(why, 300)) for name, why in needed if name == "required"),
        ),
        arguments=(("instances", msgspec.json.encode(names).decode()), *needed),
        done_when="captured",
        deadline=LOG_TIME * len(names),
        command=command(service, CAPTURE.name, *((f"instance={names[0]}",) if len(names) == 1 else ())),
    )


async def keep(operation: Operation, client: DemoClient, clock: Clock, evidence: Evidence | None) -> Outcome:
    """Keep what can be kept of each instance."""
    if evidence is None:
        return NOWHERE
    given = dict(operation.arguments)
    found = []
    for name in msgspec.json.decode(given["instances"], type=tuple[str, ...]):
        try:
            found.append(await _one(operation, name, client, clock, evidence))
        except DemoError as error:
            found.append(Captured(missing=((name, str(safe(str(error), 300))),)))
    return outcome(found, given.get("required", ""))


async def _one(operation: Operation, name: str, client: DemoClient, clock: Clock, evidence: Evidence) -> Captured:
    told = await client.request("list")
    known = [one for one in told["instances"] if one["name"] == name]
    if not known:
        return Captured(missing=((name, "it is gone"),))
    services = [one for one in told["services"] if one["name"] == operation.target.name]
    whole = describe({"service": services, "instances": known})
    request = LogRequest(instance=replace(operation.target, instance=name), tail=LOG_LINES, follow=False)

    async def lines() -> AsyncGenerator[Sequence[RawLine], None]:
        try:
            async for batch in read_logs(client, request):
                yield batch
        except DemoError as error:
            raise SourceError(str(error)) from None

    parts = (
        Part(name="description.txt", read=lambda: plain_text(whole, evidence.secrets)),
        Part(
            name="log.txt", limit=LOG_LIMIT * 2,
            read=lambda: log_text(until_late(lines(), clock, LOG_TIME), evidence.secrets),
        ),
    )  # fmt: skip
    return await capture(evidence.keeper, name, parts)
