"""The base of everything drawn: a widget that holds lines and repaints those that changed."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cockpit.ui.cells import BLANK, Line, fit
from cockpit.ui.cockpit import Cockpit, cockpit_of
from cockpit.ui.look import Look
from cockpit.ui.rowpaint import ChangedRows

MOST_STRIPS = 512
"""Rows that are kept as they go to the terminal: a filter that is taken away brings most of them back."""


class LineWidget(Widget):
    """Draws `draw()`; `redraw()` asks for it again and repaints only the rows whose line is another value."""

    DEFAULT_CSS = "LineWidget { scrollbar-size: 0 0; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._looked: Look | None = None
        self._strips: dict[Line, Strip] = {}
        self._strips_for: tuple[int, Look] | None = None

    @property
    def cockpit(self) -> Cockpit:
        """The app."""
        return cockpit_of(self)

    @property
    def look(self) -> Look:
        """How to draw."""
        return self.cockpit.look

    @property
    def size(self) -> Size:
        """Its room: there are no borders, and no other widget is asked for them. Textual's own takes 80 us."""
        return self._size

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
        changed = [
            y
            for y in range(min(self.size.height, max(len(old), len(new))))
            if (old[y] if y < len(old) else BLANK) != (new[y] if y < len(new) else BLANK)
        ]
        rows: ChangedRows | None = getattr(self.screen, "changed_rows", None)
        if changed and rows is not None:
            rows.add(self, changed)
        elif changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """One row as Textual wants it."""
        line = self._lines[y] if y < len(self._lines) else BLANK
        width, look = self.size.width, self.look
        if self._strips_for is None or self._strips_for[0] != width or self._strips_for[1] is not look:
            self._strips_for = width, look
            self._strips.clear()
        # A line of a log may have 64 KiB: what is kept is what fits.
        fitted = fit(line, width, look.end)
        strip = self._strips.get(fitted)
        if strip is None:
            if len(self._strips) >= MOST_STRIPS:
                self._strips.clear()
            strip = self._strips[fitted] = self._strip(fitted, width)
        return strip

    def _strip(self, fitted: Line, size: int) -> Strip:
        style = self.look.palette.style
        strip = Strip([Segment(text, style(name, fitted.base)) for text, name in fitted.spans if text], size)
        for one in self.get_line_filters():
            strip = strip.apply_filter(one, self.background_colors[1])
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows without the borders, paddings and opacities of other widgets: there are none here."""
        left, right = crop.column_span
        strips = [self.render_line(y) for y in crop.line_range]
        return strips if (left, right) == (0, self.size.width) else [strip.crop(left, right) for strip in strips]

    def on_resize(self) -> None:
        """Another size: everything is drawn anew."""
        self._lines = self.draw()
        self._looked = self.look
        self.refresh()
