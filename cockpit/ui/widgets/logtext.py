"""How log lines become rows: time, instance, text, wrapped or shifted."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct

from cockpit.board.text import safe
from cockpit.logs.line import LogLine
from cockpit.logs.pattern import Pattern
from cockpit.ui.cells import Line, Span, crop, cut_middle, pad, width, wrap
from cockpit.ui.format import moment
from cockpit.ui.look import Look
from cockpit.ui.theme import LEVELS
from cockpit.ui.widgets.jsonline import readable

_OWN_TIME = re.compile(
    r"^\W?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d| UTC)?\W{0,2}\s*"
)


MOST_ROWS = 50
"""Rows that one wrapped line may take; Enter shows it whole."""


class LogStyle(Struct, frozen=True, kw_only=True):
    """What decides how a line is laid out. names: source -> its instance column; raw: JSON lines as they came."""

    width: int
    names: dict[str, str]
    times: bool = True
    wrap: bool = False
    offset: int = 0
    marks: frozenset[int] = frozenset()
    highlight: Pattern | None = None
    raw: bool = False
    focused: bool = False


_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
_POD = re.compile(rf"{_LETTERS}{{5,10}}-({_LETTERS}{{5}})")
"""What is left of a pod's name without its Deployment's: the ReplicaSet's hash and its own five characters."""


@lru_cache(64)
def _short(sources: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if len(sources) < 2:
        return ()
    # What the first and the last in order share, all of them share.
    pairs = zip(min(sources), max(sources), strict=False)
    shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = max(shared.rfind("-"), shared.rfind("_"), shared.rfind(".")) + 1
    pods = [_POD.fullmatch(source[start:]) for source in sources]
    ends = [found[1] for found in pods if found]
    # A workload in a rollout has pods of two ReplicaSets: twelve cells of 80 told no more than the last five.
    if len(set(ends)) == len(sources):
        return tuple(zip(sources, ends, strict=True))
    return tuple((source, cut_middle(source[start:], 12)) for source in sources)


def short_names(sources: Sequence[str]) -> dict[str, str]:
    """What the instance column shows: what distinguishes the sources, nothing at all when there is one."""
    return dict(_short(tuple(sources)))


def drawn_lines(look: Look, lines: Sequence[LogLine], style: LogStyle, cursor: bool = False) -> list[Line]:
    """The rows of some lines."""
    column = max((width(name) for name in style.names.values()), default=0)
    return [row for line in lines for row in _rows(look, line, style, column, cursor)]


def _rows(look: Look, line: LogLine, style: LogStyle, column: int, cursor: bool) -> list[Line]:
    base = "selected" if cursor and style.focused else ""
    head: list[Span] = []
    if style.marks:
        head.append(Span(look.glyphs.mark if line.seq in style.marks else " ", "mark"))
    if style.times:
        head.append(Span(moment(line.at, look.utc, millis=True) + " ", "dim"))
    if column:
        name = "-" if line.note else style.names.get(line.source, line.source)
        head.append(Span(pad(name, column) + " ", "key" if cursor else "dim"))
    beside = style.times and line.at is not None
    text = look.text(line.text if style.raw or line.note else safe(readable(line.text, beside)))
    if beside:
        # Most services write their own time first: beside the column it only takes room.
        text = _OWN_TIME.sub("", text, count=1) or text
    if line.note:
        text = text if text.startswith("--- ") else f"--- {text} ---"
    look_of_line = "dim" if line.note else LEVELS.get(line.level, "text")
    used = sum(width(span.text) for span in head)
    room = max(8, style.width - used)
    if style.wrap:
        pieces = wrap(text, room)[:MOST_ROWS]
        rows = [Line((*head, *_lit(pieces[0], style, look_of_line)), base)]
        return rows + [Line((Span(" " * used), *_lit(piece, style, look_of_line)), base) for piece in pieces[1:]]
    if style.offset:
        text = crop(text, style.offset, room)
    return [Line((*head, *_lit(text, style, look_of_line)), base)]


def _lit(text: str, style: LogStyle, plain: str) -> list[Span]:
    """The text with what was searched standing out; only its first part: a line may have 64 KiB."""
    if style.highlight is None:
        return [Span(text, plain)]
    spans: list[Span] = []
    done = 0
    for start, end in style.highlight.spans(text[: style.width]):
        spans += [Span(text[done:start], plain), Span(text[start:end], "match")]
        done = end
    return [*spans, Span(text[done:], plain)]
