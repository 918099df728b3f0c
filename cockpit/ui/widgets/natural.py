"""Columns whose number and widths come with what is shown: each takes what its texts need, long ones give way."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cockpit.ui.cells import width
from cockpit.ui.widgets.columns import Column, Columns

LEAST = 6
"""Cells that a column keeps when others need room too."""
BRIEF, SENTENCE = 17, 30
"""Cells up to which a text is brief (ScalingReplicaSet has 17), and from which one with blanks is a sentence."""
WIDE = 120
"""Columns of the terminal from which wide columns are shown."""


class Natural(Struct):
    """One column. first: it gives way last. needed: what the longest text so far takes; spoken: some have blanks."""

    title: str
    right: bool = False
    wide: bool = False
    first: bool = False
    needed: int = 0
    spoken: bool = False


class NaturalColumns(Columns):
    """texts: an item's texts, one for each column."""

    def __init__(self, columns: Sequence[Natural], texts: Callable[[Any], Sequence[str]]) -> None:
        # A width of 1 only says that a blank follows: `layout` gives the real one.
        super().__init__([Column(one.title, 1, right=one.right) for one in columns])
        self._natural = [replace(one, needed=width(one.title)) for one in columns]
        self._texts = texts

    def fit(self, items: Sequence[Any]) -> bool:
        """Nothing is measured for a whole list: `widen` is given what is new."""
        return False

    def widen(self, items: Sequence[Any]) -> bool:
        """Columns that these items need more room in take it; True when one has become wider."""
        wider = False
        for one, texts in zip(self._natural, zip(*map(self._texts, items), strict=True), strict=False):
            one.spoken = one.spoken or any(" " in text for text in texts)
            needed = max(map(width, texts), default=0)
            if needed > one.needed:
                one.needed, wider = needed, True
        return wider

    def layout(self, total: int) -> list[tuple[int, Column, int]]:
        """(index, column, width) of the columns that there is room for in `total` cells."""
        shown = [index for index, one in enumerate(self._natural) if not one.wide]
        sizes = dict(
            zip(shown, divided([self._natural[index] for index in shown], total - 1 - len(shown)), strict=True)
        )
        # What a list shows anywhere comes first; its wide columns have what is left, each whole before the next.
        room = total - 1 - sum(sizes.values()) - sum(map(bool, sizes.values()))
        for index, one in enumerate(self._natural if total >= WIDE else ()):
            if one.wide and room > min(LEAST, one.needed):
                sizes[index] = min(one.needed, room - 1)
                room -= sizes[index] + 1
        # Of a name both ends matter, of a sentence its beginning.
        return [
            (index, replace(column, middle=not self._natural[index].spoken), sizes[index])
            for index, column in enumerate(self._columns)
            if sizes.get(index)
        ]


def divided(columns: Sequence[Natural], room: int) -> list[int]:
    """How many cells each gets of `room`. Where one holds sentences it has what the others leave, two thirds at least.

    What is brief stays whole, for it is what the eye looks for. Without sentences, or room for that: as `shared` says.
    """
    needed = [one.needed for one in columns]
    spoken = [place for place, one in enumerate(columns) if one.spoken and one.needed > SENTENCE]
    if not spoken or sum(needed) <= room:
        return shared(needed, room, [place for place, one in enumerate(columns) if one.first])
    last = max(spoken, key=lambda place: needed[place])
    sizes = [0 if place == last else min(one, BRIEF) for place, one in enumerate(needed)]
    long = [place for place, one in enumerate(needed) if place != last and one > BRIEF]
    rest = room - sum(size for place, size in enumerate(sizes) if place not in long)
    if rest < SENTENCE + len(long) * BRIEF // 2:
        return shared(needed, room, [place for place, one in enumerate(columns) if one.first])
    for place in long:
        sizes[place] = min(needed[place], rest // (len(long) + 2))
    sizes[last] = min(needed[last], room - sum(sizes))
    return sizes


def shared(needed: Sequence[int], room: int, first: Sequence[int] = ()) -> list[int]:
    """How many cells each gets of `room`: all that it needs, or no more than the long ones.

    The longest gets twice that, and `first` (places) three times. Where even LEAST each is too much, the last get none.
    """
    if sum(needed) <= room:
        return list(needed)
    least = [min(LEAST, one) for one in needed]
    if sum(least) > room:
        sizes: list[int] = []
        for one in least:
            sizes.append(one if sum(sizes) + one <= room else 0)
        return sizes
    times = {needed.index(max(needed)): 2} | dict.fromkeys(first, 3)

    def given(most: int) -> list[int]:
        return [min(one, times.get(index, 1) * most) for index, one in enumerate(needed)]

    larger = bisect_right(range(LEAST, max(needed) + 1), room, key=lambda most: sum(given(most)))
    return given(LEAST + larger - 1) if larger else least
