"""A text to read: describe, inspect, help. `/` leaves the lines that contain what is typed."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult

from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span, wrap_hanging
from cockpit.ui.narrow import keeper
from cockpit.ui.screens.base import CockpitScreen
from cockpit.ui.widgets.pager import Pager

Source = Callable[[int], Sequence[Line]]


class PagerScreen(CockpitScreen):
    """One pager over the whole body."""

    def __init__(self, heading: str, source: Source) -> None:
        super().__init__()
        self._heading = heading
        self._source = source

    def body(self) -> ComposeResult:
        """The pager."""
        yield Pager(self._heading, self._lines, id="body")

    def _lines(self, width: int) -> Sequence[Line]:
        lines = self._source(width)
        if not self.filter_text:
            return lines
        keep = keeper(self.filter_text)
        found = [line for line in lines if keep(line.text)]
        return found or [Line((Span(f" no line has {self.filter_text}; Esc shows all", "dim"),))]

    def show_frame(self, frame: Frame) -> None:
        """The text may follow what happens."""
        pager = self.one(Pager)
        pager.heading = f"{self._heading}  /{self.filter_text}" if self.filter_text else self._heading
        pager.redraw()


def plain_text(text: str) -> Source:
    """A source for a fixed text: its lines wrapped, nothing interpreted."""
    rows = text.split("\n")

    def lines(width: int) -> list[Line]:
        return [Line((Span(" " + piece),)) for row in rows for piece in wrap_hanging(row, max(10, width - 2))]

    return lines
