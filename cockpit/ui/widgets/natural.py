"""Columns whose number and widths come with what is shown: each takes what its texts need, the widest give way."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from cockpit.ui.cells import width
from cockpit.ui.widgets.columns import Column, Columns

LEAST = 6
"""Cells that a column keeps when others need room too."""
WIDE = 120
"""Columns of the terminal from which wide columns are shown."""


class Natural(Struct):
    """One column. least: its title; needed: cells that the longest text so far takes."""

    title: str
    right: bool = False
    wide: bool = False
    needed: int = 0


class NaturalColumns(Columns):
    """texts: an item's texts, one for each column."""

    def __init__(self, columns: Sequence[Natural], texts: Callable[[Any], Sequence[str]]) -> None:
        # A width of 1 only says that a blank follows: `layout` gives the real one.
        super().__init__([Column(one.title, 1, right=one.right, needs=WIDE * one.wide) for one in columns])
        self._natural = [Natural(one.title, one.right, one.wide, width(one.title)) for one in columns]
        self._texts = texts

    def fit(self, items: Sequence[Any]) -> bool:
        """Nothing is measured for a whole list: `widen` is given what is new."""
        return False

    def widen(self, items: Sequence[Any]) -> bool:
        """Columns that these items need more room in take it; True when one has become wider."""
        wider = False
        for one, texts in zip(self._natural, zip(*map(self._texts, items), strict=True), strict=False):
            needed = max(map(width, texts), default=0)
            if needed > one.needed:
                one.needed, wider = needed, True
        return wider

    def layout(self, total: int) -> list[tuple[int, Column, int]]:
        """(index, column, width) of the columns that there is room for in `total` cells."""
        shown = [(index, column) for index, column in enumerate(self._columns) if column.needs <= total]
        sizes = shared([self._natural[index].needed for index, _ in shown], total - 1 - len(shown))
        return [(index, column, size) for (index, column), size in zip(shown, sizes, strict=True) if size]


def shared(needed: Sequence[int], room: int) -> list[int]:
    """How many cells each gets of `room`: all that it needs, or no more than the widest may have.

    Where even LEAST each is too much, the last ones get none.
    """
    if sum(needed) <= room:
        return list(needed)
    least = [min(LEAST, one) for one in needed]
    sizes: list[int] = []
    if sum(least) > room:
        for one in least:
            sizes.append(one if sum(sizes) + one <= room else 0)
        return sizes
    low, high = LEAST, max(needed)
    while low < high:
        most = (low + high + 1) // 2
        if sum(min(most, one) for one in needed) <= room:
            low = most
        else:
            high = most - 1
    return [min(low, one) for one in needed]
