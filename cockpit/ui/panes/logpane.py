"""A log with everything that can be done with its lines: grouped, copied, saved, read whole."""

from collections.abc import Callable

import msgspec

from cockpit.engine.port import ErrorShape, SaveLog, TopErrors
from cockpit.logs.line import LogLine
from cockpit.ui.cells import Line, Span
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.format import moment, plural, stamp
from cockpit.ui.panes.openlog import OpenLog
from cockpit.ui.screens.pager import PagerScreen, plain_text

CLIPBOARD = 100_000
"""Characters that are copied at most: terminals drop longer OSC 52 strings, most silently."""


class LogPane(OpenLog):
    """The log of one or several services."""

    # Errors by shape

    def action_top_errors(self) -> None:
        """Errors grouped by shape; Enter goes to the newest of one."""
        if not self.tail:
            self.cockpit.say("no log is open")
            return

        def show(shapes: tuple[ErrorShape, ...]) -> None:
            now, utc = self.cockpit.now, self.look.utc
            choices = [
                Choice(
                    str(shape.example_seq),
                    f"{shape.count:>6} {shape.level.name:<5} {stamp(shape.first, now, utc)}-{moment(shape.last, utc)}",
                    shape.shape,
                    "down",
                )
                for shape in shapes
            ]
            dialog = PickDialog(
                f"{self._label}: errors by shape", choices, "no error in this window; 0 shows the whole log"
            )
            self.app.push_screen(dialog, self._go_to_seq)

        self.cockpit.ask(TopErrors(self.tail), "the errors to be counted", show)

    def _go_to_seq(self, seq: str | None) -> None:
        if seq is not None:
            # Without a query a row's number is its line's.
            if self.filter_text:
                self.apply_filter("")
            self.go(int(seq))

    # Taking along

    def chosen_lines(self, then: Callable[[list[LogLine]], None]) -> None:
        """The marked lines, or the one under the cursor, or what is visible while it follows."""
        if self.marks:
            then(self.marked_lines)
        elif self.follow:
            then(list(self.lines_at(max(0, self.row - self.size.height + 2), self.size.height - 1)[1]))
        else:
            then(list(self.lines_at(self.row, 1)[1]))

    def action_copy(self) -> None:
        """Copy to the reader's own clipboard, through the terminal."""

        def copy(lines: list[LogLine]) -> None:
            if not lines:
                self.cockpit.say("there is no line to copy")
                return
            text = "\n".join(self.look.text(f"{moment(line.at, self.look.utc, True)} {line.text}") for line in lines)
            self.app.copy_to_clipboard(text[:CLIPBOARD])
            self.cockpit.say(f"{plural(len(lines), 'line')} copied, if the terminal takes OSC 52", "dim")

        self.chosen_lines(copy)

    def action_save(self) -> None:
        """Write what is shown to a file."""
        if not self.tail:
            self.cockpit.say("no log is open")
            return
        self.cockpit.ask(SaveLog(self.tail), "the file", lambda path: self.cockpit.say(f"saved as {path}", "ok"))

    def action_enter(self) -> None:
        """The line whole; JSON laid out."""
        _, lines = self.lines_at(self.row, 1)
        if not lines:
            return
        line = lines[0]
        head = f"{line.source}  {stamp(line.at, self.cockpit.now, self.look.utc)}  {line.level.name.lower()}"
        text = self.look.text(line.text)
        body = plain_text(text + pretty(text))

        def whole(width: int) -> list[Line]:
            return [Line((Span(f" {head}", "dim"),)), Line(), *body(width)]

        self.app.push_screen(PagerScreen("One line", whole))

    def action_full(self) -> None:
        """The log alone on the screen."""
        if self._services:
            full = getattr(self.screen, "full_log", None)
            if full is not None:
                full(self._services, self._label)


def pretty(text: str) -> str:
    """The JSON object in a line, laid out below it; "" when there is none."""
    start = text.find("{")
    if start < 0:
        return ""
    try:
        return "\n\n" + msgspec.json.format(text[start:].encode(), indent=2).decode()
    except msgspec.DecodeError:
        return ""
