"""The terminal harness against programs small enough to know every byte of."""

import signal
import sys
from collections.abc import Callable

import pytest

from tests.emulator import Emulator
from tests.patience import PATIENCE
from tests.program import in_screen, in_tmux
from tests.terminal import Terminal

Open = Callable[..., Terminal]
Multiplexer = Callable[[list[str]], list[str]]


def program(source: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, signal, time, tty\n{source}"]


RAW = "tty.setraw(0)\n"
ECHO_KEYS = RAW + "os.write(1, b'ready')\nwhile True:\n    os.write(1, b'<' + os.read(0, 64) + b'>')\n"


def test_it_shows_what_is_written_and_how_it_ended(open_terminal: Open) -> None:
    terminal = open_terminal(program("print('one\\ntwo'); sys.exit(3)"), cols=40, rows=5)
    assert terminal.wait_exit() == 3
    assert terminal.text() == "one\ntwo\n\n\n"
    assert terminal.line(1) == "two"
    assert terminal.bytes == len("one\r\ntwo\r\n")


def test_keys_arrive_and_their_bytes_are_counted(open_terminal: Open) -> None:
    terminal = open_terminal(program(ECHO_KEYS))
    terminal.until("ready")
    with terminal.measure(until="<j>") as cost:
        terminal.send("j")
    assert cost.bytes == 3
    assert bytes(cost.raw) == b"<j>"
    with terminal.measure() as idle:
        pass
    assert idle.bytes == 0


def test_a_wait_that_fails_says_what_the_screen_showed(open_terminal: Open) -> None:
    terminal = open_terminal(program(ECHO_KEYS))
    terminal.until("ready")
    with pytest.raises(AssertionError, match=r"not within 0\.1 s: never(.|\n)*ready"):
        terminal.until("never", within=0.1)


ASKS = RAW + (
    "os.write(1, b'ab' + bytes([27]) + b'[6n')\nplace = os.read(0, 64)\n"
    "os.write(1, bytes([27]) + b'[?2026$p' + bytes([27]) + b'[c')\nrest = b''\n"
    "while not rest.endswith(b'c'):\n    rest += os.read(0, 64)\n"
    "print(place, rest, end='\\r\\n')"
)


def test_it_answers_what_terminal_programs_ask(open_terminal: Open) -> None:
    terminal = open_terminal(program(ASKS))
    terminal.wait_exit()
    assert terminal.line(0) == r"abb'\x1b[1;3R' b'\x1b[?2026;2$y\x1b[?62;22c'"


# Blocked and waited for: one that comes between a look and a pause would be lost.
SIZE = (
    "wanted = {signal.SIGWINCH}\nsignal.pthread_sigmask(signal.SIG_BLOCK, wanted)\nprint(os.get_terminal_size())\n"
    "while signal.sigwait(wanted): print(os.get_terminal_size())"
)


def test_resize_reaches_the_program(open_terminal: Open) -> None:
    terminal = open_terminal(program(SIZE), cols=70, rows=20)
    terminal.until(r"columns=70, lines=20")
    terminal.resize(100, 30)
    terminal.until(r"columns=100, lines=30")


FLOOD = (
    RAW + "os.write(1, b'ready')\nos.read(0, 1)\nfor i in range(5000): os.write(1, b'%d ' % i + b'x' * 60 + b'\\r\\n')"
)


def test_a_stalled_terminal_blocks_the_program_until_it_reads_again(open_terminal: Open) -> None:
    terminal = open_terminal(program(FLOOD))
    terminal.until("ready")
    terminal.stall()
    terminal.send("g")
    with pytest.raises(AssertionError, match="still running"):
        terminal.wait_exit(within=0.3)
    seen = terminal.bytes
    terminal.resume_reading()
    assert terminal.wait_exit() == 0
    assert terminal.bytes > seen + 300_000
    assert "4999 xxx" in terminal.text()


def test_signals_and_hanging_up(open_terminal: Open) -> None:
    terminated = open_terminal(program(ECHO_KEYS))
    terminated.until("ready")
    terminated.signal(signal.SIGTERM)
    assert terminated.wait_exit() == -signal.SIGTERM
    hung_up = open_terminal(program(ECHO_KEYS))
    hung_up.until("ready")
    hung_up.hang_up()
    assert hung_up.wait_exit() == -signal.SIGHUP


INSIDE = RAW + ("os.write(1, f'ready in {os.environ[\"TERM\"]} ▲'.encode())\nos.write(1, os.read(0, 8))\nos.read(0, 1)")


@pytest.mark.parametrize(("inside", "term"), [(in_tmux, "tmux"), (in_screen, "screen")])
def test_programs_run_in_a_multiplexer(open_terminal: Open, inside: Multiplexer, term: str) -> None:
    terminal = open_terminal(inside(program(INSIDE)), cols=80, rows=24)
    terminal.until(rf"ready in {term}.* ▲")
    terminal.send("j")
    terminal.until("▲j")
    left = terminal.family()
    assert len(left) >= 3
    terminal.close()
    assert not [process for process in left if process.is_running()]


SPLITS = "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\nprint('split', flush=True)\n"


def test_the_family_holds_processes_that_left_the_session_and_close_ends_them(open_terminal: Open) -> None:
    terminal = open_terminal(program(SPLITS))
    terminal.until("split")
    terminal.process.wait(PATIENCE)
    (left,) = terminal.family()
    terminal.close()
    assert not left.is_running()


def test_the_environment_is_clean(open_terminal: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    terminal = open_terminal(program("print(sorted(os.environ))"), cols=300, env={"EXTRA": "1"})
    terminal.wait_exit()
    shown = terminal.line(0)
    assert "COLORTERM" not in shown
    assert "DOCKER_HOST" not in shown
    assert "'EXTRA'" in shown
    assert "'XDG_STATE_HOME'" in shown


PIECES = (
    b"a\x1b[31mb\x1b[?2026h\x1b[?25l\x1b]0;my title\x07\x1b]52;c;aGVsbG8=\x1b\\\x1b[>1u\x1bP+q544e\x1b\\\xe2\x96\xb2!"
)


@pytest.mark.parametrize("step", [1, 2, 3, 7, len(PIECES)])
def test_sequences_cut_anywhere_mean_the_same(step: int) -> None:
    emulator = Emulator(20, 2)
    for start in range(0, len(PIECES), step):
        emulator.feed(PIECES[start : start + step])
    assert emulator.text() == "ab▲!\n"
    assert emulator.modes == {2026}
    assert (emulator.title, emulator.clipboard, emulator.frames) == ("my title", "hello", 1)
    assert emulator.screen.buffer[0][1].fg == "red"
