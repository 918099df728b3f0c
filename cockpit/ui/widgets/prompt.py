"""One line to type into, at the bottom: a filter, a note, a number. It keeps every key while it is open."""

from textual import events
from textual.message import Message

from cockpit.ui.cells import Line, Span, crop, width
from cockpit.ui.widgets.lines import LineWidget

LONGEST = 2000


class Prompt(LineWidget, can_focus=True):
    """Posts Changed, Done (Enter) and Left (Esc) with what was typed."""

    class Changed(Message):
        """Something was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Changed):
        """Enter was pressed."""

    class Left(Changed):
        """Esc was pressed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.label = ""
        self.hint = ""
        self.typed = ""
        self._at = 0
        self._open = False

    def allow_focus(self) -> bool:
        """Only while it asks: Tab would lead into a prompt that nobody sees, and that keeps every key."""
        return self._open

    def open(self, label: str, typed: str = "", hint: str = "") -> None:
        """Ask anew."""
        self.label, self.typed, self.hint, self._at = label, typed[:LONGEST], hint, len(typed)
        self._open = True
        self.redraw()

    def close(self) -> None:
        """Nothing is asked any more."""
        self._open = False

    def draw(self) -> tuple[Line, ...]:
        """Label, text with the place of the cursor, and the hint as long as there is room."""
        label = f" {self.label} "
        room = max(8, self.size.width - width(label) - 1)
        before = self.typed[: self._at]
        start = max(0, width(before) - room + 1)
        under = self.typed[self._at : self._at + 1] or " "
        after = self.typed[self._at + 1 :]
        spans = [
            Span(label, "key"),
            Span(crop(before, start, room), "strong"),
            Span(under, "focus"),
            Span(after, "strong"),
        ]
        if not self.typed and self.hint:
            spans.append(Span(self.hint, "dim"))
        return (Line(tuple(spans), "bar"),)

    def _edit(self, key: str) -> bool:
        """Apply an editing key; whether it was one."""
        text, at = self.typed, self._at
        edits = {
            "backspace": (text[: max(0, at - 1)] + text[at:], max(0, at - 1)),
            "delete": (text[:at] + text[at + 1 :], at),
            "left": (text, max(0, at - 1)),
            "right": (text, min(len(text), at + 1)),
            "home": (text, 0),
            "ctrl+a": (text, 0),
            "end": (text, len(text)),
            "ctrl+e": (text, len(text)),
            "ctrl+u": (text[at:], 0),
            "ctrl+k": (text[:at], at),
            "ctrl+w": _without_word(text, at),
        }
        if key not in edits:
            return False
        self.typed, self._at = edits[key]
        return True

    def _insert(self, text: str) -> None:
        clean = "".join(char if char.isprintable() else " " for char in text)
        self.typed = (self.typed[: self._at] + clean + self.typed[self._at :])[:LONGEST]
        self._at = min(len(self.typed), self._at + len(clean))

    def on_key(self, event: events.Key) -> None:
        """Every key is the prompt's while it is open."""
        event.stop()
        event.prevent_default()
        before = self.typed
        if event.key == "enter":
            self.post_message(self.Done(self.typed))
        elif event.key in ("escape", "ctrl+c") or (event.key == "backspace" and not self.typed):
            self.post_message(self.Left(self.typed))
        elif self._edit(event.key):
            pass
        elif event.is_printable and event.character:
            self._insert(event.character)
        elif event.key.startswith("alt+"):
            # tmux: Esc followed by another key within its escape time.
            self.post_message(self.Left(self.typed))
        self.redraw()
        if self.typed != before:
            self.post_message(self.Changed(self.typed))

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text, its line ends as blanks."""
        event.stop()
        self._insert(event.text)
        self.redraw()
        self.post_message(self.Changed(self.typed))


def _without_word(text: str, at: int) -> tuple[str, int]:
    head = text[:at].rstrip()
    start = head.rfind(" ") + 1
    return text[:start] + text[at:], start
