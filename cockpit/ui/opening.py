"""What the keys of everywhere open. Screens are imported when they are opened: the first paint needs none of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.dom import DOMNode

from cockpit.engine.port import Approve, InjectFault, ListFaults
from cockpit.ui.cockpit import Cockpit, cockpit_of
from cockpit.ui.keys import Key
from cockpit.ui.screens.base import Asking, CockpitScreen

if TYPE_CHECKING:
    from cockpit.ui.dialogs.palette import Palette


def _health(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.health import HealthScreen

    return HealthScreen()


def _resources(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.resources import ResourcesScreen

    return ResourcesScreen()


def _host(cockpit: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.host import host_screen

    return host_screen(cockpit)


def _timeline(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.timeline import TimelineScreen

    return TimelineScreen()


def _nodes(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.nodes import NodesScreen

    return NodesScreen()


def _temporary(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.temporary import TemporaryScreen

    return TemporaryScreen()


def _wall(_: Cockpit) -> CockpitScreen:
    from cockpit.ui.screens.wall import WallScreen

    return WallScreen()


SCREENS: Mapping[str, Callable[[Cockpit], CockpitScreen]] = {
    "health": _health,
    "resources": _resources,
    "host": _host,
    "nodes": _nodes,
    "temporary": _temporary,
    "timeline": _timeline,
    "wall": _wall,
}


def help_screen(keys: Sequence[Key], scopes: Sequence[str], demo: bool) -> CockpitScreen:
    """The keys of a focus chain."""
    from cockpit.ui.screens import help as help_module

    return help_module.help_screen(keys, scopes, demo)


def palette(cockpit: Cockpit, scopes: Sequence[str], below: object) -> "Palette":
    """Commands by their names. below: the screen that they are for."""
    from cockpit.ui.dialogs.palette import Palette
    from cockpit.ui.kindwords import clusters

    return Palette(cockpit.keys, scopes, cockpit.frame.demo, clusters(cockpit.frame.snapshot, _near(below)))


def objects(cockpit: Cockpit, words: str, below: object) -> CockpitScreen:
    """The objects of a kind, as they were asked for; without a name of the cluster that is looked at."""
    from cockpit.ui.kindwords import clusters, parsed
    from cockpit.ui.screens.objects import ObjectsScreen

    asked = parsed(words)
    known = clusters(cockpit.frame.snapshot, _near(below))
    return ObjectsScreen(cockpit, asked if asked.source or not known else replace(asked, source=known[0]))


def _near(screen: object) -> tuple[str, ...]:
    """The sources of what is listed or selected on a screen."""
    service = getattr(screen, "service", None)
    own = getattr(screen, "source", "")
    return (own,) if own else tuple(workload.source for workload in service.workloads) if service else ()


def has(node: DOMNode, action: str) -> bool:
    """Whether a widget or screen has an action of its own."""
    return hasattr(node, f"action_{action.partition('(')[0]}")


def note(screen: CockpitScreen) -> None:
    """Ask for a line and write it into the timeline, with the marked log lines as its evidence."""
    from cockpit.ui import linking

    linking.note(screen)


def approve(screen: CockpitScreen) -> None:
    """Ask for the number of another person's plan and approve it."""
    cockpit = cockpit_of(screen)

    def done(text: str) -> None:
        if text.strip():
            command = Approve(text.strip())
            cockpit.ask(command, "the approval to be recorded", lambda _: cockpit.say(f"approved {text.strip()}", "ok"))

    screen.ask_line("approve plan", Asking(done=done), hint="at least 8 digits of its number, as its dialog shows them")


def drill(screen: CockpitScreen) -> None:
    """Pick a fault of the demo and start or end it."""
    from cockpit.ui.dialogs.pick import Choice, PickDialog

    cockpit = cockpit_of(screen)
    if not cockpit.frame.demo:
        cockpit.say("faults exist only in the demo: cockpit demo")
        return

    def show(faults: tuple[tuple[str, str, bool], ...]) -> None:
        choices = [
            Choice(name, ("on  " if active else "off ") + name, text, "down" if active else "text")
            for name, text, active in faults
        ]
        active = {name: on for name, _, on in faults}

        def picked(name: str | None) -> None:
            if name is not None:
                done = f"{name} {'ended' if active[name] else 'begins'}"
                command = InjectFault(name=name, on=not active[name])
                cockpit.ask(command, "the demo", lambda _: cockpit.say(done, "dim"))

        screen.app.push_screen(PickDialog("Drill: start or end a fault", choices), picked)

    cockpit.ask(ListFaults(), "the demo's faults", show)


__all__: list[Any] = ["SCREENS", "approve", "drill", "has", "help_screen", "note", "objects", "palette"]
