"""The other screens and the larger sizes, as text; themes, ASCII glyphs, sharing mode."""

import re

import pytest
from msgspec.structs import replace

from cockpit.board.machine import Disk, HostFacts, HostProcess
from cockpit.board.model import ReadingState, SafeText
from cockpit.ui.settings import Settings
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import AT, FakePort

GIB = 1 << 30
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])[0-9;]*m")
HOST = HostFacts(
    name=SafeText("db-host-3.example.com"),
    cores=8,
    cpu=41.0,
    load=(3.2, 2.9, 2.5),
    memory_total=32 * GIB,
    memory_used=29 * GIB,
    swap_total=0,
    swap_used=0,
    disks=(
        Disk(SafeText("/"), SafeText("/dev/sda1"), 100 * GIB, 97 * GIB, 6_000_000, 900_000),
        Disk(SafeText("/var/lib/docker"), SafeText("/dev/sdb1"), 500 * GIB, 210 * GIB),
    ),
    net_rx=1_250_000.0,
    net_tx=None,
    processes=(HostProcess(4242, SafeText("postgres: writer"), SafeText("postgres"), 180.0, 3 * GIB),),
    findings=((ReadingState.DOWN, SafeText("disk / 97 % > 95 %")),),
)


def port() -> FakePort:
    """The scene with a machine."""
    made = scene.port()
    made.push(snapshot=scene.snapshot(host=HOST, host_at=AT))
    return made


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_the_overview_uses_the_room(size: tuple[int, int]) -> None:
    async with shown(port(), size) as screen:
        golden(f"overview-{size[0]}x{size[1]}", screen.text())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("health", "h"),
        ("resources", "u"),
        ("host", "o"),
        ("timeline", "T"),
        ("service", "d"),
        ("wall", "F"),
    ],
)
async def test_screens_at_80x24(name: str, key: str) -> None:
    async with shown(port()) as screen:
        await screen.press(key)
        golden(f"{name}-80x24", screen.text())
        await screen.press("q")
        assert "Services" in screen.line(2)


@pytest.mark.parametrize(("name", "key"), [("health", "h"), ("resources", "u")])
async def test_screens_at_120x40(name: str, key: str) -> None:
    async with shown(port(), (120, 40)) as screen:
        await screen.press(key)
        golden(f"{name}-120x40", screen.text())


async def test_what_the_platform_says_is_shown_as_it_is() -> None:
    made = port()
    made.answers["Inspect"] = SafeText("name: hook-receiver-1\nenv: [/]\n" + "x" * 100)
    async with shown(made) as screen:
        await screen.press("y")
        assert "Inspect hook-receiver: which part?" in screen.text()
        await screen.press("down", "enter")
        assert "hook-receiver-1: as docker sees it" in screen.line(2)
        assert " env: [/]" in screen.text()
        await screen.press("slash", *"env", "enter")
        assert "name:" not in screen.line(3)


async def test_the_timeline_is_filtered_by_kind() -> None:
    async with shown(port()) as screen:
        await screen.press("T", "slash", *"kind:decision", "enter")
        assert "SEV2 declared" in screen.text()
        assert "OOM killed" not in screen.text()


async def test_a_screen_follows_its_service() -> None:
    async with shown(port()) as screen:
        await screen.press("d")
        await screen.push(snapshot=scene.snapshot(services=scene.services()[1:]))
        assert "hook-receiver is not on the board any more" in screen.text()


async def test_sharing_masks_hosts_addresses_and_users() -> None:
    telling = ("db-host-3", "prod-1", "oncall", "10.0.0.7", "bob@corp.example.com", "example.com")
    made = port()
    made.write("INFO login of bob@corp.example.com from 10.0.0.7:443", source="hook-receiver-1")
    settings = Settings(ticking=False, theme="dark", ascii=False, sharing=True)
    async with shown(made, (200, 60), settings) as screen:
        text = screen.text()
        assert [word for word in telling if word in text] == []
        golden("sharing-200x60", text)
        await screen.press("T")
        assert "oncall" not in screen.text()


async def test_ascii_glyphs_are_ascii() -> None:
    settings = Settings(ticking=False, theme="none", ascii=True)
    async with shown(port(), (120, 40), settings) as screen:
        assert screen.text().isascii()
        golden("ascii-120x40", screen.text())
        await screen.press("h")
        assert screen.text().isascii()
        await screen.press("q", "r")
        assert screen.text().isascii()


@pytest.mark.parametrize("theme", ["dark", "light", "ansi", "none"])
async def test_every_theme_draws_the_same_words(theme: str) -> None:
    settings = Settings(ticking=False, theme=theme, ascii=False)  # type: ignore[arg-type]
    async with shown(port(), settings=settings) as screen:
        words = screen.text()
        coloured = any(COLOUR.search(data) for data in screen.raw)
    async with shown(port()) as screen:
        assert words == screen.text()
    assert coloured is (theme != "none")


async def test_times_can_be_local() -> None:
    async with shown(port()) as screen:
        await screen.press("Z")
        assert "times are local" in screen.line(23)
        assert not screen.line(0).endswith("Z")


async def test_wide_characters_keep_the_columns() -> None:
    wide = replace(scene.well("auth", 1, 1.0, 10), name="認証サービスの長い名前です", why=SafeText("応答なし"))
    async with shown(FakePort(scene.snapshot(services=(wide,)))) as screen:
        row = screen.emulator.screen.buffer[4]
        assert "".join(row[x].data for x in range(22, 24)).strip() == "ok"
