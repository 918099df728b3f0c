"""What can be done with a selected service, on every screen that has one."""

from typing import Any

from textual import on

from cockpit.board.snapshot import ServiceStatus
from cockpit.ui import bulk, inspect, mitigate, undo
from cockpit.ui.keys import Key, bindings
from cockpit.ui.offers import Offers
from cockpit.ui.panes.footer import Footer
from cockpit.ui.screens.base import CockpitScreen
from cockpit.ui.widgets.table import Table


class SelectedService(CockpitScreen):
    """Subclasses say which service is selected; the keys of the scope "service" work on it."""

    BINDINGS = bindings("service")
    scopes: tuple[str, ...] = ("service",)

    @property
    def service(self) -> ServiceStatus | None:
        """The selected service."""
        raise NotImplementedError

    @property
    def markable(self) -> Table[Any] | None:
        """The table in which services can be marked, where there is one."""
        return None

    def chosen_services(self) -> list[ServiceStatus]:
        """The marked services, or the selected one."""
        table = self.markable
        marked = [one for one in table.items if one.key in table.marks] if table is not None and table.marks else []
        return marked or ([self.service] if self.service else [])

    def clear_filter(self) -> bool:
        """Marks go first: what stays marked unseen would be changed too."""
        table = self.markable
        if table is not None and table.marks:
            table.unmark()
            return True
        return super().clear_filter()

    # What may be done to it

    _offers: Offers | None = None

    def cannot(self, key: Key) -> bool:
        """Whether a key would do what is not offered for any of the chosen ones, as far as that is known."""
        if not key.verb:
            return False
        if self._offers is None:
            self._offers = Offers(self.cockpit.port, self._offered)
        offers = [self._offers.of(service) for service in self.chosen_services()]
        return not offers or not all(key.verb in names for names in offers)

    def _offered(self) -> None:
        if self.is_mounted:
            self.one(Footer).redraw()

    @on(Table.Moved)
    def selection_moved(self) -> None:
        """Another service may offer something else."""
        self.one(Footer).redraw()

    def _needs_one(self) -> ServiceStatus | None:
        if self.service is None:
            self.cockpit.say("no service is selected")
        return self.service

    # Changing it

    def action_verb(self, verb: str) -> None:
        """Plan a change of it, or of all marked ones, and show it."""
        chosen = self.chosen_services()
        if len(chosen) > 1:
            bulk.begin(self, chosen, verb)
        else:
            mitigate.begin(self, chosen[0] if chosen else None, verb)

    def action_actions(self) -> None:
        """Everything else that may be done to it, or to all marked ones."""
        chosen = self.chosen_services()
        if len(chosen) > 1:
            bulk.others(self, chosen)
        else:
            mitigate.others(self, chosen[0] if chosen else None)

    def action_undo(self) -> None:
        """Take back what was done last to it."""
        undo.begin(self, self.service)

    # Reading more of it

    def action_log(self) -> None:
        """The log of the marked services, merged, or of the selected one."""
        chosen = self.chosen_services()
        if not chosen:
            self.cockpit.say("no service is selected")
            return
        names = [service.name for service in chosen]
        more = f" + {len(names) - 3}" if len(names) > 3 else ""
        self.full_log(tuple(service.key for service in chosen), " + ".join(names[:3]) + more)

    def full_log(self, services: tuple[str, ...], name: str) -> None:
        """A log, whole screen."""
        from cockpit.ui.screens.log import LogScreen

        self.app.push_screen(LogScreen(services, name))

    def action_describe(self) -> None:
        """All that is known of it."""
        from cockpit.ui.screens.service import ServiceScreen

        if service := self._needs_one():
            self.app.push_screen(ServiceScreen(service.key, service.name))

    def action_inspect(self) -> None:
        """What the platform itself says of it."""
        inspect.begin(self, self.service)

    def action_explain(self) -> None:
        """Why it is in this state."""
        from cockpit.ui.screens.explain import ExplainScreen

        if service := self._needs_one():
            self.app.push_screen(ExplainScreen(service.key, service.name))

    def action_revisions(self) -> None:
        """What it ran, and may be rolled back to."""
        from cockpit.ui.screens import revisions

        revisions.begin(self, self.service)

    def action_runbook(self) -> None:
        """The runbook that fits."""
        if service := self._needs_one():
            self.cockpit.say(f"{service.name}: this profile names no runbook for it")

    def action_sort(self) -> None:
        """Another order."""
        self.cockpit.say("worst first is the only order here")
