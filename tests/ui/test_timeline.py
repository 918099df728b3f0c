"""The timeline editor: what each key sends, what it refuses."""

import pytest

from cockpit.engine.port import EditEntry, ExportTimeline
from tests.ui import scene
from tests.ui.drive import Shown, golden, shown
from tests.ui.fakeport import FakePort


def sent(port: FakePort) -> list[EditEntry]:
    return [command for command in port.sent if isinstance(command, EditEntry)]


async def to_decision(screen: Shown) -> None:
    """The timeline, with the one row that a person wrote."""
    await screen.press("T", "slash", *"kind:decision", "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_editor_edits_words(size: tuple[int, int]) -> None:
    port = scene.port()
    async with shown(port, size) as screen:
        await to_decision(screen)
        await screen.press("e")
        golden(f"timeline-edit-{size[0]}x{size[1]}", screen.text())
        await screen.press(*" all", "enter")
        (command,) = sent(port)
        assert (command.how, command.text) == ("edit", "SEV2 declared: webhooks failing all")
        assert command.happened is not None


async def test_what_the_cockpit_recorded_keeps_its_words() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await screen.press("T", "g", "e")
        assert "its words stay" in screen.text()
        await screen.press("A", *"planned", "enter")
        assert [(one.how, one.text) for one in sent(port)] == [("annotate", "planned")]


async def test_pin_and_hide() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await to_decision(screen)
        await screen.press("asterisk", "minus")
        assert [one.how for one in sent(port)] == ["pin", "hide"]


async def test_redaction_is_typed() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await to_decision(screen)
        await screen.press("a", "down", "enter", *"yes", "enter")
        assert not sent(port)
        number = port.frame().rows[[row.entry.kind for row in port.frame().rows].index("decision")].entry.id
        await screen.press("a", "down", "enter", *f"redact-{number} a name", "enter")
        assert [(one.entry, one.how, one.text) for one in sent(port)] == [(number, "redact", "a name")]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_raw_shows_every_entry(size: tuple[int, int]) -> None:
    async with shown(scene.port(), size) as screen:
        await screen.press("T", "J")
        golden(f"timeline-raw-{size[0]}x{size[1]}", screen.text())
        assert "as recorded" in screen.text()


async def test_what_is_filtered_is_exported() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await to_decision(screen)
        await screen.press("ctrl+s", *"t.md", "enter")
        (command,) = [one for one in port.sent if isinstance(one, ExportTimeline)]
        assert [row.entry.kind for row in command.rows] == ["decision"]
        assert (command.path, command.filtered) == ("t.md", "kind:decision")
