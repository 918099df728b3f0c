"""From a key to a previewed plan: which workload is meant, what is asked for, why it cannot be."""

from collections.abc import Callable
from functools import partial

from cockpit.backends.change import DECLARED, Plan, Verb, of_service
from cockpit.board.model import Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import MakePlan, OperationStatus, Require, Requirement, Verbs
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.dialogs.plan import PlanDialog
from cockpit.ui.format import plural
from cockpit.ui.screens.base import Asking, CockpitScreen

Arguments = tuple[tuple[str, str], ...]
PLANNED_WITHOUT = frozenset({"rollback", "roll back"})
"""Verbs whose planner picks the argument itself (the version before) and offers the others as choices."""

OPTIONAL = "left out"
"""Stands in what a verb says of an argument that it can do without ("left out: all of them")."""


def begin(screen: CockpitScreen, service: ServiceStatus | None, verb: str) -> None:
    """Plan `verb` on a service and open its dialog; say why when that is impossible."""
    _with_workload(screen, service, lambda found, workload: _with_verb(screen, found, workload, verb))


def others(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Pick among everything that may be done to a service."""

    def choose(found: ServiceStatus, workload: Workload) -> None:
        cockpit_of(screen).ask(
            Verbs(workload.id), f"what may be done to {found.name}", partial(_pick_verb, screen, found, workload)
        )

    _with_workload(screen, service, choose)


def undo(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Plan the inverse of what was done last to a service."""
    cockpit = cockpit_of(screen)
    last = _last_done(cockpit.frame.operations, service)
    if service is None or last is None:
        cockpit.say(f"{service.name if service else 'nothing'}: nothing was done to it in this session")
        return
    inverse = last.plan.operations[-1].inverse if last.plan.operations else None
    if inverse is None:
        cockpit.say(f"{last.plan.verb} of {service.name} cannot be taken back by itself")
        return
    verb, arguments = inverse
    known = (*service.workloads, _itself(service))
    work = next((one for one in known if one.id == last.plan.workload.workload), None)
    if work is None:
        cockpit.say(f"{service.name}: what was changed is not on the board any more")
        return
    _plan(screen, service, work, verb, arguments)


def why_not(service: ServiceStatus | None) -> str:
    """Why nothing can be done to a service; "" when something can."""
    return "no service is selected" if service is None else ""


def _last_done(operations: tuple[OperationStatus, ...], service: ServiceStatus | None) -> OperationStatus | None:
    key = service.key if service else ""
    done = [status for status in operations if status.phase == "ended" and status.plan.service == key]
    return done[-1] if done else None


def _with_workload(
    screen: CockpitScreen, service: ServiceStatus | None, then: Callable[[ServiceStatus, Workload], None]
) -> None:
    """The workload that is meant: several on different engines are never changed until one is picked."""
    why = why_not(service)
    if why or service is None:
        cockpit_of(screen).say(why)
        return
    if len(service.workloads) < 2:
        then(service, service.workloads[0] if service.workloads else _itself(service))
        return
    choices = [
        Choice(str(index), work.id.name, "/".join(str(value) for _, value in work.where) + f", {_size(work)}")
        for index, work in enumerate(service.workloads)
    ]
    heading = f"{service.name} runs in {len(service.workloads)} places: which one?"

    def picked(index: str | None) -> None:
        if index is not None:
            then(service, service.workloads[int(index)])

    screen.app.push_screen(PickDialog(heading, choices), picked)


def _itself(service: ServiceStatus) -> Workload:
    """Stands for what runs a service of which nothing is seen: what the profile declares can still be done."""
    return Workload(id=of_service(service.key), source=DECLARED)


def _size(work: Workload) -> str:
    return plural(len(work.instances), "instance")


def _with_verb(screen: CockpitScreen, service: ServiceStatus, workload: Workload, name: str) -> None:
    def found(verbs: tuple[Verb, ...]) -> None:
        verb = next((one for one in verbs if one.name.replace(" ", "") == name), None)
        if verb is None:
            _plan(screen, service, workload, name, ())  # whoever plans it knows best why it cannot be
            return
        _fill(screen, service, workload, verb, ())

    cockpit_of(screen).ask(Verbs(workload.id), f"what may be done to {service.name}", found)


def _pick_verb(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verbs: tuple[Verb, ...]) -> None:
    choices = [
        Choice(
            verb.name,
            verb.title,
            "high danger" if verb.danger == "high" else "",
            "down" if verb.danger == "high" else "text",
        )
        for verb in verbs
    ]

    def picked(name: str | None) -> None:
        verb = next((one for one in verbs if one.name == name), None)
        if verb is not None:
            _fill(screen, service, workload, verb, ())

    why = f"{workload.id.backend} offers nothing that may be done to {service.name} here"
    screen.app.push_screen(PickDialog(f"Actions on {service.name}", choices, why), picked)


def _fill(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verb: Verb, given: Arguments) -> None:
    """Ask for the arguments that a verb needs, one by one, then plan it."""
    wanted = [] if verb.name in PLANNED_WITHOUT else [one for one in verb.arguments if OPTIONAL not in one[1]]
    missing = wanted[len(given) :]
    if not missing:
        _plan(screen, service, workload, verb.name, given)
        return
    name, allowed = missing[0]

    def typed(text: str) -> None:
        if not text.strip():
            cockpit_of(screen).say(f"{verb.name} needs {name}: {allowed}")
            return
        _fill(screen, service, workload, verb, (*given, (name, text.strip())))

    screen.ask_line(f"{verb.name} {service.name}: {name}", Asking(done=typed), hint=allowed)


def _plan(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verb: str, arguments: Arguments) -> None:
    cockpit = cockpit_of(screen)

    def planned(plan: Plan) -> None:
        cockpit.ask(Require(plan), "what the policy asks for", partial(preview, plan))

    def preview(plan: Plan, needed: Requirement) -> None:
        screen.app.push_screen(PlanDialog(plan, needed))

    command = MakePlan(verb=verb, service=service.key, workload=workload.id, arguments=arguments)
    cockpit.ask(command, f"the plan of {verb} {service.name}", planned)
