"""The line to type into: it has the keys while it asks, and never else."""

from tests.ui.drive import Shown, shown
from tests.ui.fakeport import FakePort
from tests.ui.scene import snapshot


def focus(screen: Shown) -> str | None:
    """The id of the pane that has the focus."""
    return screen.app.focused.id if screen.app.focused else None


async def test_tab_goes_round_the_panes_and_never_into_a_prompt_that_is_closed() -> None:
    async with shown(FakePort(snapshot())) as screen:
        for answer in ("enter", "escape"):
            assert focus(screen) == "services"
            await screen.press("tab")
            assert focus(screen) == "log"
            await screen.press("tab")
            assert focus(screen) == "services"
            await screen.press("slash", "p")
            assert focus(screen) == "prompt"
            await screen.press(answer)
