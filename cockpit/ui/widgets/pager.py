"""Lines of text to read, under a titled rule: scroll, search."""

from collections.abc import Callable, Sequence

from textual import events

from cockpit.ui.cells import Line
from cockpit.ui.keys import bindings
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule


class Pager(LineWidget, can_focus=True):
    """Shows what `source(width)` gives; the lines are made again on each redraw, so they may follow a frame."""

    BINDINGS = bindings("list")
    scopes = ("list",)

    def __init__(self, heading: str, source: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.heading = heading
        self._source = source
        self._top = 0
        self._count = 0

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def draw(self) -> list[Line]:
        """Rule and the visible part."""
        lines = list(self._source(self.size.width))
        self._count = len(lines)
        self._top = max(0, min(self._top, self._count - self._room))
        right = ""
        if self._count > self._room:
            right = f"{self._top + 1}-{min(self._count, self._top + self._room)} of {self._count}"
        shown = lines[self._top : self._top + self._room]
        return [rule(self.look, self.size.width, self.heading, right, self.has_focus), *shown]

    def go(self, top: int) -> None:
        """Scroll so that line `top` is the first one."""
        self._top = max(0, top)
        self.redraw()

    def action_move(self, step: int) -> None:
        """A line down or up."""
        self.go(self._top + step)

    def action_page(self, step: int) -> None:
        """A page down or up."""
        self.go(self._top + step * max(1, self._room - 1))

    def action_edge(self, step: int) -> None:
        """To the end or the beginning."""
        self.go(self._count if step > 0 else 0)

    def action_enter(self) -> None:
        """Nothing is selected here."""

    def action_mark(self) -> None:
        """Space is a page, as in every pager."""
        self.action_page(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        self.action_move(-3)
