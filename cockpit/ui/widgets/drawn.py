"""A pane that a function draws."""

from collections.abc import Callable, Sequence

from cockpit.ui.cells import Line
from cockpit.ui.widgets.lines import LineWidget


class Drawn(LineWidget):
    """Draws what `lines(width, height)` gives."""

    def __init__(self, lines: Callable[[int, int], Sequence[Line]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._source = lines

    def draw(self) -> Sequence[Line]:
        """The function's lines for this size."""
        return self._source(self.size.width, self.size.height)
