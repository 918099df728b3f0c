"""Bytes that the screen sends, counted in a real terminal of 256 colours: exact, for the program's time is played.

What is over a budget here is taken apart by `python -m tests.stage.regions`: bytes a second of each pane.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.board.model import Identity, Sample
from cockpit.board.update import Listed, Sampled
from tests.board.fleet import SOURCE, START, fleet
from tests.stage import recordings
from tests.stage.stage import Stage

SIZES = [(120, 40), (80, 24)]
ONE_VALUE = 400
IDLE = 400
BUSY = 8_000
DIALOG = {(120, 40): (20_000, 14_000), (80, 24): (10_000, 6_000)}
SECONDS = 10


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def still(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Sixty services with whom nothing happens."""
    folder = tmp_path_factory.mktemp("still")
    with Stage(recordings.still(folder / "still.gz"), folder, *request.param) as stage:
        yield stage


def instance_of(service: str) -> Identity:
    """The first instance that the fleet's service has."""
    _, updates = fleet()
    every = [one for update in updates if isinstance(update, Listed) for one in update.workloads]
    return next(workload.instances[0].id for workload in every if workload.id.name == service)


def test_256_colours_are_what_is_counted(still: Stage) -> None:
    assert b"38;5;" in still.terminal.raw
    assert b"38;2;" not in still.terminal.raw


def test_idle(still: Stage) -> None:
    before = still.terminal.text()
    with still.terminal.measure() as cost:
        still.play(SECONDS)
    assert still.terminal.text() != before  # ages went on
    assert cost.bytes <= SECONDS * IDLE


def test_one_value_changes(still: Stage) -> None:
    name = "litellm"  # visible at both sizes, not selected
    before = still.terminal.text()
    sample = Sample(instance_of(name), "cpu", 97.0, "%")
    with still.terminal.measure() as cost:
        still.give(Sampled(source=SOURCE, at=START + timedelta(seconds=60), samples=(sample,)))
    changed = [
        new for old, new in zip(before.splitlines(), still.terminal.text().splitlines(), strict=True) if old != new
    ]
    assert [name in line for line in changed] == [True]
    assert cost.bytes <= ONE_VALUE


TITLES = {"q": "Quit the cockpit", "r": "Restart hook-receiver", ":": "── Command "}


@pytest.mark.parametrize("key", TITLES)
def test_dialogs(still: Stage, key: str) -> None:
    terminal = still.terminal
    most_opened, most_closed = DIALOG[terminal.emulator.screen.columns, terminal.emulator.screen.lines]
    with terminal.measure(until=TITLES[key]) as opened:
        terminal.send(key)
    with terminal.measure(until="worst first") as closed:
        terminal.send("\x1b")
    assert opened.bytes <= most_opened
    assert closed.bytes <= most_closed


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_sixty_services_with_numbers_and_a_tail(size: tuple[int, int], tmp_path: Path) -> None:
    recording = recordings.moving(tmp_path / "moving.gz")
    # The selected service has two instances: together they write 20 lines a second.
    with Stage(recording, tmp_path, *size, "--rate", "10") as stage:
        stage.play(1)
        with stage.terminal.measure() as cost:
            stage.play(SECONDS)
        assert "14:00:11" in stage.terminal.text()  # the log has come along
        assert SECONDS * 500 < cost.bytes <= SECONDS * BUSY
