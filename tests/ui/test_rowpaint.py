"""Rows that changed: painted by themselves, or along with what Textual paints, and never onto another screen."""

from cockpit.ui.screens.overview import Overview
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import FakePort
from tests.ui.scene import snapshot

TITLE = 2
"""The terminal's row of the table's rule, counted from 0."""


def overview(screen: Shown) -> Overview:
    """The screen at the bottom."""
    bottom = screen.app.screen_stack[1]
    assert isinstance(bottom, Overview)
    return bottom


async def test_a_row_that_is_redrawn_is_painted_and_nothing_else() -> None:
    async with shown(FakePort(snapshot())) as screen:
        table = overview(screen).table
        table.heading = "Others"
        with screen.cost():
            table.redraw()
            assert not overview(screen)._dirty_widgets  # Textual is not asked
            overview(screen).changed_rows.paint()
            screen._drain()
        assert "Others" in screen.line(TITLE)
        assert 0 < screen.bytes < 80
        screen.check()


async def test_it_is_painted_by_itself_in_a_later_turn_of_the_loop() -> None:
    async with shown(FakePort(snapshot())) as screen:
        table = overview(screen).table
        table.heading = "Others"
        table.redraw()
        await screen.until(lambda: "Others" in screen.line(TITLE))


async def test_rows_go_along_with_a_frame_of_textuals() -> None:
    async with shown(FakePort(snapshot()), (120, 40)) as screen:
        table = overview(screen).table
        table.heading = "Others"
        table.redraw()
        overview(screen).relayout()
        overview(screen).log_pane.refresh()
        await screen.settle()
        assert "Others" in screen.line(TITLE)


async def test_what_changes_below_a_dialog_is_painted_when_that_is_gone() -> None:
    async with shown(FakePort(snapshot())) as screen:
        await screen.press("q")
        asked = screen.text()
        table = overview(screen).table
        table.heading = "Others"
        with screen.cost():
            table.redraw()
            overview(screen).changed_rows.paint()
            await screen.settle()
        assert screen.bytes == 0
        assert screen.text() == asked
        await screen.press("escape")
        assert "Others" in screen.line(TITLE)
