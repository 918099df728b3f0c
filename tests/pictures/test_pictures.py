"""The pictures can be made again, and the README shows them."""

import re
from pathlib import Path
from xml.etree import ElementTree

from tests.emulator import Emulator
from tests.pictures import night
from tests.pictures.__main__ import HERE, play, take
from tests.pictures.svg import svg
from tests.program import CHECKOUT
from tests.stage.stage import Stage

NAMESPACE = "{http://www.w3.org/2000/svg}"


def words_of(picture: str) -> list[str]:
    """The pieces of text in a picture, as they follow each other."""
    return [node.text or "" for node in ElementTree.fromstring(picture).iter(f"{NAMESPACE}text")]


def test_a_picture_holds_what_the_terminal_shows() -> None:
    emulator = Emulator(30, 3)
    emulator.feed("── a < b & c ──\r\n\x1b[1;31mdown\x1b[0m  two words\r\n▁▄█ \x1b[7mNo\x1b[0m".encode())
    picture = svg(emulator, "A <title>")
    assert words_of(picture) == ["a < b & c", "down", "two words", "No"]
    assert 'class="b" fill="#cd3131"' in picture
    root = ElementTree.fromstring(picture)
    assert [node.text for node in root.iter(f"{NAMESPACE}title")] == ["A <title>"]
    # The whole ground, three bars, and what lies behind the reversed word.
    assert len([*root.iter(f"{NAMESPACE}rect")]) == 1 + 3 + 1
    assert len([*root.iter(f"{NAMESPACE}path")]) == 2


def test_the_night_can_be_drawn_again(tmp_path: Path) -> None:
    recording, logs = night.put(tmp_path)
    with Stage(recording, tmp_path, 80, 24, "--script", str(logs)) as stage:
        play(stage)
        take(stage, tmp_path / "overview.svg", "The overview")
    shown = " ".join(words_of((tmp_path / "overview.svg").read_text(encoding="utf-8")))
    for expected in ("hook-receiver", "OOM killed", "postgres", "did not work", "SEV2 declared"):
        assert expected in shown


def test_the_readme_shows_every_picture() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\(tests/pictures/([a-z0-9-]+\.svg)\)", readme))
    assert shown == {path.name for path in HERE.glob("*.svg")}
    assert shown
