"""Keys are data: one meaning along each focus chain, the world's letters alone, rebinding, the footer, the help."""

import inspect

import pytest

from cockpit.ui.app import CockpitApp
from cockpit.ui.dialogs.base import Dialog
from cockpit.ui.keymap import meanings, parse_keymap, rebound
from cockpit.ui.keys import CHAINS, KEYS, keys_of
from cockpit.ui.panes.logpane import LogPane
from cockpit.ui.screens.explain import ExplainScreen
from cockpit.ui.screens.health import HealthScreen
from cockpit.ui.screens.log import LogScreen
from cockpit.ui.screens.objects import ObjectsScreen
from cockpit.ui.screens.overview import Overview
from cockpit.ui.screens.resources import ResourcesScreen
from cockpit.ui.screens.revisions import RevisionsScreen
from cockpit.ui.screens.service import ServiceScreen
from cockpit.ui.screens.servicepager import ServicePager
from cockpit.ui.screens.temporary import TemporaryScreen
from cockpit.ui.screens.timeline import TimelineScreen
from cockpit.ui.screens.wall import WallScreen
from cockpit.ui.settings import Settings
from cockpit.ui.widgets.pager import Pager
from cockpit.ui.widgets.table import Table
from tests.ui import scene
from tests.ui.drive import shown

OWNERS = {
    "app": (CockpitApp,),
    "list": (Table, LogPane, Pager),
    "pick": (Table, LogPane),
    "service": (
        Overview,
        ResourcesScreen,
        HealthScreen,
        ServiceScreen,
        ServicePager,
        LogScreen,
        TimelineScreen,
        TemporaryScreen,
        RevisionsScreen,
        ExplainScreen,
        WallScreen,
        ObjectsScreen,
    ),
    "object": (ObjectsScreen,),
    "log": (LogPane,),
    "dialog": (Dialog,),
    "timeline": (TimelineScreen,),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_a_key_has_one_meaning_along_every_focus_chain(chain: str) -> None:
    clashes = {key: [one.id for one in meant] for key, meant in meanings(KEYS, CHAINS[chain]).items() if len(meant) > 1}
    assert clashes == {}


def test_letters_that_change_the_world_mean_nothing_else_anywhere() -> None:
    changing = {one: key.id for key in KEYS if key.changes for one in key.keys.split(",")}
    others = {one for key in KEYS if not key.changes for one in key.keys.split(",")}
    assert set(changing) == {"r", "s", "v", "U", "a", "X"}
    assert not set(changing) & others


def test_dialogs_know_no_letters() -> None:
    assert not [one for key in keys_of("dialog") for one in key.keys.split(",") if len(one) == 1]


def test_ids_are_unique_and_every_key_is_explained() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    assert all(key.tip and key.label for key in KEYS)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_action_exists_where_its_key_works(key: "object") -> None:
    action = getattr(key, "action", "")
    name = "action_" + action.removeprefix("app.").partition("(")[0]
    for owner in OWNERS["app" if action.startswith("app.") else getattr(key, "scope", "")]:
        assert inspect.isfunction(getattr(owner, name, None)), f"{owner.__name__} has no {name}"


def test_a_keymap_changes_keys_and_says_what_it_cannot_use() -> None:
    made = parse_keymap("restart: ctrl+r  # mine\nrestat: x\nscale j\nlog: j\n\n", "keys")
    assert made.keys == {"restart": "ctrl+r"}
    assert made.complaints == (
        "keys:2: no binding is called restat, did you mean restart",
        "keys:3: a line is `id: key`, for example `restart: ctrl+r`",
        "keys:4: j would mean both down and log; left as it was",
    )
    restart = next(key for key in rebound(made.keys) if key.id == "restart")
    assert restart.name == "^r"


async def test_help_of_the_timeline_lists_its_own_keys_and_the_service_s() -> None:
    async with shown(scene.port(), (120, 60)) as screen:
        await screen.press("T", "question_mark")
        assert "link log lines, a probe's answer, a capture to it" in screen.text()
        assert "restart it: shows what would be done" in screen.text()
        assert "temporary changes that still stand" in screen.text()


async def test_a_rebound_key_works_and_is_shown(tmp_path: "object") -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "keys"
    file.write_text("restart: ctrl+r\nnonsense\n")
    async with shown(scene.port(), settings=Settings(ticking=False, theme="dark", ascii=False, keymap=file)) as screen:
        assert "keys:2: a line is `id: key`" in screen.line(23)
        await screen.press("r")
        assert "Restart hook-receiver" not in screen.text()
        assert "^r restart" in screen.line(23)
        await screen.press("ctrl+r")
        assert "Restart hook-receiver" in screen.text()


async def test_the_footer_follows_the_focus() -> None:
    async with shown(scene.port()) as screen:
        assert "r restart" in screen.line(23)
        await screen.press("tab")
        assert "e first error" in screen.line(23)
        assert screen.line(23).endswith("? help")
        await screen.press("q")
        assert "Enter press" in screen.line(23)
        assert "restart" not in screen.line(23)


async def test_help_lists_the_keys_of_where_it_was_asked() -> None:
    async with shown(scene.port(), (100, 40)) as screen:
        await screen.press("question_mark")
        assert "restart it: shows what would be done" in screen.text()
        assert "drill" not in screen.text()
        await screen.press("q")
        assert "Services" in screen.text()


async def test_a_command_is_found_by_its_name_or_by_k9s_words() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("colon", *"top")
        assert "> resources top" in screen.text()
        await screen.press("enter")
        assert "Resources" in screen.line(2)
        await screen.press("colon", *"svc", "enter")
        assert "Services" in screen.line(2)
        await screen.press("colon", *"restart", "enter")
        assert "Restart hook-receiver" in screen.line(2)
