"""The timeline's newest rows, newest first, under a titled rule."""

import re

from cockpit.incident.timeline import Row
from cockpit.ui.cells import Line, Span, width, wrap_words
from cockpit.ui.format import moment
from cockpit.ui.look import Look
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

_STYLES = {"decision": "strong", "finding": "strong", "probe": "dim", "system": "dim"}
_MARKS = {"decision": "!", "finding": "?", "action": "@", "message": ">"}
_BY_ITSELF = frozenset({"state", "probe", "release", "system", "drill"})
WRAPPED_FROM = 6
"""Lines from which an entry may take more than one."""


_ADDRESS = re.compile(r"(?:[A-Z]{3,7} )?\S{4,} \((?:[a-z]+ )?port of [^()\s]+\) ?")
"""Whom a probe asked: the detail shows it, a row has no room for it."""


def brief(text: str) -> str:
    """A row's text with the reason, but without the address that was asked."""
    return _ADDRESS.sub("", text)


def row_style(row: Row) -> str:
    """How the text of a row looks."""
    if row.entry.kind == "verdict":
        result = dict(row.entry.facts).get("result") or row.text
        return "down" if "not work" in result else "ok" if "worked" in result else "unknown"
    return _STYLES.get(row.entry.kind, "text")


def row_lines(look: Look, row: Row, columns: int, most: int) -> list[Line]:
    """One row: time, who (for what people did), text, in at most `most` lines."""
    who = row.entry.who if row.entry.kind not in _BY_ITSELF else ""
    mark = _MARKS.get(row.entry.kind, "")
    head = (
        Span(f"{moment(row.happened, look.utc)} ", "dim"),
        Span(f"{look.name(who)} " if who else "", "key"),
        Span(f"{mark} " if mark else "", "strong"),
    )
    text = look.text(brief(row.text)) + ("" if row.saved else "  (not saved)")
    style = row_style(row)
    if most == 1:
        return [Line((*head, Span(text, style)))]
    used = sum(width(span.text) for span in head)
    pieces = wrap_words(text, max(10, columns - used))
    rest = wrap_words(" ".join(pieces[1:]), max(10, columns - 9)) if pieces[1:] else []
    lines = [Line((*head, Span(pieces[0], style))), *(Line((Span(" " * 9), Span(piece, style))) for piece in rest)]
    return lines[:most]


class TimelinePane(LineWidget):
    """As many rows as fit."""

    def draw(self) -> list[Line]:
        """Rule and rows."""
        columns, height = self.size.width, self.size.height
        lines = [rule(self.look, columns, "Timeline")]
        rows = self.cockpit.frame.rows
        if not rows:
            text = " nothing yet: i writes a line; what is done here is written by itself"
            lines.append(Line((Span(text, "dim"),)))
        most = 4 if height >= WRAPPED_FROM else 1
        for row in reversed(rows):
            if len(lines) >= height:
                break
            lines += row_lines(self.look, row, columns, most)
        return lines[:height]
