"""A restart is two keys and the confirmation, from every screen where a service is to be seen."""

import pytest
from msgspec.structs import replace

from cockpit.board.model import SafeText
from cockpit.board.revision import Revision
from cockpit.engine.port import MakePlan, Relist
from tests.ui import scene
from tests.ui.drive import shown
from tests.ui.fakeport import FakePort

WAYS = {
    "overview": (),
    "overview, its log": ("tab",),
    "log": ("l",),
    "service": ("d",),
    "explain": ("x",),
    "inspect": ("y", "enter"),
    "health": ("h",),
    "resources": ("u",),
    "timeline": ("T", "g"),
    "temporary": ("C",),
    "revisions": ("z",),
    "wall": ("F",),
}


def port() -> FakePort:
    """The scene; its timeline and its temporary changes name the service."""
    made = scene.port(temporary=(scene.scaled(),))
    entries = (replace(made.frame().timeline[0], facts=(("service", "hook-receiver"),)), *made.frame().timeline[1:])
    made.push(timeline=entries)
    made.answers["Inspect"] = SafeText("name: hook-receiver")
    made.answers["Revisions"] = (Revision(number=1, name="hook-1", images=(SafeText("hook-receiver:v1"),)),)
    return made


@pytest.mark.parametrize("way", WAYS)
async def test_restart_from(way: str) -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press(*WAYS[way])
        if way == "resources":  # most CPU first: there another one stands on top
            await screen.press("slash", *"hook", "enter")
        assert "hook-receiver" in screen.text()
        await screen.press("r")
        assert "── Restart hook-receiver" in screen.line(2)
        assert "[ No ]" in screen.text()
        (asked,) = [command for command in made.sent if isinstance(command, MakePlan)]
        assert (asked.verb, asked.service) == ("restart", "hook-receiver")
        await screen.press("escape")
        assert "── Restart" not in screen.text()


async def test_a_garbled_screen_is_painted_anew_over_a_dialog_too() -> None:
    made = FakePort(scene.snapshot())
    async with shown(made) as screen:
        await screen.press("colon", "ctrl+l")
        assert sum(isinstance(one, Relist) for one in made.sent) == 1
        assert "Command" in screen.line(2)
