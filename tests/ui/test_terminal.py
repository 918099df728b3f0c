"""The screen in a real terminal: bytes per action, hostile text, a terminal that stalls, sizes, start and end."""

import re
import signal
import sys

import pytest

from tests.program import CHECKOUT
from tests.terminal import Terminal


def live(*options: str, cols: int = 80, rows: int = 24, term: str = "xterm-256color") -> Terminal:
    """The app on made-up data."""
    argv = [sys.executable, "-m", "tests.ui.live", *options]
    return Terminal(argv, cols, rows, term=term, cwd=CHECKOUT)


@pytest.mark.parametrize(("cols", "rows", "opened", "closed"), [(80, 24, 10_000, 6_000), (120, 40, 20_000, 14_000)])
def test_bytes_of_keys_and_dialogs(cols: int, rows: int, opened: int, closed: int) -> None:
    with live("--services", "60", cols=cols, rows=rows) as terminal:
        terminal.until("auth|postgres|hook-receiver")
        terminal.quiet(0.4)
        with terminal.measure() as moved:
            terminal.send("j")
        with terminal.measure(until="Quit the cockpit") as asked:
            terminal.send("q")
        with terminal.measure(until="Services") as left:
            terminal.send("\x1b")
        with terminal.measure() as focused:
            terminal.send("\t")
        # The log of the next service is opened too, so more than the row is drawn.
        assert moved.bytes <= 6_000
        assert asked.bytes <= opened
        assert left.bytes <= closed
        assert focused.bytes <= 1_500


def test_an_idle_screen_costs_next_to_nothing() -> None:
    with live("--services", "60", cols=120, rows=40) as terminal:
        terminal.until("Services")
        terminal.quiet(1.2)
        with terminal.measure(span=0) as idle:
            terminal._pump(lambda: False, 3.0)
        assert idle.bytes <= 3 * 400


def test_sixty_services_with_stats_and_a_tail() -> None:
    with live("--services", "60", "--stats", "2", "--tail", "20", cols=120, rows=40) as terminal:
        terminal.until("Services")
        terminal._pump(lambda: False, 1.0)
        with terminal.measure(span=0) as busy:
            terminal._pump(lambda: False, 6.0)
        assert busy.bytes <= 6 * 8_000


@pytest.mark.parametrize("wrapped", [False, True])
def test_hostile_lines_stay_in_their_cells(wrapped: bool) -> None:
    with live("--hostile") as terminal:
        terminal.until(re.escape("[@click=app.quit]x[/]"))
        if wrapped:
            terminal.send("\tw")
        terminal.quiet()
        assert terminal.emulator.title is None
        assert terminal.emulator.clipboard is None
        for text in ("[/]", "[red]no colour[/red]", r"\e]0;x\a"):
            assert text in terminal.text()
        assert "r restart" in terminal.line(23) or "first error" in terminal.line(23)
        assert terminal.line(0).endswith("Z")


def test_after_a_stall_the_screen_is_right_and_keys_work() -> None:
    with live("--services", "60", "--stats", "0.25", "--tail", "400", cols=120, rows=40) as terminal:
        terminal.until("Services")
        terminal.stall()
        terminal._pump(lambda: False, 3.0)
        terminal.resume_reading()
        terminal.send("q")
        terminal.until("Quit the cockpit")
        terminal.send("\x1b")
        terminal.until("Services")


def test_sizes() -> None:
    with live() as terminal:
        terminal.until("Services")
        terminal.resize(40, 10)
        terminal.until("40x10 is too small: needs 60x12")
        terminal.resize(120, 40)
        terminal.until("tier 1 · docker")
        terminal.resize(200, 60)
        terminal.until("This machine")
        terminal.resize(80, 24)
        terminal.gone("This machine")
        terminal.until("Services")


def test_quitting_gives_the_terminal_back() -> None:
    with live() as terminal:
        terminal.until("Services")
        assert 1049 in terminal.emulator.modes
        terminal.send("q")
        terminal.until("Quit the cockpit")
        terminal.send("\t\r")
        assert terminal.wait_exit() == 0
        assert not terminal.emulator.modes & {1049, 1000, 1003, 2004}


def test_letters_that_come_in_one_burst_with_the_colon_are_the_palettes() -> None:
    with live() as terminal:
        terminal.until("Services")
        terminal.send(":resou")
        terminal.until(r":resou\b")
        terminal.send("\r")
        terminal.until("most CPU first")


def test_a_byte_that_is_no_text_leaves_the_keys_alive() -> None:
    with live() as terminal:
        terminal.until("Services")
        terminal.send(b"\xff\xc3")
        terminal.send("q")
        terminal.until("Quit the cockpit")


def test_a_hung_up_terminal_ends_the_program() -> None:
    with live() as terminal:
        terminal.until("Services")
        terminal.signal(signal.SIGHUP)
        terminal.wait_exit()


def test_a_fault_of_its_own_shows_where_but_no_values() -> None:
    with live("--crash", cols=120, rows=40) as terminal:
        assert terminal.wait_exit() == 70
        assert 1049 not in terminal.emulator.modes
        assert "RuntimeError: crashed after 11 characters" in terminal.text()
        assert b"hunter2-xxx" not in terminal.raw


def test_the_mouse_is_off() -> None:
    with live() as terminal:
        terminal.until("Services")
        assert not terminal.emulator.modes & {1000, 1002, 1003}
