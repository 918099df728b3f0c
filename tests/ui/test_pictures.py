"""Pictures of key screens: colours and places that text does not show. `pytest --snapshot-update` accepts new ones."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.board.clock import ManualClock
from cockpit.ui.app import CockpitApp
from cockpit.ui.settings import Settings
from tests.ui.fakeport import AT
from tests.ui.test_screens import port

Compare = Callable[..., bool]

STATES = [
    ("overview", "dark", (80, 24), ()),
    ("overview-light", "light", (80, 24), ()),
    ("overview-ansi", "ansi", (80, 24), ()),
    ("overview-wide", "dark", (120, 40), ()),
    ("overview-wall", "dark", (200, 60), ()),
    ("log", "dark", (80, 24), ("l", "k")),
    ("plan", "dark", (80, 24), ("r",)),
    ("health", "dark", (120, 40), ("h",)),
    ("service", "dark", (80, 24), ("d",)),
    ("palette", "dark", (80, 24), ("colon", "r", "e")),
]


@pytest.mark.parametrize(("name", "theme", "size", "keys"), STATES, ids=[state[0] for state in STATES])
def test_picture(snap_compare: Compare, name: str, theme: Any, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    app = CockpitApp(port(), Settings(theme=theme, ticking=False, ascii=False), ManualClock(AT))

    async def settle(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=settle)
