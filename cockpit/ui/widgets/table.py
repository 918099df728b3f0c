"""The one table. Rows are drawn when they are visible and only when their item, the second or the cursor changed."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from textual import events
from textual.message import Message

from cockpit.ui.cells import Line, Span, cut_middle, pad, wrap_words
from cockpit.ui.keys import bindings
from cockpit.ui.widgets.columns import Column as Column
from cockpit.ui.widgets.columns import Columns
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

Item = TypeVar("Item")
Cells = tuple[Span, ...]


class DrawnRow(NamedTuple):
    """One row and what it was drawn from. ages: what time alone changes in it; second: of the last look at them."""

    item: Any
    chosen: bool
    marked: bool
    ages: Hashable
    second: int
    line: Line


MOST_DRAWN = 512
"""Rows that are kept when they leave the screen: a filter that is taken away brings them back undrawn."""


class Table(LineWidget, Generic[Item], can_focus=True):
    """Rows of items under a titled rule; the cursor and the marks hold on to identities, not to places.

    key: the identity of an item. cells: its cells, one for each of `columns`, exact (ages to the second) or not.
    ages: what time alone changes in these cells; without it every row on the screen is drawn anew each second.
    """

    BINDINGS = bindings("list", "pick")
    scopes: tuple[str, ...] = ("list", "pick")

    class Moved(Message):
        """The cursor stands on another item (None: there is none)."""

        def __init__(self, table: "Table[Any]", key: Hashable) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "Table[Any]":
            return self.table

    class Entered(Moved):
        """Enter was pressed on an item."""

    def __init__(
        self,
        columns: Sequence[Column],
        key: Callable[[Item], Hashable],
        cells: Callable[[Item, bool], Cells],
        *,
        ages: Callable[[Item, bool], Hashable] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = Columns(columns)
        self.heading = ""
        self.hint = ""
        self.empty: tuple[str, ...] = ()
        """What to say when there is no row: why, and what to do."""
        self.marks: set[Hashable] = set()
        self.cursor: Hashable = None
        self.follow_first = False
        """The cursor stays on the first row, whatever that is, until the reader moves it."""
        self._key = key
        self._cells, self._ages = cells, ages
        self._items: dict[Hashable, Item] = {}
        self._order: list[Hashable] = []
        self._top = 0
        self._waiting = False
        self._second = 0
        self._drawn: dict[Hashable, DrawnRow] = {}

    # What is in it

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        return self._items.get(self.cursor)

    @property
    def items(self) -> list[Item]:
        """Every item, in the order of the rows."""
        return [self._items[key] for key in self._order]

    @property
    def at_end(self) -> bool:
        """Whether the cursor stands on the last row."""
        return bool(self._order) and self.cursor == self._order[-1]

    @property
    def on_screen(self) -> list[Item]:
        """The items on the screen."""
        return [self._items[key] for key in self._visible]

    def show(self, items: Sequence[Item]) -> None:
        """Show these, in this order, unless a key was just pressed: then known rows keep their places for now."""
        old_cursor, old_order = self.cursor, self._order
        self._items = {self._key(item): item for item in items}
        if self._columns.fit(items):
            self._drawn.clear()
        order = list(self._items)
        if order != old_order:
            self._waiting = not self.cockpit.calm and bool(old_order)
            self._order = self._held(old_order, order) if self._waiting else order
        if self.follow_first and self._order:
            self.cursor = self._order[0]
        elif self.cursor not in self._items:
            self.cursor = self._nearest(old_order, old_cursor)
        self.marks &= self._items.keys()
        self._scroll()
        self.redraw()
        if self.cursor != old_cursor:
            self.post_message(self.Moved(self, self.cursor))

    def reorder(self) -> None:
        """The reader asked for another order: the next `show` gives it at once."""
        self._order = []

    def tick(self) -> None:
        """A second has passed: ages go on; rows that waited for the reader's hands take their places."""
        self._second += 1
        if self._waiting and self.cockpit.calm:
            self.show(list(self._items.values()))
            return
        self.redraw()

    def select(self, key: Hashable) -> None:
        """Put the cursor on an item, if it is there."""
        self.follow_first = False
        if key in self._items and key != self.cursor:
            self.cursor = key
            self._scroll()
            self.redraw()
            self.post_message(self.Moved(self, key))

    def _held(self, old: list[Hashable], new: list[Hashable]) -> list[Hashable]:
        known = set(old)
        return [key for key in old if key in self._items] + [key for key in new if key not in known]

    def _nearest(self, old_order: list[Hashable], lost: Hashable) -> Hashable:
        if not self._order:
            return None
        place = old_order.index(lost) if lost in old_order else 0
        return self._order[min(place, len(self._order) - 1)]

    # Drawing

    @property
    def _visible(self) -> list[Hashable]:
        return self._order[self._top : self._top + self._room]

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 2)

    def draw(self) -> list[Line]:
        """Rule, column titles, rows."""
        columns_wide, total = self.size.width, len(self._order)
        hint = self.hint
        if total > self._room:
            hint = f"{self._top + 1}-{min(total, self._top + self._room)} of {total}  {hint}".rstrip()
        marked = f"  {len(self.marks)} marked" if self.marks else ""
        lines = [rule(self.look, columns_wide, f"{self.heading}{marked}", hint, self.has_focus)]
        columns = self._columns.layout(columns_wide)
        heads = [
            Span(pad(column.title, size, column.right) + " " * (column.width > 0), "dim") for _, column, size in columns
        ]
        lines.append(Line((Span(" "), *heads)))
        if not total:
            lines.append(Line())
            lines += [
                Line((Span("  " + piece, "dim"),))
                for text in self.empty
                for piece in wrap_words(self.look.text(text), max(20, columns_wide - 4))
            ]
        for key in self._visible:
            lines.append(self._row(key, columns))
        return lines

    def _row(self, key: Hashable, columns: list[tuple[int, Column, int]]) -> Line:
        item, chosen, marked = self._items[key], key == self.cursor, key in self.marks
        drawn = self._drawn.get(key)
        if drawn and drawn.item is item and drawn.chosen == chosen and drawn.marked == marked:
            if drawn.second == self._second:
                return drawn.line
            # Of twenty rows one or two change in a second: looking costs 2 us a row, drawing it 100.
            if self._ages is not None and drawn.ages == self._ages(item, chosen):
                self._drawn[key] = drawn._replace(second=self._second)
                return drawn.line
        look = self.look
        cells = self._cells(item, chosen)
        pointer = look.glyphs.mark if marked else look.glyphs.cursor if chosen else " "
        spans = [Span(pointer, "mark")]
        for index, column, size in columns:
            text, style = cells[index]
            text = cut_middle(text, size, look.end) if column.middle else text
            spans.append(Span(pad(text, size, column.right, look.end) + " " * (column.width > 0), style))
        line = Line(tuple(spans), "selected" if chosen else "")
        if len(self._drawn) > MOST_DRAWN:
            self._drawn.clear()
        ages = self._ages(item, chosen) if self._ages else None
        self._drawn[key] = DrawnRow(item, chosen, marked, ages, self._second, line)
        return line

    def on_resize(self) -> None:
        """Columns are laid out anew."""
        self._drawn.clear()
        self._scroll()
        super().on_resize()

    def forget(self) -> None:
        """Another look: nothing drawn may be used again."""
        self._drawn.clear()
        self.redraw()

    def on_focus(self) -> None:
        """The rule shows who has the focus."""
        self.redraw()

    def on_blur(self) -> None:
        """The rule shows who has the focus."""
        self.redraw()

    # Moving

    def _place(self) -> int:
        return self._order.index(self.cursor) if self.cursor in self._items and self.cursor in self._order else 0

    def _scroll(self) -> None:
        place = self._place()
        self._top = min(self._top, place)
        self._top = max(self._top, place - self._room + 1)
        self._top = max(0, min(self._top, len(self._order) - self._room))

    def _move_to(self, place: int) -> None:
        if self._order:
            self.select(self._order[max(0, min(place, len(self._order) - 1))])

    def action_move(self, step: int) -> None:
        """Down (1) or up (-1)."""
        self._move_to(self._place() + step)

    def action_page(self, step: int) -> None:
        """A page down (1) or up (-1)."""
        self._move_to(self._place() + step * max(1, self._room - 1))

    def action_edge(self, step: int) -> None:
        """To the last (1) or first (-1) row."""
        self._move_to(len(self._order) - 1 if step > 0 else 0)

    def action_enter(self) -> None:
        """Into the item under the cursor."""
        if self.current is not None:
            self.post_message(self.Entered(self, self.cursor))

    def action_mark(self) -> None:
        """Mark or unmark the item under the cursor, and go on to the next."""
        if self.cursor is not None:
            marked = self.cursor
            self.marks ^= {marked}
            self.action_move(1)
            if self.cursor == marked:  # the last row: what depends on the marks is told all the same
                self.post_message(self.Moved(self, self.cursor))
            self.redraw()

    def unmark(self) -> None:
        """Take every mark away."""
        self.marks.clear()
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        self.action_move(-3)

    def on_click(self, event: events.Click) -> None:
        """The cursor to where was clicked."""
        if event.y >= 2:
            self._move_to(self._top + event.y - 2)
