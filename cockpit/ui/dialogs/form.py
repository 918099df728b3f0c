"""What a verb is to be done with, one field each. Up and down move, typing fills in, left and right choose."""

from collections.abc import Sequence

from msgspec import Struct
from textual import events

from cockpit.ui.cells import Line, Span, pad, width, wrap_words
from cockpit.ui.dialogs.base import Button, Dialog

LONGEST = 500


class Field(Struct, frozen=True, kw_only=True):
    """One argument. hint: what is allowed; values: (value, as shown) to choose from, the first is the default."""

    name: str
    hint: str = ""
    required: bool = False
    values: tuple[tuple[str, str], ...] = ()


class FormDialog(Dialog):
    """Dismissed with the ((name, value), ...) that were filled in, or None."""

    def __init__(self, heading: str, fields: Sequence[Field]) -> None:
        super().__init__(heading)
        self._fields = tuple(fields)
        self._typed = [one.values[0][0] if one.values else "" for one in self._fields]
        self._at = 0

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Planning comes first: nothing happens by it but a preview."""
        return (Button("plan", "Show the plan"), Button("no", "Leave"))

    def content(self, columns: int) -> list[Line]:
        """The fields, the hint of the one that is filled in below them."""
        named = min(20, max(width(one.name) for one in self._fields))
        lines = [self._field(index, one, named) for index, one in enumerate(self._fields)]
        here = self._fields[self._at]
        needed = "needed" if here.required else "may be left out"
        hint = f"{here.name}: {here.hint} ({needed})" if here.hint else f"{here.name}: {needed}"
        more = "left and right choose" if here.values else ""
        lines += [Line(), *(Line((Span(f" {piece}", "dim"),)) for piece in wrap_words(hint, columns - 2))]
        return [*lines, Line((Span(f" {more}", "dim"),))] if more else lines

    def _field(self, index: int, one: Field, named: int) -> Line:
        here, look = index == self._at, self.cockpit.look
        typed = dict(one.values).get(self._typed[index], self._typed[index])
        spans = [
            Span(f"{look.glyphs.cursor if here else ' '} ", "mark"),
            Span(pad(one.name, named, end=look.end) + "  ", "strong" if here else "text"),
            Span(look.text(typed), "key"),
        ]
        if here and not one.values:
            spans.append(Span(" ", "focus"))
        return Line(tuple(spans), "selected" if here else "")

    def on_key(self, event: events.Key) -> None:
        """Every printable key is the field's."""
        if not self._edit(event):
            return
        event.stop()
        event.prevent_default()
        self.redraw()

    def _edit(self, event: events.Key) -> bool:
        field = self._fields[self._at]
        if event.key in ("up", "down"):
            self._at = (self._at + (1 if event.key == "down" else -1)) % len(self._fields)
        elif event.key in ("left", "right") and field.values:
            values = [value for value, _ in field.values]
            step = 1 if event.key == "right" else -1
            self._typed[self._at] = values[(values.index(self._typed[self._at]) + step) % len(values)]
        elif event.key == "backspace" and not field.values:
            self._typed[self._at] = self._typed[self._at][:-1]
        elif event.is_printable and event.character and not field.values:
            self._typed[self._at] = (self._typed[self._at] + event.character)[:LONGEST]
        else:
            return False
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is typed text."""
        if not self._fields[self._at].values:
            clean = "".join(char for char in event.text if char.isprintable())
            self._typed[self._at] = (self._typed[self._at] + clean)[:LONGEST]
            self.redraw()

    def pressed(self, button: str) -> None:
        """Plan with what is filled in."""
        if button != "plan":
            self.dismiss(None)
            return
        pairs = [(one, typed.strip()) for one, typed in zip(self._fields, self._typed, strict=True)]
        missing = next((one for one, typed in pairs if one.required and not typed), None)
        if missing is not None:
            self._at = self._fields.index(missing)
            self.redraw()
            self.say(f"{missing.name} is needed: {missing.hint}")
            return
        self.dismiss(tuple((one.name, typed) for one, typed in pairs if typed))
