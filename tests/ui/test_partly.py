"""A source that answers, and of which something cannot be seen all the same."""

from msgspec.structs import replace

from cockpit.board.model import SafeText
from tests.ui import scene
from tests.ui.drive import shown
from tests.ui.fakeport import FakePort

WHY = SafeText("needs list and watch on events in namespace shop")


async def test_the_header_says_that_something_is_missing_and_explain_says_what() -> None:
    (source,) = scene.snapshot().sources
    async with shown(FakePort(scene.snapshot(sources=(replace(source, why=WHY),)))) as screen:
        assert "live, partly: x says why" in screen.line(1)
        await screen.press("x", "tab", "G")
        assert "What cannot be seen" in screen.text()
        assert str(WHY) in screen.text()


async def test_where_nothing_is_missing_nothing_is_said() -> None:
    async with shown(scene.port()) as screen:
        assert "partly" not in screen.text()
        await screen.press("x", "tab", "G")
        assert "What cannot be seen" not in screen.text()
