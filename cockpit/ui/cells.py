"""Lines of styled text, measured in terminal cells. Values, so that two of them can be compared.

A span names its style; `ui.theme` says what that looks like. Nothing here is ever parsed as markup.
"""

from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Span(NamedTuple):
    """Some text in one style."""

    text: str
    style: str = "text"


class Line(NamedTuple):
    """One row of the screen: spans side by side. base: the background behind all of it ("" is the screen's)."""

    spans: tuple[Span, ...] = ()
    base: str = ""

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(span.text for span in self.spans)

    @property
    def width(self) -> int:
        """Cells that the line takes."""
        return sum(width(span.text) for span in self.spans)


BLANK = Line()


def line(*spans: Span | str | tuple[str, str], base: str = "") -> Line:
    """A line of spans, (text, style) pairs or plain strings."""
    return Line(tuple(Span(span) if isinstance(span, str) else Span(*span) for span in spans if span), base)


def width(text: str) -> int:
    """Cells that `text` takes; wide characters count two."""
    return len(text) if text.isascii() else cell_len(text)


@lru_cache(4096)
def cut(text: str, size: int, end: str = "…") -> str:
    """`text` in at most `size` cells, cut at its end."""
    if size <= 0:
        return ""
    if width(text) <= size:
        return text
    mark = end if width(end) < size else ""
    return set_cell_size(text, size - width(mark)).rstrip() + mark


@lru_cache(1024)
def cut_middle(text: str, size: int, mark: str = "…") -> str:
    """`text` in at most `size` cells, cut in its middle: of an image's name both ends matter."""
    if width(text) <= size:
        return text
    if size < 5:
        return cut(text, size, mark)
    tail = (size - width(mark)) // 2
    head = size - width(mark) - tail
    last = text
    while width(last) > tail:
        last = last[1:]
    return set_cell_size(text, head).rstrip() + mark + last


def pad(text: str, size: int, right: bool = False, end: str = "…") -> str:
    """`text` in exactly `size` cells: cut or filled, at its right end or (right=True) at its left."""
    text = cut(text, size, end)
    fill = " " * (size - width(text))
    return fill + text if right else text + fill


def crop(text: str, start: int, size: int) -> str:
    """Cells `start` .. `start + size` of `text`. A wide character that is cut in two leaves blanks."""
    if text.isascii():
        return text[start : start + size]
    if start > 0:
        head = set_cell_size(text, start)
        rest = text
        seen = 0
        while rest and seen < start:
            seen += width(rest[0])
            rest = rest[1:]
        text = " " * (seen - start) + rest if width(head) == start else rest
    return text if width(text) <= size else set_cell_size(text, size)


def fit(content: Line, size: int, end: str = "…") -> Line:
    """`content` in exactly `size` cells; what does not fit is cut at the end of the line."""
    total = content.width
    if total <= size:
        return Line((*content.spans, Span(" " * (size - total))), content.base) if total < size else content
    room = max(0, size - width(end))
    spans: list[Span] = []
    for text, style in content.spans:
        if width(text) > room:
            spans.append(Span(pad(cut(text, room, "") + end, min(size, room + width(end)), end=""), style))
            break
        spans.append(Span(text, style))
        room -= width(text)
    return Line(tuple(spans), content.base)


def ends(left: Line, right: Line, size: int, end: str = "…") -> Line:
    """`left` at the left, `right` at the right end; the right one stays whole as long as it fits."""
    room = max(0, size - right.width)
    if right.spans and room:
        return Line(fit(left, room, end).spans + right.spans, left.base)
    return fit(left, size, end)


def wrap(text: str, size: int) -> list[str]:
    """`text` in pieces of at most `size` cells, broken anywhere: a log line keeps its columns."""
    if size <= 0:
        return [""]
    if text.isascii():
        return [text[at : at + size] for at in range(0, len(text), size)] or [""]
    pieces: list[str] = []
    piece, used = "", 0
    for char in text:
        needed = width(char)
        if used + needed > size:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += needed
    return [*pieces, piece] if piece or not pieces else pieces


def wrap_hanging(text: str, size: int) -> list[str]:
    """`text` in pieces of at most `size` cells, broken at blanks where there are any: blanks within it stay.

    All but the first are indented by two more than the text itself, so that the next line of it is seen to be one.
    """
    if size <= 0 or (len(text) <= size and width(text) <= size):
        return [text]
    pieces: list[str] = []
    indent = " " * min(len(text) - len(text.lstrip()) + 2, size // 4)
    lead, rest = "", text
    # A log line may have 64 KiB: no step looks at more than a row of it.
    while len(lead) + len(rest) > size or width(lead + rest) > size:
        row = lead + rest[: size + 1]
        whole = len(wrap(row, size)[0])
        blank = row.rfind(" ", 0, whole + 1)
        end = max(blank if blank > size // 2 else whole, len(lead) + 1)
        pieces.append(row[:end].rstrip())
        lead, rest = indent, rest[end - len(lead) :].lstrip()
    return [*pieces, lead + rest] if rest else pieces


def wrap_words(text: str, size: int) -> list[str]:
    """`text` in lines of at most `size` cells, broken at blanks where there are any."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        joined = f"{current} {word}" if current else word
        if width(joined) <= size:
            current = joined
            continue
        if current:
            lines.append(current)
        *whole, current = wrap(word, size)
        lines.extend(whole)
    if current or not lines:
        lines.append(current)
    return lines
