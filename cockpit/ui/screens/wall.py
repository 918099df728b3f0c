"""The wall: the state in letters that are read from across a room, what is broken below."""

from textual.app import ComposeResult

from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span
from cockpit.ui.format import clock, since
from cockpit.ui.panes.arrange import WELL
from cockpit.ui.panes.band import headline, large
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.theme import state_style
from cockpit.ui.widgets.pager import Pager


class WallScreen(SelectedService):
    """Made to look at; the keys of a service work on the worst one, at which the cursor points."""

    @property
    def service(self) -> ServiceStatus | None:
        """The first of those that are not well."""
        return next((one for one in self.cockpit.frame.snapshot.services if one.state not in WELL), None)

    def body(self) -> ComposeResult:
        """All of it is text."""
        yield Pager("Wall", self._lines, id="body")

    def _lines(self, columns: int) -> list[Line]:
        cockpit = self.cockpit
        look, frame, now = cockpit.look, cockpit.frame, cockpit.now
        text, state = headline(frame, cockpit.stale_for is not None)
        lines = [Line(), *large(look, text, state_style(state), columns), Line()]
        lines += [*large(look, clock(now, look.utc)[:5], "strong", columns), Line()]
        first = self.service
        for service in frame.snapshot.services:
            if service.state in WELL:
                continue
            style = state_style(service.state)
            spans = (
                Span(f"{look.glyphs.cursor if service is first else ' '} ", "mark"),
                Span(f"{look.glyphs.state(service.state)} {service.name}  ", style),
                Span(f"{service.state.value} {since(now, service.since, True, service.since_exact)}  ", style),
                Span(look.text(service.why)),
            )
            lines.append(Line(spans))
        return lines

    def show_frame(self, frame: Frame) -> None:
        """As things stand."""
        self.one(Pager).redraw()

    def tick(self) -> None:
        """Ages go on."""
        self.one(Pager).redraw()
