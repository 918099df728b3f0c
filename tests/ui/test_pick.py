"""A list to pick from that is longer than the screen: what the cursor is on is always seen."""

import pytest

from cockpit.ui.dialogs.pick import Choice, PickDialog
from tests.ui import scene
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import FakePort

MANY = tuple(Choice(str(number), f"choice {number:02}") for number in range(60))


async def opened(screen: Shown, picked: list[object]) -> None:
    screen.app.push_screen(PickDialog("Which one", MANY), picked.append)
    await screen.settle()


def cursor(screen: Shown) -> str:
    (line,) = [line for line in screen.model() if line.startswith(">") and "choice" in line]
    return line.removeprefix(">").strip()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_chosen_one_is_always_seen(size: tuple[int, int]) -> None:
    async with shown(FakePort(scene.snapshot()), size) as screen:
        picked: list[object] = []
        await opened(screen, picked)
        assert cursor(screen) == "choice 00"
        await screen.press("up")
        assert cursor(screen) == "choice 59"
        await screen.press("pageup")
        page = int(cursor(screen).removeprefix("choice "))
        assert 59 > page >= 59 - size[1]
        for number in range(page - 1, page - 6, -1):
            await screen.press("up")
            assert cursor(screen) == f"choice {number:02}"
        await screen.press(*["pageup"] * 6)
        assert cursor(screen) == "choice 00"
        await screen.press("pagedown", "down", "enter")
        assert picked == [str(59 - page + 1)]
