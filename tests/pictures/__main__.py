"""Draws the README's pictures with the real program in a terminal: `python -m tests.pictures [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

from tests.pictures import night
from tests.pictures.svg import svg
from tests.stage.stage import Stage

HERE = Path(__file__).parent
SIZES = ((120, 40), (80, 24))
SMALLER = (100, 28)
NOTED = "! SEV2 declared: webhooks are failing"


def main() -> int:
    """Play the night at each size and write what it looks like."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for size in SIZES:
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            recording, logs = night.put(place)
            with Stage(recording, place, *size, "--script", str(logs)) as stage:
                play(stage)
                take(stage, folder / f"overview-{size[0]}x{size[1]}.svg", "The overview")
                if size == SIZES[0]:
                    stage.terminal.resize(*SMALLER)
                    details(stage, folder)
    return 0


def play(stage: Stage) -> None:
    """Up to some seconds after the restart that did not help."""
    stage.play(599, step=1)
    stage.say(NOTED)
    stage.play(night.RESTARTED - 602, step=1)
    restart(stage)
    stage.play(12, step=0.5, calm=True)
    stage.terminal.send("\x1b")
    stage.terminal.until("worst first")
    stage.play(30, step=1)


def restart(stage: Stage) -> None:
    """Restart the selected service, which is of tier 1, so its name is typed."""
    terminal = stage.terminal
    terminal.send("r")
    terminal.until("Restart hook-receiver")
    terminal.send("hook-receiver")
    terminal.quiet()
    terminal.send("\t")
    terminal.quiet()
    terminal.send("\r")
    terminal.quiet()


def details(stage: Stage, folder: Path) -> None:
    """What the keys of the overview open."""
    for key, name, shown, title in (
        ("\r", "card", "hook-receiver", "One service: why, instances, probes, what was done"),
        ("l", "log", "following|ended|paused", "The log of both instances, merged"),
        ("r", "plan", "Do it", "A restart before it is confirmed: it starts on No"),
    ):
        stage.terminal.send(key)
        stage.terminal.until(shown)
        stage.play(1)
        take(stage, folder / f"{name}.svg", title)
        stage.terminal.send("\x1b")
        stage.terminal.until("worst first")


def take(stage: Stage, path: Path, title: str) -> None:
    """Write what the terminal shows."""
    stage.terminal.quiet()
    path.write_text(svg(stage.terminal.emulator, f"{title} of the incident cockpit"), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
