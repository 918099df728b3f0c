"""The timeline of ten thousand entries on the screen: a filter that is typed, and scrolling."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from statistics import median
from time import perf_counter

from cockpit.board.text import safe
from cockpit.incident.entry import Entry
from cockpit.incident.timeline import Row, row_of
from cockpit.ui.screens.timeline import TimelineScreen
from tests.benchmarks.table import Table
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import AT, FakePort
from tests.ui.scene import snapshot

ROWS = 10_000


def rows() -> tuple[Row, ...]:
    """One every ten seconds until now, of sixty services."""
    return tuple(
        row_of(
            Entry(
                id=number + 1,
                happened=AT - timedelta(seconds=10 * (ROWS - number)),
                recorded=AT - timedelta(seconds=10 * (ROWS - number)),
                who="oncall" if number % 3 else "cockpit",
                host="bastion",
                kind="note" if number % 3 else "state",
                text=safe(f"service-{number % 60}: down (exit 137, {number})"),
                subject=f"service-{number % 60}",
                facts=(("service", f"service-{number % 60}"),),
                unique="",
            )
        )
        for number in range(ROWS)
    )


async def test_ten_thousand_rows_are_filtered_and_scrolled(table: Table) -> None:
    port = FakePort(snapshot())
    port.push(rows=rows())
    async with shown(port, (120, 40)) as screen:
        await screen.press("T")
        top = screen.app.screen
        assert isinstance(top, TimelineScreen)

        def typed(text: str) -> Callable[[], None]:
            def apply() -> None:
                top.filter_text = text
                top.filter_changed()

            return apply

        what = "timeline of 10,000 rows: a filter is typed, to its paint"
        table.most(
            what, await _median(screen, [typed(text) for text in ("kind:note", "service-7", "137 !oncall")]), 50, "ms"
        )
        table.most(
            "  the filter is cleared", await _median(screen, [typed(""), typed("kind:note"), typed("")]), 50, "ms"
        )
        moves = [partial(top.table.action_page, step) for step in (-1, -1, -1, 1)]
        table.most("  a page further", await _median(screen, moves), 50, "ms")
        assert len(top.table.items) == ROWS


async def _median(screen: Shown, works: Sequence[Callable[[], None]]) -> float:
    """Milliseconds from a change to its paint."""
    times = []
    for work in [*works] * 7:
        await screen.pilot.pause(0)
        began = perf_counter()
        work()
        screen.app.screen._on_timer_update()
        times.append((perf_counter() - began) * 1000)
    return median(times)
