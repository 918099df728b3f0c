"""A log, whole screen."""

from typing import cast

from textual.app import ComposeResult

from cockpit.board.model import Identity
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.engine.port import ObjectRef
from cockpit.ui.logfilter import FIRST_OPENED, HINT, Opened
from cockpit.ui.panes.logpane import LogPane
from cockpit.ui.screens.base import Asking
from cockpit.ui.screens.selected import SelectedService


class LogScreen(SelectedService):
    """The merged log of some services, of single instances of them, or of objects that no service need run on."""

    def __init__(
        self, services: tuple[str, ...], name: str, instances: tuple[Identity, ...] = (),
        opened: Opened = FIRST_OPENED, objects: tuple[ObjectRef, ...] = (),
    ) -> None:  # fmt: skip
        """instances, objects: those whose log it is; none means all. opened: what of it is shown first."""
        super().__init__()
        self._first = opened
        self._services, self._instances, self._objects = services, instances, objects
        self._label = name

    def body(self) -> ComposeResult:
        """The log."""
        yield LogPane(id="body")

    @property
    def log_pane(self) -> LogPane:
        """The log."""
        return cast(LogPane, self.one(LogPane))

    def chosen_services(self) -> list[ServiceStatus]:
        """Those whose log it is."""
        return [one for one in self.cockpit.frame.snapshot.services if one.key in self._services]

    @property
    def service(self) -> ServiceStatus | None:
        """The one whose log it is; None when there are several."""
        chosen = self.chosen_services()
        return chosen[0] if len(chosen) == 1 else None

    def on_mount(self) -> None:
        """Open it."""
        self.log_pane.open_services(self._services, self._label, self._instances, self._first, self._objects)

    def show_frame(self, frame: Frame) -> None:
        """New lines."""
        self.log_pane.show(frame)

    def ask_filter(self) -> None:
        """Ask for a filter; it searches the whole log, so it is applied with Enter."""
        log = self.log_pane
        self.ask_line("/", Asking(done=log.apply_filter), log.filter_text, HINT)

    def clear_filter(self) -> bool:
        """Take the marks away, then the filter."""
        if self.log_pane.unmark():
            return True
        if not self.log_pane.filter_text:
            return False
        self.log_pane.apply_filter("")
        return True

    def action_log(self) -> None:
        """That is what is shown."""

    def full_log(self, services: tuple[str, ...], name: str) -> None:
        """It is: back to where it was opened."""
        self.app.pop_screen()
