"""From a key to a plan: which workload is meant, what it is to be done with, why it cannot be."""

from collections.abc import Callable, Iterable
from functools import partial

from cockpit.backends.change import DECLARED, Verb, of_service
from cockpit.board.model import Identity, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import MakePlan, Verbs
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.form import Field, FormDialog
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.dialogs.plantext import plan_words, verb_words
from cockpit.ui.format import plural
from cockpit.ui.planning import open_plan, open_running
from cockpit.ui.screens.base import Asking, CockpitScreen

Arguments = tuple[tuple[str, str], ...]
PLANNED_WITHOUT = frozenset({"rollback", "roll back", "rollback-config", "restart-all"})
"""Verbs whose planner picks the argument itself (the version before) and offers the others as choices."""

OPTIONAL = "left out"
"""Stands in what a verb says of an argument that it can do without ("left out: all of them")."""

INSTANCE = "instance"
"""The option that leaves the other instances alone; all of them, when it is left out."""


def begin(screen: CockpitScreen, service: ServiceStatus | None, verb: str) -> None:
    """Plan `verb` on a service and open its dialog; say why when that is impossible."""
    with_workload(screen, service, lambda found, workload: _with_verb(screen, found, workload, verb))


def others(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Pick among everything that may be done to a service."""

    def choose(found: ServiceStatus, workload: Workload) -> None:
        cockpit_of(screen).ask(
            Verbs(workload.id), f"what may be done to {found.name}", partial(_pick_verb, screen, found, workload)
        )

    with_workload(screen, service, choose)


def with_workload(
    screen: CockpitScreen, service: ServiceStatus | None, then: Callable[[ServiceStatus, Workload], None]
) -> None:
    """The workload that is meant: several on different engines are never changed until one is picked."""
    if service is None:
        cockpit_of(screen).say("no service is selected")
        return
    if len(service.workloads) < 2:
        then(service, service.workloads[0] if service.workloads else itself(service))
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


def plan_to(screen: CockpitScreen, service: ServiceStatus, workload: Identity, verb: str, value: str) -> None:
    """Plan a verb with the first thing that it can be given: a roll back to one revision."""

    def found(verbs: tuple[Verb, ...]) -> None:
        known = next((one for one in verbs if one.name.replace(" ", "") == verb), None)
        names = (*known.arguments, *known.options) if known else ()
        arguments = ((names[0][0] if names else "to", value),)
        request = MakePlan(
            verb=known.name if known else verb, service=service.key, workload=workload, arguments=arguments
        )
        open_plan(screen, request, f"{verb_words(verb)} {service.name}")

    cockpit_of(screen).ask(Verbs(workload), f"what may be done to {service.name}", found)


def itself(service: ServiceStatus) -> Workload:
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
        _fill(screen, service, workload, verb, [one for one in fields_of(verb, ()) if one.required])

    cockpit_of(screen).ask(Verbs(workload.id), f"what may be done to {service.name}", found)


OFTEN = ("restart", "rollback", "scale")
"""What is done most in an incident, in this order: it stands first."""


def _place(verb: Verb) -> tuple[bool, int]:
    name = verb.name.replace(" ", "")
    return verb.danger == "high", OFTEN.index(name) if name in OFTEN else len(OFTEN)


def verb_choices(verbs: Iterable[Verb]) -> list[Choice]:
    """What may be picked among verbs: what is done most first, the dangerous ones last and marked."""
    return [
        Choice(
            verb.name,
            verb.title,
            "high danger" if verb.danger == "high" else "",
            "down" if verb.danger == "high" else "text",
        )
        for verb in sorted(verbs, key=_place)
    ]


def _pick_verb(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verbs: tuple[Verb, ...]) -> None:
    # What was left running comes first: it is seen again here, and stopped.
    running = {
        f"run {status.run}": status
        for status in cockpit_of(screen).frame.operations
        if status.phase != "ended" and service.key in status.plan.services
    }

    def picked(name: str | None) -> None:
        verb = next((one for one in verbs if one.name == name), None)
        if name in running:
            open_running(screen, running[name])
        elif verb is not None:
            _fill(screen, service, workload, verb, fields_of(verb, [one.name for one in workload.instances]))

    why = f"{workload.id.backend} offers nothing that may be done to {service.name} here"
    going_on = [Choice(key, f"See how it goes: {plan_words(one.plan)}", "under way") for key, one in running.items()]
    choices = [*going_on, *verb_choices(verbs)]
    screen.app.push_screen(PickDialog(f"Actions on {service.name}", choices, why), picked)


def fields_of(verb: Verb, instances: Iterable[str]) -> list[Field]:
    """What a verb can be done with. instances: by name, to choose one of them or all; one alone is no choice."""
    names = list(instances)
    every = () if verb.name in PLANNED_WITHOUT else verb.arguments
    needed = [Field(name=name, hint=hint, required=OPTIONAL not in hint) for name, hint in every]
    given = {name: hint for name, hint in verb.options if name != INSTANCE and verb.name not in PLANNED_WITHOUT}
    fields = [*needed, *(Field(name=name, hint=hint) for name, hint in given.items())]
    if len(names) > 1 and any(name == INSTANCE for name, _ in verb.options):
        values = (("", f"all {len(names)}"), *((name, name) for name in names))
        fields.append(Field(name=INSTANCE, hint="all of them, or one alone", values=values))
    return fields


def _fill(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verb: Verb, fields: list[Field]) -> None:
    """Ask for what the verb is to be done with, then plan it."""
    if not fields:
        _plan(screen, service, workload, verb.name, ())
    elif len(fields) == 1 and not fields[0].values:
        _ask_one(screen, service, workload, verb, fields[0])
    else:

        def filled(arguments: Arguments | None) -> None:
            if arguments is not None:
                _plan(screen, service, workload, verb.name, arguments)

        heading = f"{verb_words(verb.name).capitalize()} {service.name}: with what?"
        screen.app.push_screen(FormDialog(heading, fields), filled)


def _ask_one(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verb: Verb, field: Field) -> None:
    def typed(text: str) -> None:
        if not text.strip() and field.required:
            cockpit_of(screen).say(f"{verb_words(verb.name)} needs {field.name}: {field.hint}")
            return
        arguments = ((field.name, text.strip()),) if text.strip() else ()
        _plan(screen, service, workload, verb.name, arguments)

    screen.ask_line(f"{verb_words(verb.name)} {service.name}: {field.name}", Asking(done=typed), hint=field.hint)


def _plan(screen: CockpitScreen, service: ServiceStatus, workload: Workload, verb: str, arguments: Arguments) -> None:
    request = MakePlan(verb=verb, service=service.key, workload=workload.id, arguments=arguments)
    open_plan(screen, request, f"{verb_words(verb)} {service.name}")
