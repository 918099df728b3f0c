"""What the platform itself says of a workload or an instance, in a pager."""

from cockpit.board.model import Identity, SafeText
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import Inspect
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.screens.base import CockpitScreen
from cockpit.ui.screens.pager import plain_text


def begin(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Show it; with several instances ask which."""
    cockpit = cockpit_of(screen)
    if service is None or not service.workloads:
        cockpit.say(f"{service.name}: nothing that runs it is known" if service else "no service is selected")
        return
    found: list[tuple[str, Identity, str]] = []
    for workload in service.workloads:
        found.append((workload.id.name, workload.id, f"the {workload.id.kind} itself"))
        found += [(instance.name, instance.id, instance.phase.value) for instance in workload.instances]
    if len(found) == 2:
        show(screen, service, found[1][0], found[1][1])
        return
    choices = [Choice(str(index), name, detail) for index, (name, _, detail) in enumerate(found)]

    def picked(index: str | None) -> None:
        if index is not None:
            show(screen, service, found[int(index)][0], found[int(index)][1])

    screen.app.push_screen(PickDialog(f"Inspect {service.name}: which part?", choices), picked)


def show(screen: CockpitScreen, service: ServiceStatus, name: str, identity: Identity) -> None:
    """Ask for one part and show it."""
    from cockpit.ui.screens.servicepager import ServicePager  # it has the keys that lead here

    cockpit = cockpit_of(screen)

    def told(text: SafeText) -> None:
        heading = f"{name}: as {identity.backend} sees it"
        screen.app.push_screen(ServicePager(heading, plain_text(cockpit.look.text(text)), service.key))

    cockpit.ask(Inspect(identity), f"what {identity.backend} knows of {name}", told)
