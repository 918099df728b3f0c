"""The one table. Rows are drawn when they are visible and only when their item, the second or the cursor changed."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from textual import events
from textual.message import Message

from cockpit.ui.cells import Line, Span, pad, width, wrap_words
from cockpit.ui.keys import bindings
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

Item = TypeVar("Item")
Cells = tuple[Span, ...]


class Column(Struct, frozen=True):
    """One column. width 0: the rest of the line. needs: table width below which the column is left out.

    grow: cells that it may get beyond its width while the rest of the line keeps REST. fit: the text of an item in
    it; the column takes what the longest so far needs, from FITTED to width + grow, and never shrinks: nothing jumps.
    """

    title: str
    width: int
    right: bool = False
    needs: int = 0
    grow: int = 0
    fit: Callable[[Any], str] | None = None


REST = 30
FITTED = 8


class Table(LineWidget, Generic[Item], can_focus=True):
    """Rows of items under a titled rule; the cursor and the marks hold on to identities, not to places.

    key: the identity of an item. cells: its cells, one for each of `columns`, exact (ages to the second) or not.
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
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.heading = ""
        self.hint = ""
        self.empty: tuple[str, ...] = ()
        """What to say when there is no row: why, and what to do."""
        self.marks: set[Hashable] = set()
        self.cursor: Hashable = None
        self.follow_first = False
        """The cursor stays on the first row, whatever that is, until the reader moves it."""
        self._key = key
        self._cells = cells
        self._items: dict[Hashable, Item] = {}
        self._order: list[Hashable] = []
        self._top = 0
        self._waiting = False
        self._drawn: dict[Hashable, tuple[Item, bool, bool, Line]] = {}
        self._fitted: dict[int, int] = {}

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
        return [self._items[key] for key in self._order[self._top : self._top + self._room]]

    def show(self, items: Sequence[Item]) -> None:
        """Show these, in this order, unless a key was just pressed: then known rows keep their places for now."""
        old_cursor, old_order = self.cursor, self._order
        self._items = {self._key(item): item for item in items}
        self._fit(items)
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

    def _fit(self, items: Sequence[Item]) -> None:
        """Widen the columns that fit their texts."""
        for index, column in enumerate(self.columns):
            if column.fit is None:
                continue
            needed = max(map(width, map(column.fit, items)), default=0)
            if needed > self._fitted.get(index, FITTED):
                self._fitted[index] = needed
                self._drawn.clear()

    def reorder(self) -> None:
        """The reader asked for another order: the next `show` gives it at once."""
        self._order = []

    def tick(self) -> None:
        """A second has passed: ages are drawn again; rows that waited for the reader's hands take their places."""
        self._drawn.clear()
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
    def _room(self) -> int:
        return max(1, self.size.height - 2)

    def _layout(self) -> list[tuple[int, Column, int]]:
        """(index, column, width) of the columns that there is room for."""
        total = self.size.width
        shown = [(index, column) for index, column in enumerate(self.columns) if column.needs <= total]
        needs = [
            min(column.width, self._fitted.get(index, FITTED)) if column.fit else column.width
            for index, column in shown
        ]
        rest = total - 1 - sum(need + 1 for need in needs if need)
        sizes = []
        for (index, column), need in zip(shown, needs, strict=True):
            most = min(column.grow, self._fitted.get(index, FITTED) - need) if column.fit else column.grow
            more = max(0, min(most, rest - REST))
            rest -= more
            sizes.append((index, column, need + more))
        return [(index, column, size or max(4, rest)) for index, column, size in sizes]

    def draw(self) -> list[Line]:
        """Rule, column titles, rows."""
        columns_wide, total = self.size.width, len(self._order)
        hint = self.hint
        if total > self._room:
            hint = f"{self._top + 1}-{min(total, self._top + self._room)} of {total}  {hint}".rstrip()
        lines = [rule(self.look, columns_wide, self.heading, hint, self.has_focus)]
        columns = self._layout()
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
        for key in self._order[self._top : self._top + self._room]:
            lines.append(self._row(key, columns))
        return lines

    def _row(self, key: Hashable, columns: list[tuple[int, Column, int]]) -> Line:
        item, chosen, marked = self._items[key], key == self.cursor, key in self.marks
        drawn = self._drawn.get(key)
        if drawn and drawn[0] is item and drawn[1] == chosen and drawn[2] == marked:
            return drawn[3]
        look = self.look
        cells = self._cells(item, chosen)
        pointer = look.glyphs.mark if marked else look.glyphs.cursor if chosen else " "
        spans = [Span(pointer, "mark")]
        for index, column, size in columns:
            text, style = cells[index]
            spans.append(Span(pad(text, size, column.right, look.end) + " " * (column.width > 0), style))
        line = Line(tuple(spans), "selected" if chosen else "")
        if len(self._drawn) > 512:
            self._drawn.clear()
        self._drawn[key] = (item, chosen, marked, line)
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
            self.marks ^= {self.cursor}
            self.action_move(1)
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
