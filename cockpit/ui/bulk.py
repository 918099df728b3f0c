"""One verb for all marked services: which workload of each is meant, what they all offer, one plan."""

from collections.abc import Callable, Sequence

from cockpit.backends.change import Verb
from cockpit.board.model import Identity
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import MakeBulk, Verbs
from cockpit.ui import mitigate
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.form import FormDialog
from cockpit.ui.dialogs.pick import PickDialog
from cockpit.ui.dialogs.plantext import verb_words
from cockpit.ui.format import plural
from cockpit.ui.planning import open_plan
from cockpit.ui.screens.base import CockpitScreen

Targets = tuple[tuple[str, Identity], ...]
Offered = Callable[[Targets, tuple[Verb, ...]], None]


def begin(screen: CockpitScreen, services: Sequence[ServiceStatus], name: str) -> None:
    """Plan one verb for all of them."""

    def found(targets: Targets, verbs: tuple[Verb, ...]) -> None:
        verb = next((one for one in verbs if one.name == name), None)
        if verb is None:
            shared = ", ".join(one.name for one in verbs) or "nothing"
            cockpit_of(screen).say(
                f"{verb_words(name)} is not offered by all {len(targets)} that are marked; all of them offer {shared}"
            )
            return
        _fill(screen, targets, verb)

    _offered(screen, services, found)


def others(screen: CockpitScreen, services: Sequence[ServiceStatus]) -> None:
    """Pick among everything that may be done to all of them."""

    def found(targets: Targets, verbs: tuple[Verb, ...]) -> None:
        def picked(name: str | None) -> None:
            verb = next((one for one in verbs if one.name == name), None)
            if verb is not None:
                _fill(screen, targets, verb)

        heading = f"Actions on {plural(len(targets), f'marked {_word(targets)}')}"
        empty = "there is nothing that may be done to all of them; Esc, then unmark some"
        screen.app.push_screen(PickDialog(heading, mitigate.verb_choices(verbs), empty), picked)

    _offered(screen, services, found)


def _word(targets: Targets) -> str:
    return "node" if all(workload.kind == "node" for _, workload in targets) else "service"


def _offered(screen: CockpitScreen, services: Sequence[ServiceStatus], then: Offered) -> None:
    """The workload of each, one after the other, then the verbs that all of them offer."""

    def choose(left: Sequence[ServiceStatus], targets: Targets, verbs: tuple[Verb, ...] | None) -> None:
        if not left:
            then(targets, verbs or ())
            return
        service = left[0]

        def meant(_: ServiceStatus, workload: Identity) -> None:
            def offers(found: tuple[Verb, ...]) -> None:
                names = {one.name for one in found}
                shared = found if verbs is None else tuple(one for one in verbs if one.name in names)
                choose(left[1:], (*targets, (service.key, workload)), shared)

            cockpit_of(screen).ask(Verbs(workload), f"what may be done to {service.name}", offers)

        mitigate.with_workload(screen, service, lambda found, work: meant(found, work.id))

    choose(tuple(services), (), None)


def _fill(screen: CockpitScreen, targets: Targets, verb: Verb) -> None:
    """Ask for what it is to be done with, the same for all."""
    fields = [one for one in mitigate.fields_of(verb, ()) if one.name != mitigate.INSTANCE]

    def filled(arguments: mitigate.Arguments | None) -> None:
        if arguments is not None:
            request = MakeBulk(verb=verb.name, targets=targets, arguments=arguments)
            open_plan(screen, request, f"{verb.name} {plural(len(targets), _word(targets))}")

    if any(one.required for one in fields):
        heading = f"{verb_words(verb.name).capitalize()} {plural(len(targets), _word(targets))}: with what?"
        screen.app.push_screen(FormDialog(heading, fields), filled)
    else:
        filled(())
