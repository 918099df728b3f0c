"""`U`: what was done last to a service, by whomever, and what takes it back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cockpit.backends.change import Operation, Plan
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.engine.port import MakePlan
from cockpit.incident.timeline import Row
from cockpit.mitigate.record import plan_of
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.plantext import last_undoable, verb_words
from cockpit.ui.format import stamp
from cockpit.ui.planning import open_plan
from cockpit.ui.screens.base import CockpitScreen


def begin(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Plan the inverse of what was done last to a service; say why that cannot be."""
    cockpit = cockpit_of(screen)
    if service is None:
        cockpit.say("no service is selected")
        return
    last = last_done(cockpit.frame, service.key)
    if last is None:
        cockpit.say(f"{service.name}: nothing was done to it that this timeline knows of")
        return
    at, plan = last
    operation = last_undoable(_about(plan, service.key))
    if operation is None or operation.inverse is None:
        when = stamp(at, cockpit.now, cockpit.look.utc)
        cockpit.say(f"the {verb_words(plan.verb)} of {service.name} at {when} cannot be taken back by itself")
        return
    verb, arguments = operation.inverse
    request = MakePlan(verb=verb, service=service.key, workload=operation.target.workload, arguments=arguments)
    open_plan(screen, request, f"{verb} {service.name}")


def last_done(frame: Frame, key: str) -> tuple[datetime, Plan] | None:
    """When it ended and the plan: of this session, or of the timeline, whatever is newer."""
    found = [
        (status.started_at + timedelta(seconds=status.verdict.seconds if status.verdict else 0), status.plan)
        for status in frame.operations
        if status.phase == "ended" and key in status.plan.services and not status.plan.attended
    ]
    recorded = next(_recorded(frame.rows, key), None)
    return max((*found, *((recorded,) if recorded else ())), key=lambda one: one[0], default=None)


def _recorded(rows: tuple[Row, ...], key: str) -> Iterator[tuple[datetime, Plan]]:
    """Plans that were begun, newest first; but for shells: what was done in one, nobody knows."""
    for row in reversed(rows):
        if row.entry.kind != "verdict" or not any(_done(dict(part.facts)) for part in row.parts):
            continue
        intent = next((part for part in row.parts if part.kind == "intent"), None)
        # The whole plan is decoded only where the service stands in it.
        if intent is None or not any(key in value for name, value in intent.facts if name in ("service", "plan")):
            continue
        read = plan_of(intent)
        if read is not None and key in read[0].services and not read[0].attended:
            yield row.happened, read[0]


def _done(facts: dict[str, str]) -> bool:
    return facts.get("answer", "refused") != "refused"


def _about(plan: Plan, key: str) -> tuple[Operation, ...]:
    return tuple(one for one in plan.operations if (one.service or plan.service) == key)
