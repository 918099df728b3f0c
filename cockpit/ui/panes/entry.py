"""One entry of the timeline, whole: its two times, its words now and before, what was said of it, what supports it."""

from collections.abc import Iterator
from datetime import datetime

from cockpit.incident.timeline import Row, Wording
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.format import stamp
from cockpit.ui.look import Look

LABEL = 10
LEFT_OUT = frozenset({"plan", "baseline", "target", "release"})
"""Facts that are for programs: the export has them, a reader does not want them."""


def entry_lines(look: Look, row: Row, now: datetime, width: int) -> list[Line]:
    """Everything known of it; the first lines matter most."""
    entry = row.entry
    times = f"happened {stamp(row.happened, now, look.utc)}, recorded {stamp(entry.recorded, now, look.utc)}"
    state = [word for word, on in (("pinned", row.pinned), ("hidden", row.hidden), ("locked", row.locked)) if on]
    state += [] if row.saved else ["NOT SAVED"]
    tail = f", {', '.join(state)}" if state else ""
    head = f"{look.name(entry.who)} on {look.name(entry.host)}, {times}{tail}"
    lines = [Line((Span(f" {piece}", "dim"),)) for piece in wrap_words(head, width - 2)]
    lines += [Line((Span(f" {piece}"),)) for piece in wrap_words(look.text(row.text), width - 2)]
    for label, who, text in _said(look, row, now):
        lines += _labelled(label, f"{look.name(who)} {look.text(text)}", width)
    for one in row.evidence:
        lines += _labelled("evidence", f"{look.name(one.entry.who)} {look.text(one.text)}", width)
        lines += [line for name, value in one.entry.facts for line in _fact(look, name, value, width)]
    shown = [(name, value) for name, value in entry.facts if name not in LEFT_OUT]
    return lines + [line for name, value in shown for line in _labelled(name, look.text(value), width)]


def _said(look: Look, row: Row, now: datetime) -> Iterator[tuple[str, str, str]]:
    """(label, who, words) of earlier wordings, remarks, the reason of a redaction, and the steps of a change."""

    def at(one: Wording) -> str:
        return f"{stamp(one.happened, now, look.utc)} " if one.happened != row.happened else ""

    for one in row.earlier:
        yield "before", one.entry.who, f"{at(one)}{one.text}"
    if row.redaction is not None:
        yield "redacted", row.redaction.entry.who, row.redaction.text
    for one in row.annotations:
        yield "remark", one.entry.who, f"{stamp(one.entry.recorded, now, look.utc)} {one.text}"
    for part in row.parts:
        yield part.kind, part.who, part.text


def _labelled(label: str, text: str, width: int) -> list[Line]:
    return [
        Line((Span(f" {label if not index else '':<{LABEL}}", "dim"), Span(piece)))
        for index, piece in enumerate(wrap_words(text, max(20, width - LABEL - 2)))
    ]


def _fact(look: Look, name: str, value: str, width: int) -> list[Line]:
    """A fact of a link, below it: log lines as they are, the others with their names."""
    if not value or name in ("log", "from", "to"):  # they stand in the link's own words
        return []
    text = look.text(value if name == "line" else f"{name} {value}")
    pieces = wrap_words(text, max(20, width - LABEL - 4))
    return [Line((Span(" " * (LABEL + 3)), Span(piece, "dim"))) for piece in pieces]
