"""The bottom line: the keys that matter here and now, or what there is to say."""

from collections.abc import Sequence

from cockpit.ui.cells import Line, Span, width
from cockpit.ui.keys import Key, chain_keys
from cockpit.ui.look import Look
from cockpit.ui.widgets.lines import LineWidget

BOTTOM = 2
"""Screens below which there is no way back: Textual's own and the overview."""
BACK_AT = 4
"""Where the way back stands among the keys: 80 columns show six at least."""


def footer_line(look: Look, keys: Sequence[Key], size: int) -> Line:
    """As many keys as there is room for, in their order; the last one (help) always."""
    if not keys:
        return Line()
    last = keys[-1]
    room = size + 1 - _size(last)  # a blank before the first key, none after the last
    shown: list[Key] = []
    for key in keys[:-1]:
        if _size(key) > room:
            break
        room -= _size(key)
        shown.append(key)
    spans = [Span(" ")]
    for key in shown:
        spans += [Span(key.name, "key"), Span(f" {key.label}  ", "dim")]
    spans += [Span(last.name, "key"), Span(f" {last.label}", "dim")]
    return Line(tuple(spans), "bar")


def _size(key: Key) -> int:
    return width(key.name) + width(key.label) + 3


class Footer(LineWidget):
    """One line at the bottom of every screen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._message = Line()
        self._made: tuple[tuple[Key, ...], int, Look, Line] | None = None

    def say(self, text: str, style: str = "warning") -> None:
        """Show this instead of the keys, until it is taken back with ""."""
        line = Line((Span(f" {text}", style),), "bar") if text else Line()
        if line != self._message:
            self._message = line
            self.redraw()

    def draw(self) -> tuple[Line, ...]:
        """The message, or the keys of the focus chain."""
        if self._message.spans:
            return (self._message,)
        inner = (*getattr(self.screen.focused, "scopes", ()), *getattr(self.screen, "first_scopes", ()))
        chain: tuple[str, ...] = getattr(self.screen, "chain", ())
        cannot = getattr(self.screen, "cannot", lambda _: False)
        keys = [key for key in chain_keys(self.cockpit.keys, inner, chain) if not cannot(key)]
        if len(self.app.screen_stack) > BOTTOM:
            way_back = [key for key in keys if key.id == "back"]
            others = [key for key in keys if key.id != "back"]
            place = min(BACK_AT, len(others) - 1)
            keys = [*others[:place], *way_back, *others[place:]]
        return (self._line(tuple(keys)),)

    def _line(self, keys: tuple[Key, ...]) -> Line:
        """Each frame asks; the keys are others only when the reader turns to something else."""
        made, columns, look = self._made, self.size.width, self.look
        if made is None or made[0] != keys or made[1] != columns or made[2] is not look:
            made = self._made = keys, columns, look, footer_line(look, keys, columns)
        return made[3]
