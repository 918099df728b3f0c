"""The base of all dialogs: text that scrolls, buttons under it; starts on No, knows no letters, Esc leaves it alone."""

from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult

from cockpit.ui.cells import Line, Span
from cockpit.ui.format import plural
from cockpit.ui.keys import bindings
from cockpit.ui.screens.base import CockpitDialog
from cockpit.ui.widgets.drawn import Drawn
from cockpit.ui.widgets.rule import rule


class Button(Struct, frozen=True):
    """A button. id: what `pressed` is given."""

    id: str
    label: str


NO = Button("no", "No")


class Dialog(CockpitDialog):
    """Subclasses give `heading`, `content()`, `buttons` and `pressed()`."""

    BINDINGS = bindings("dialog")
    INHERIT_BINDINGS: ClassVar[bool] = False
    scopes = ("dialog",)
    steady = False
    """Its buttons never move up: what happens elsewhere must not put another one under the reader's finger."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.heading = heading
        self.chosen = 0
        self._above = 0
        self._tallest = 0

    # For subclasses

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Left to right; the first is the safe one."""
        return (NO,)

    def content(self, width: int) -> list[Line]:
        """The text, without rule and buttons."""
        raise NotImplementedError

    def below(self, width: int) -> list[Line]:
        """What stands just above the buttons and is always seen (a field to type into)."""
        return []

    @property
    def room(self) -> int:
        """Lines of content that are seen at once beside the rule, the buttons and one line above those."""
        return max(1, int(self.one(Drawn).size.height) - 4)

    @property
    def row(self) -> int | None:
        """The row of the content that is pointed at and must be seen; None: the reader scrolls."""
        return None

    def pressed(self, button: str) -> None:
        """A button was pressed."""
        self.dismiss(None)

    # Drawing

    def body(self) -> ComposeResult:
        """One pane draws it all."""
        yield Drawn(self._lines, id="body")

    def _lines(self, width: int, height: int) -> list[Line]:
        content, below = self.content(width), self.below(width)
        room = max(1, height - 2 - len(below) - 1)
        if self.row is not None:
            self._above = min(max(self._above, self.row - room + 1), self.row)
        self._above = max(0, min(self._above, len(content) - room))
        hidden = len(content) - room - self._above
        right = f"PgDn: {plural(hidden, 'more line')}" if hidden > 0 else ("PgUp: back up" if self._above else "")
        lines = [rule(self.cockpit.look, width, self.heading, right, focused=True)]
        lines += content[self._above : self._above + room]
        if self.steady:
            self._tallest = min(room, max(self._tallest, len(lines) - 1))
            lines += [Line()] * (self._tallest + 1 - len(lines))
        return [*lines, Line(), *below, self._button_line()]

    def _button_line(self) -> Line:
        self.chosen = min(self.chosen, len(self.buttons) - 1)
        spans = [Span(" ")]
        for index, button in enumerate(self.buttons):
            chosen = index == self.chosen
            spans.append(
                Span(f"[ {button.label} ]" if chosen else f"  {button.label}  ", "focus" if chosen else "button")
            )
            spans.append(Span(" "))
        return Line(tuple(spans))

    def redraw(self) -> None:
        """Draw the dialog again; only what changed is sent."""
        if self.is_mounted:
            self.one(Drawn).redraw()

    def show_frame(self, frame: object) -> None:
        """Dialogs draw from the newest frame too."""
        self.redraw()

    def tick(self) -> None:
        """Times in it go on."""
        self.redraw()

    def say(self, text: str) -> None:
        """One line at the bottom: an error never replaces or closes the dialog under the reader's finger."""
        self.cockpit.say(text)

    # Keys

    @property
    def deaf(self) -> bool:
        """Keys mean nothing at this moment."""
        return False

    def action_button(self, step: int) -> None:
        """To the next button, or the one before."""
        if self.deaf:
            return
        self.chosen = (self.chosen + step) % len(self.buttons)
        self.redraw()

    def action_press(self) -> None:
        """Press the button in brackets."""
        if self.deaf:
            return
        self.pressed(self.buttons[min(self.chosen, len(self.buttons) - 1)].id)

    def action_leave(self) -> None:
        """Leave it alone."""
        self.dismiss(None)

    def action_scroll(self, step: int) -> None:
        """A page down or up."""
        self._above = max(0, self._above + step * max(1, self.one(Drawn).size.height - 5))
        self.redraw()
