"""Where the panes stand: a pure function from the terminal's size to places, and the layout that uses it."""

from collections.abc import Callable, Mapping

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

Rooms = Mapping[str, Region]
"""A widget's id -> where it stands. Who is not named is not shown."""

SMALLEST = (60, 12)
"""Below this nothing useful fits: one line says so."""


class RoomLayout(Layout):
    """Places a screen's children by id."""

    name = "rooms"

    def __init__(self, plan: Callable[[int, int], Rooms]) -> None:
        self._plan = plan

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """One placement for each child that has a room."""
        parent.pre_layout(self)
        rooms = self._plan(size.width, size.height)
        return [
            WidgetPlacement(room, NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if (room := rooms.get(child.id or "")) and room.area
        ]


def stacked(width: int, height: int) -> Rooms:
    """Header, one body, footer: for every screen but the overview."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return {"small": Region(0, 0, width, height)}
    return {
        "header": Region(0, 0, width, 2),
        "body": Region(0, 2, width, height - 3),
        "footer": Region(0, height - 1, width, 1),
    }


def split(width: int, height: int, rows: int = 1000) -> Rooms:
    """As `stacked`, with the lower third for what is selected in the body, and what its `rows` leave."""
    rooms = dict(stacked(width, height))
    if "body" in rooms:
        lower = max(5, (height - 3) // 3, height - 3 - rows)
        rooms["body"] = Region(0, 2, width, height - 3 - lower)
        rooms["detail"] = Region(0, height - 1 - lower, width, lower)
    return rooms


WIDE, WIDER = 120, 160
"""Columns from which the card stands beside the table, and from which host and health stand beside the card."""
GAP = 1


BAND = 7
"""Lines of the large state line, with a blank one above and below."""


def overview(width: int, height: int, rows: int = 1000, band: bool = False) -> Rooms:
    """80x24: table, log, timeline under each other; from WIDE and WIDER columns side by side.

    rows: services there are; a short list leaves its room to the log. band: the state in large letters on top.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return {"small": Region(0, 0, width, height)}
    if band and height >= 24 + BAND:
        below = overview(width, height - BAND, rows)
        moved = {name: room.translate((0, BAND)) for name, room in below.items() if name != "header"}
        return {**moved, "header": below["header"], "band": Region(0, 2, width, BAND)}
    rooms = {"header": Region(0, 0, width, 2), "footer": Region(0, height - 1, width, 1)}
    inner = height - 3
    return rooms | (_narrow(width, inner, rows) if width < WIDE else _wide(width, inner, rows))


def _narrow(width: int, inner: int, rows: int) -> dict[str, Region]:
    timeline = 4 if inner >= 18 else 2 if inner >= 12 else 0
    log = max(4, (inner - timeline) * 2 // 5)
    table = min(inner - timeline - log, rows + 2)
    log = inner - timeline - table
    return {
        "services": Region(0, 2, width, table),
        "log": Region(0, 2 + table, width, log),
        "timeline": Region(0, 2 + table + log, width, timeline),
    }


def _wide(width: int, inner: int, rows: int) -> dict[str, Region]:
    # The table needs 74 cells before WHY is readable; the card 42 before an instance's row is.
    side = max(40, width // 5) if width >= WIDER else 0
    right = max(42, (width - side) * 7 // 20)
    left = width - right - GAP - (side + GAP if side else 0)
    # The card wants 18 lines whatever the number of services.
    top = max(10, min(inner * 11 // 20, max(18, rows + 2)))
    low = 2 + top
    rooms = {
        "services": Region(0, 2, left, top),
        "card": Region(left + GAP, 2, right, top),
        "log": Region(0, low, left, inner - top),
        "timeline": Region(left + GAP, low, right, inner - top),
    }
    if side:
        x = left + right + 2 * GAP
        rooms["health"] = Region(x, 2, side, top)
        rooms["host"] = Region(x, low, side, inner - top)
    return rooms
