"""The base of everything drawn: a widget that holds lines and repaints those that changed."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.ui.cells import BLANK, Line, fit
from cockpit.ui.cockpit import Cockpit, cockpit_of
from cockpit.ui.look import Look


class LineWidget(Widget):
    """Draws `draw()`; `redraw()` asks for it again and repaints only the rows whose line is another value."""

    DEFAULT_CSS = "LineWidget { scrollbar-size: 0 0; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._looked: Look | None = None

    @property
    def cockpit(self) -> Cockpit:
        """The app."""
        return cockpit_of(self)

    @property
    def look(self) -> Look:
        """How to draw."""
        return self.cockpit.look

    @property
    def lines(self) -> Sequence[Line]:
        """What is drawn now."""
        return self._lines

    def draw(self) -> Sequence[Line]:
        """The lines to show, for `self.size`; fewer than its height leave the rest blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again; only rows that changed are repainted."""
        if not self.is_mounted or not self.size or not self.is_on_screen:
            return
        old, new = self._lines, self.draw()
        self._lines = new
        if self._looked is not self.look:
            self._looked = self.look
            self.refresh()
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(min(self.size.height, max(len(old), len(new))))
            if (old[y] if y < len(old) else BLANK) != (new[y] if y < len(new) else BLANK)
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row as Textual wants it."""
        size = self.size.width
        line = self._lines[y] if y < len(self._lines) else BLANK
        style = self.look.palette.style
        fitted = fit(line, size, self.look.end)
        return Strip([Segment(text, style(name, line.base)) for text, name in fitted.spans if text], size)

    def on_resize(self) -> None:
        """Another size: everything is drawn anew."""
        self._lines = self.draw()
        self._looked = self.look
        self.refresh()
