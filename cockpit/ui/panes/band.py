"""The state in letters that are read from across a room, or over somebody's shoulder."""

from cockpit.board.model import State
from cockpit.engine.frame import Frame
from cockpit.ui.bigtext import big
from cockpit.ui.cells import Line, Span, width
from cockpit.ui.look import Look
from cockpit.ui.theme import state_style
from cockpit.ui.widgets.lines import LineWidget


def headline(frame: Frame, stale: bool) -> tuple[str, State]:
    """The one thing to read, and its state: "2 down", "all ok", "? no answer"."""
    services = frame.snapshot.services
    if stale:
        return "? OLD", State.UNKNOWN
    for state in (State.DOWN, State.DEGRADED, State.UNKNOWN):
        count = sum(service.state is state for service in services)
        if count:
            return f"{count} {state.value}", state
    return ("all ok", State.OK) if services else ("? none", State.UNKNOWN)


def large(look: Look, text: str, style: str, columns: int) -> list[Line]:
    """Text in large letters, or as it is where that does not fit."""
    rows = big(text, look.glyphs.bar)
    if not rows or max(width(row) for row in rows) + 4 > columns:
        return [Line((Span(f"  {text.upper()}", style),))]
    return [Line((Span("  " + row, style),)) for row in rows]


class Band(LineWidget):
    """The headline over the overview, in sharing mode."""

    def draw(self) -> list[Line]:
        """A blank line, then the letters."""
        text, state = headline(self.cockpit.frame, self.cockpit.stale_for is not None)
        return [Line(), *large(self.look, text, state_style(state), self.size.width)]
