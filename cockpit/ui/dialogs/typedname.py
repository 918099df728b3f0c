"""The name that must be typed before a change that must be meant: a field of one line, which takes keys and pastes."""

from textual import events

from cockpit.engine.port import Requirement
from cockpit.ui.cells import Line, Span
from cockpit.ui.look import Look

LIMIT = 80


class TypedName:
    """needed: what the policy asks for; without a name in it nothing is typed."""

    def __init__(self) -> None:
        self.needed = Requirement()
        self.text = ""

    @property
    def wanted(self) -> bool:
        """Whether there is something to type."""
        return bool(self.needed.type_name)

    @property
    def missing(self) -> str:
        """What to do first; empty when it stands there, or nothing has to."""
        if not self.wanted or self.text == self.needed.type_name:
            return ""
        return f"type {self.needed.type_name} first: it is a change that must be meant"

    def lines(self, look: Look) -> list[Line]:
        """The field, where there is one."""
        if not self.wanted:
            return []
        done = look.glyphs.done if not self.missing else ""
        ask = f" Type {self.needed.type_name} to confirm ({', '.join(self.needed.why)}): "
        return [Line((Span(ask), Span(self.text, "key"), Span(" ", "focus"), Span(f" {done}", "ok")))]

    def take(self, event: events.Key | events.Paste) -> bool:
        """A key, or what was pasted, which counts as typed; False when it means nothing here."""
        if not self.wanted:
            return False
        if isinstance(event, events.Paste):
            self.text = (self.text + "".join(char for char in event.text if char.isprintable()))[:LIMIT]
        elif event.key == "backspace":
            self.text = self.text[:-1]
        elif event.is_printable and event.character and len(self.text) < LIMIT:
            event.stop()
            self.text += event.character
        else:
            return False
        return True
