"""A screen whose table lists services or nodes: the keys of a service work on the selected one, or on all marked."""

from typing import cast

from textual import on

from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import Focus
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.widgets.table import Table


class ServiceTable(SelectedService):
    """Subclasses compose the table and call `tell_shown` when they have filled it."""

    _told: frozenset[str] = frozenset()

    @property
    def table(self) -> Table[ServiceStatus]:
        """What is listed."""
        return cast("Table[ServiceStatus]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The selected one."""
        return self.table.current

    @property
    def markable(self) -> Table[ServiceStatus]:
        """They are marked where they are listed."""
        return self.table

    def tell_shown(self) -> None:
        """Numbers of what is on the screen are measured often, others seldom."""
        shown = frozenset(service.key for service in self.table.on_screen)
        if shown != self._told:
            self._told = shown
            self.cockpit.port.submit(Focus(services=shown))

    def on_screen_resume(self) -> None:
        """Another screen may have told what is looked at: it is told again."""
        self._told = frozenset()
        super().on_screen_resume()

    def on_resize(self) -> None:
        """More or fewer are on the screen."""
        self.call_after_refresh(self.tell_shown)

    def tick(self) -> None:
        """Ages go on."""
        self.table.tick()
        self.tell_shown()

    @on(Table.Entered)
    def entered(self) -> None:
        """Into the selected one."""
        self.action_describe()
