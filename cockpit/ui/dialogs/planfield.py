"""The shape of a plan's words: a label, its text wrapped under itself."""

from cockpit.backends.change import Facts
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.look import Look

LABEL = 9


def field(label: str, text: str, width: int, style: str = "text") -> list[Line]:
    """A labelled text, wrapped under itself."""
    room = max(20, width - LABEL - 2)
    return [
        Line((Span(f" {label if not index else '':<{LABEL}}", "dim"), Span(piece, style)))
        for index, piece in enumerate(wrap_words(text, room))
    ]


def facts_words(look: Look, facts: Facts) -> str:
    """What is so, in one line: "replicas 2, image web:3"."""
    return look.text(", ".join(f"{name} {value}" for name, value in facts))
