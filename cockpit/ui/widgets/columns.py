"""The columns of a table: which of them there is room for, and how wide each is."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from cockpit.ui.cells import width


class Column(Struct, frozen=True):
    """One column. width 0: the rest of the line. needs: table width below which the column is left out.

    grow: cells that it may get beyond its width while the rest of the line keeps REST. fit: the text of an item in
    it; the column takes what the longest so far needs, from `least` to width + grow, and never shrinks: nothing jumps.
    middle: what is too long is cut in its middle, for both of its ends matter.
    """

    title: str
    width: int
    right: bool = False
    needs: int = 0
    grow: int = 0
    fit: Callable[[Any], str] | None = None
    least: int = 8
    middle: bool = False


REST = 30


class Columns:
    """The columns of one table, and what the longest text so far needs in those that fit their texts."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._fitted: dict[int, int] = {}

    def fit(self, items: Sequence[Any]) -> bool:
        """Widen the columns that fit their texts; True when one has become wider."""
        wider = False
        for index, column in enumerate(self._columns):
            if column.fit is None:
                continue
            # Ten thousand rows have a few dozen names.
            needed = max(map(width, set(map(column.fit, items))), default=0)
            if needed > self._fitted.get(index, column.least):
                self._fitted[index] = needed
                wider = True
        return wider

    def layout(self, total: int) -> list[tuple[int, Column, int]]:
        """(index, column, width) of the columns that there is room for in `total` cells."""
        shown = [(index, column) for index, column in enumerate(self._columns) if column.needs <= total]
        needs = [
            min(column.width, self._fitted.get(index, column.least)) if column.fit else column.width
            for index, column in shown
        ]
        rest = total - 1 - sum(need + 1 for need in needs if need)
        sizes = []
        for (index, column), need in zip(shown, needs, strict=True):
            most = min(column.grow, self._fitted.get(index, column.least) - need) if column.fit else column.grow
            more = max(0, min(most, rest - REST))
            rest -= more
            sizes.append((index, column, need + more))
        return [(index, column, size or max(4, rest)) for index, column, size in sizes]
