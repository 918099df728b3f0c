"""A test's hand on the program on the stage.

with Stage(recording, folder, 120, 40) as stage:
    with stage.terminal.measure() as cost:
        stage.play(10)
    assert cost.bytes <= 10 * 400
"""

import select
import socket
import sys
from pathlib import Path
from typing import Self

import msgspec

from cockpit.board.update import Update
from tests.program import CHECKOUT
from tests.stage.words import Done, Give, Play, Say, Word
from tests.terminal import Terminal

WITHIN = 60.0


def program(recording: Path, *options: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", "tests.stage.program", str(recording), *options]


class Stage:
    """The program in a terminal whose time stands still until `play`. folder: for its socket and its journal."""

    def __init__(self, recording: Path, folder: Path, cols: int, rows: int, *options: str) -> None:
        address = folder / "control"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen(1)
            argv = program(recording, "--control", str(address), "--state", str(folder / "state"), *options)
            self.terminal = Terminal(argv, cols, rows, cwd=CHECKOUT)
            try:
                self.terminal.until(lambda: _readable(listening), WITHIN)
                self._control, _ = listening.accept()
            except BaseException:
                self.terminal.close()
                raise
        self.play(1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self.terminal.close()

    def play(self, seconds: float, step: float = 0.1, calm: bool = False) -> None:
        """So many seconds pass for the program, as quickly as it can paint what each step brings (words.Play)."""
        self._tell(Play(seconds, step, calm))

    def give(self, *updates: Update) -> None:
        """The board hears of these."""
        self._tell(Give(list(updates)))

    def say(self, text: str) -> None:
        """A line for the timeline."""
        self._tell(Say(text))

    def _tell(self, word: Word) -> None:
        self._control.sendall(msgspec.json.encode(word) + b"\n")
        self.terminal.until(lambda: _readable(self._control), WITHIN)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self._control.recv(65536) or b"{}\n"
        done = msgspec.json.decode(answer, type=Done)
        assert not done.error, done.error
        self.terminal.quiet()


def _readable(one: socket.socket) -> bool:
    return bool(select.select([one], [], [], 0)[0])
