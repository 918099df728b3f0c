"""One of several: which workload, which action, which fault. Up and down move, Enter picks, Esc leaves it alone."""

from collections.abc import Sequence

from msgspec import Struct
from textual import events

from cockpit.ui.cells import Line, Span, pad, width, wrap_words
from cockpit.ui.dialogs.base import Button, Dialog
from cockpit.ui.widgets.drawn import Drawn


class Choice(Struct, frozen=True):
    """One of them. id: what the dialog is dismissed with."""

    id: str
    label: str
    detail: str = ""
    style: str = "text"


class PickDialog(Dialog):
    """Dismissed with the picked id, or None."""

    def __init__(
        self, heading: str, choices: Sequence[Choice], empty: str = "there is nothing to pick", *, wide: bool = False
    ) -> None:
        """wide: the labels are sentences and take the whole line."""
        super().__init__(heading)
        self._widest = 400 if wide else 48
        self._choices = tuple(choices)
        self._empty = empty
        self._at = 0

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Pick comes first: nothing happens by picking but a preview."""
        return (Button("pick", "Pick"), Button("no", "Leave")) if self._choices else (Button("no", "Leave"),)

    @property
    def row(self) -> int | None:
        """The one that the cursor is on."""
        return self._at if self._choices else None

    def action_scroll(self, step: int) -> None:
        """A page of choices down or up, the cursor with it."""
        page = max(1, self.one(Drawn).size.height - 5)
        self._at = max(0, min(self._at + step * page, len(self._choices) - 1))
        self.redraw()

    def content(self, columns: int) -> list[Line]:
        """The choices."""
        if not self._choices:
            return [Line(), *(Line((Span(f" {piece}", "dim"),)) for piece in wrap_words(self._empty, columns - 2))]
        named = min(self._widest, columns - 3, max(width(choice.label) for choice in self._choices))
        look = self.cockpit.look
        return [
            Line(
                (
                    Span(f"{look.glyphs.cursor if index == self._at else ' '} ", "mark"),
                    Span(pad(choice.label, named, end=look.end) + "  ", choice.style),
                    Span(look.text(choice.detail), "dim"),
                ),
                "selected" if index == self._at else "",
            )
            for index, choice in enumerate(self._choices)
        ]

    def on_key(self, event: events.Key) -> None:
        """Up and down move among the choices here, not among the buttons."""
        if event.key in ("up", "down") and self._choices:
            event.stop()
            event.prevent_default()
            self._at = (self._at + (1 if event.key == "down" else -1)) % len(self._choices)
            self.redraw()

    def pressed(self, button: str) -> None:
        """Pick or leave."""
        self.dismiss(self._choices[self._at].id if button == "pick" else None)
