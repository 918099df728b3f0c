"""The one log view, over `EnginePort.log_window`: it holds no lines, only where it stands among them."""

from textual import events
from textual.timer import Timer

from cockpit.engine.frame import Frame, TailStatus
from cockpit.logs.line import LogLine
from cockpit.logs.pattern import Pattern
from cockpit.ui.cells import Line, Span
from cockpit.ui.keys import bindings
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.logtext import LogStyle, drawn_lines, short_names
from cockpit.ui.widgets.rule import rule

PACE = 0.3
"""Seconds between repaints while lines stream in: a repaint of 80x15 cells is 1.3 kB."""


class LogLines(LineWidget, can_focus=True):
    """A log under a titled rule. It follows the end until the reader moves up; "+N new" counts what came since."""

    BINDINGS = bindings("log", "list", "pick")
    scopes = ("log", "list", "pick")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.heading = ""
        self.empty: tuple[str, ...] = ()
        self.tail = ""
        self.follow = True
        self.wrap = False
        self.times = True
        self.raw = False
        self.shifted = 0
        self.marks: set[int] = set()
        self.highlight: Pattern | None = None
        self._status: TailStatus | None = None
        self._top = 0
        self._cursor = 0
        self._paused_at = 0
        self._painted_at = -PACE
        self._later: Timer | None = None

    # What it shows

    @property
    def status(self) -> TailStatus | None:
        """The open tail, once the engine knows it."""
        return self._status

    @property
    def row(self) -> int:
        """The row the reader is at: the cursor's, or the last one while following."""
        return self._end - 1 if self.follow else self._cursor

    def open(self, tail: str, heading: str, empty: tuple[str, ...] = ()) -> None:
        """Show another tail, from its end; "" shows `empty`."""
        self.tail, self.heading, self.empty = tail, heading, empty
        self.follow, self._status, self.shifted = True, None, 0
        self.marks = set()
        self.show(self.cockpit.frame)
        self.redraw()

    def show(self, frame: Frame) -> None:
        """Take the tail's state from a frame; repaint at most every PACE seconds while it streams."""
        status = frame.tails.get(self.tail) if self.tail else None
        if status is self._status or (status and self._status and status.version == self._status.version):
            return
        self._status = status
        left = self._painted_at + PACE - self.cockpit.clock.monotonic()
        if left <= 0:
            self._paint()
        elif self._later is None:
            self._later = self.set_timer(left, self._paint)

    def _paint(self) -> None:
        self._later = None
        self._painted_at = self.cockpit.clock.monotonic()
        self.redraw()

    @property
    def _first(self) -> int:
        return self._status.first_row if self._status else 0

    @property
    def _end(self) -> int:
        return self._status.first_row + self._status.rows if self._status else 0

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def lines_at(self, start: int, count: int) -> tuple[int, tuple[LogLine, ...]]:
        """The first row's number and up to `count` lines from row `start`."""
        if not self.tail or count <= 0:
            return start, ()
        window = self.cockpit.port.log_window(self.tail, start, min(1000, count))
        return window.start, window.lines

    # Drawing

    def draw(self) -> list[Line]:
        """Rule and rows."""
        status = self._status
        title, right = self._titles(status)
        lines = [rule(self.look, self.size.width, title, right, self.has_focus)]
        if status and status.error:
            lines.append(Line((Span(f" {self.look.text(status.error)}", "warning"),)))
        if not self._end - self._first:
            lines.extend(Line((Span(f" {text}", "dim"),)) for text in self._nothing(status))
            return lines
        style = LogStyle(
            width=self.size.width,
            names=short_names(status.sources if status else ()),
            times=self.times,
            wrap=self.wrap,
            offset=self.shifted,
            marks=frozenset(self.marks),
            highlight=self.highlight,
            raw=self.raw,
            focused=self.has_focus,
        )
        room = self._room - (len(lines) - 1)
        return lines + (self._tail_end(style, room) if self.follow else self._from_top(style, room))

    def _tail_end(self, style: LogStyle, room: int) -> list[Line]:
        start, found = self.lines_at(max(self._first, self._end - room), room)
        self._top, self._cursor = start, start + max(0, len(found) - 1)
        return drawn_lines(self.look, found, style)[-room:]

    def _from_top(self, style: LogStyle, room: int) -> list[Line]:
        self._top = max(self._first, min(self._top, self._end - 1))
        self._cursor = max(self._first, min(self._cursor, self._end - 1))
        self._top = max(min(self._top, self._cursor), self._cursor - room + 1)
        start, found = self.lines_at(self._top, room)
        while True:
            rows = [drawn_lines(self.look, (line,), style, start + at == self._cursor) for at, line in enumerate(found)]
            upto = self._cursor - start + 1
            # Wrapped lines above the cursor may push it out at the bottom: then the first line goes.
            if sum(len(row) for row in rows[:upto]) <= room or len(found) <= 1:
                return [line for row in rows for line in row][:room]
            start, found, self._top = start + 1, found[1:], start + 1

    def _titles(self, status: TailStatus | None) -> tuple[str, str]:
        parts = [self.heading]
        if status:
            parts.append(status.title if status.title and status.title not in self.heading else "")
            parts.append("" if not status.searching else "searching")
            parts.append("following" if self.follow and status.following else "paused" if not self.follow else "ended")
        new = max(0, self._end - self._paused_at) if not self.follow else 0
        right = [
            f"+{new} new" if not self.follow else "",
            f"{status.dropped} lost" if status and status.dropped else "",
        ]
        if self.shifted:
            right.insert(0, f"from column {self.shifted}")
        return ", ".join(part for part in parts if part), "  ".join(part for part in right if part)

    def _nothing(self, status: TailStatus | None) -> tuple[str, ...]:
        if not self.tail or status is None:
            return self.empty
        if status.searching:
            return ("searching the whole log; any key goes on",)
        if status.lines:
            return (f"no line of {status.lines} matches the filter; Esc clears it",)
        return ("no line yet: nothing was written in this window; 0 shows the whole log",)

    # Moving

    def action_move(self, step: int) -> None:
        """A line down or up; up pauses, down past the end follows again."""
        self._go(self._cursor + step)

    def action_page(self, step: int) -> None:
        """A page down or up."""
        self._go(self._cursor + step * max(1, self._room - 1))

    def action_edge(self, step: int) -> None:
        """To the end, and follow it (1), or to the first line (-1)."""
        self._go(self._end if step > 0 else self._first)

    def go(self, row: int) -> None:
        """To a row, paused there, with some lines before it."""
        self._top = row - self._room // 3
        self._go(row, pause=True)

    def _go(self, row: int, pause: bool = False) -> None:
        if not self._end:
            return
        if row >= self._end and not pause:
            self.follow = True
        else:
            if self.follow:
                self._paused_at = self._end
            self.follow = False
            self._cursor = max(self._first, min(row, self._end - 1))
        self.redraw()

    def action_shift(self, step: int) -> None:
        """Long lines to the left or right by half a screen."""
        self.shifted = max(0, self.shifted + step * max(8, self.size.width // 2))
        self.redraw()

    def action_wrap(self) -> None:
        """Wrap long lines or cut them."""
        self.wrap = not self.wrap
        self.shifted = 0
        self.redraw()

    def action_times(self) -> None:
        """Show or hide the times."""
        self.times = not self.times
        self.redraw()

    def action_raw(self) -> None:
        """JSON lines as they came, or as fields."""
        self.raw = not self.raw
        self.redraw()

    def action_mark_line(self) -> None:
        """Mark the line under the cursor, or take its mark away."""
        start, found = self.lines_at(self.row, 1)
        if found and start == self.row:
            self.marks ^= {found[0].seq}
            self.redraw()

    def action_mark(self) -> None:
        """Space does what `m` does."""
        self.action_mark_line()

    def on_focus(self) -> None:
        """The rule shows who has the focus."""
        self.redraw()

    def on_blur(self) -> None:
        """The rule shows who has the focus."""
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        self.action_move(-3)
