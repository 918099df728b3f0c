"""Titled rules instead of boxes: two columns and many bytes cheaper, and a copied selection stays clean."""

from cockpit.ui.cells import Line, Span, cut, width
from cockpit.ui.look import Look


def rule(look: Look, size: int, title: str = "", right: str = "", focused: bool = False) -> Line:
    """A rule of `size` cells: "── title ─────── right ──". The title of the pane with the focus stands out."""
    dash = look.glyphs.rule
    if not title:
        return Line((Span(dash * size, "rule"),))
    tail = [Span(f" {right} ", "dim"), Span(dash * 2, "rule")] if right and width(right) + 12 < size else []
    shown = cut(title, max(1, size - 5 - sum(width(text) for text, _ in tail)), look.end)
    spans = [Span(dash * 2 + " ", "rule"), Span(shown, "key" if focused else "title"), Span(" ", "rule")]
    used = sum(width(text) for text, _ in (*spans, *tail))
    return Line((*spans, Span(dash * max(0, size - used), "rule"), *tail))
