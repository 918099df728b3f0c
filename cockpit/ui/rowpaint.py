"""Rows that changed go to the terminal as they are, without a detour through Textual's compositor.

For one row of a table Textual (8.2) posts two messages, waits for its next sixtieth of a second, and cuts up every
widget near it: more than half of what a key costs, and 8 ms of waiting in the mean. Here a row is painted in the turn
of the loop after it was drawn. What lays panes out and what Textual itself wants painted stays its own; rows that
changed meanwhile go along in its frame.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

PERIOD = 0.005
"""Seconds between two paints at least. A key sets off two or three: what is typed, the rows that it leaves, the card;
none should wait long for the one before. Data comes four to ten times a second anyway."""

Piece = tuple[int, int, Strip]
"""Column, row, what stands there."""


class RowsUpdate(CompositorUpdate):
    """Pieces of the screen; only `Painter` draws them."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        """Nothing: there is no terminal where this is asked for."""
        return ""


class ChangedRows:
    """The rows of one screen's panes that changed since the last paint. Panes never overlap (`ui.rooms`)."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._rows: dict[Widget, set[int]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._painted = 0.0

    def add(self, pane: Widget, rows: Iterable[int]) -> None:
        """These rows of a pane are others now."""
        self._rows.setdefault(pane, set()).update(rows)
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._painted + PERIOD), self._now)

    def _now(self) -> None:
        self._due = None
        try:
            self._screen._on_timer_update()
        except Exception as error:  # in the loop's own hands it would vanish
            self._screen.app._handle_exception(error)

    def paint(self) -> None:
        """Paint them, or let them go along with what Textual is about to paint."""
        rows, self._rows = self._rows, {}
        if self._due is not None:
            self._due.cancel()
            self._due = None
        screen = self._screen
        # A screen that comes to the top again is painted whole.
        if not rows or not screen.is_current:
            return
        self._painted = asyncio.get_running_loop().time()
        if _is_busy(screen):
            for pane, numbers in rows.items():
                pane._repaint_regions.update(Region(0, y, pane.size.width, 1) for y in numbers)
                screen._dirty_widgets.add(pane)
            return
        pieces: list[Piece] = []
        for pane, (region, _) in screen._compositor.visible_widgets.items():
            for y in sorted(rows.get(pane, ())):
                if y < region.height:
                    pieces.append((region.x, region.y + y, pane.render_line(y)))
        update: Any = RowsUpdate(pieces)
        screen.app._display(screen, update)


def _is_busy(screen: Screen[Any]) -> bool:
    """Whether Textual has something to paint itself."""
    return bool(
        screen.app._batch_count
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets
    )
