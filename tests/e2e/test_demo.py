"""`cockpit demo` in a real terminal: what a newcomer sees and does with keys alone, and that nothing is left of it."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

Open = Callable[..., Terminal]
SERVICES = ("cart", "catalog", "checkout", "gateway", "orders-db", "payments")


@pytest.fixture
def demo(open_terminal: Open) -> Callable[..., Terminal]:
    def start(*words: str, cols: int = 80, rows: int = 24) -> Terminal:
        return open_terminal(cockpit_argv("demo", *words), cols=cols, rows=rows, cwd=CHECKOUT)

    return start


def well(terminal: Terminal) -> bool:
    """Whether all six services stand on the screen as ok."""
    rows = [line.split() for line in terminal.text().splitlines()]
    return all(any(name in row and "ok" in row for row in rows) for name in SERVICES)


def on(terminal: Terminal, service: str) -> bool:
    """Whether the cursor stands on a service's row."""
    return any(line.startswith(">") and service in line.split() for line in terminal.text().splitlines())


def select(terminal: Terminal, service: str) -> None:
    """Move the cursor to a service with j and k."""
    terminal.send("g")
    for _ in SERVICES:
        terminal.quiet(0.1)
        if on(terminal, service):
            return
        terminal.send("j")
    terminal.until(lambda: on(terminal, service))


def left_behind(terminal: Terminal) -> list[str]:
    """Files of a demo that are still there."""
    return [str(path) for path in (terminal.home / "run").iterdir() if path.name.startswith("cockpit-demo-")]


def nothing_left(terminal: Terminal, family: list[psutil.Process]) -> None:
    assert len(family) >= 9, "the cockpit, the host, seven instances"
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert terminal.family() == []
    assert left_behind(terminal) == []


def test_six_services_are_ok(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal), within=15)
    terminal.until("6 ok")
    # Its record is its own: nothing was written where the reader's journal lies.
    assert not (terminal.home / "state").exists()


def test_a_drill_turns_its_service_red_with_a_why_and_the_keys_lead_to_worked(demo: Callable[..., Terminal]) -> None:
    terminal = demo("--drill", "bad-release", cols=120, rows=40)
    terminal.until(r"checkout +down .*schema", within=20)
    terminal.until(r"drill: bad-release begun")
    select(terminal, "checkout")
    terminal.send("v")
    terminal.until(r"3\.9\.0 since", within=5)
    terminal.until(r"> 3\.8\.1")
    terminal.until(r"Type checkout to confirm")
    terminal.send("checkout")
    terminal.until(r"confirm.*checkout")
    terminal.send("\t")
    terminal.until(lambda: "[ Do it ]" in terminal.text())
    terminal.send("\r")
    terminal.until(r"worked after", within=40)
    terminal.send("\r")
    terminal.until(lambda: well(terminal), within=20)
    terminal.until(r"rollback checkout: worked")


def test_a_fault_by_key_is_felt_and_a_restart_mends_it(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal), within=15)
    terminal.send("X")
    terminal.until(r"> .*crash-loop")
    for _ in range(6):
        terminal.send("\x1b[B")
    terminal.until(r"> .*hung-endpoint")
    terminal.send("\r")
    terminal.until(r"cart +down", within=20)
    select(terminal, "cart")
    terminal.send("r")
    terminal.until(r"Restart cart")
    terminal.send("\t")
    terminal.until(lambda: "[ Do it ]" in terminal.text())
    terminal.send("\r")
    terminal.until(r"worked after", within=40)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_however_the_cockpit_ends_nothing_is_left(demo: Callable[..., Terminal], number: signal.Signals) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal), within=15)
    family = terminal.family()
    assert left_behind(terminal)
    terminal.signal(number)
    terminal.wait_exit(15)
    nothing_left(terminal, family)


def test_quitting_ends_the_shop(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal), within=15)
    family = terminal.family()
    terminal.send("q")
    terminal.until(r"Quit the cockpit\?")
    terminal.send("\t")
    terminal.until(lambda: "[ Quit ]" in terminal.text())
    terminal.send("\r")
    assert terminal.wait_exit(15) == 0
    nothing_left(terminal, family)


def test_killed_while_it_starts_nothing_is_left(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: bool(left_behind(terminal)), within=15)
    family = terminal.family()
    terminal.signal(signal.SIGKILL)
    terminal.wait_exit(15)
    psutil.wait_procs(family, timeout=20)
    terminal.until(lambda: terminal.family() == [] and not left_behind(terminal), within=20)


def do(terminal: Terminal, *words: str) -> subprocess.CompletedProcess[str]:
    """`cockpit --profile demo do ...` beside a demo that is open in a terminal."""
    return subprocess.run(
        cockpit_argv("--profile", "demo", "do", *words),
        env=clean_env(terminal.home), cwd=CHECKOUT, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_what_is_done_from_another_terminal_stands_in_the_open_one(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal), within=15)
    done = do(terminal, "cart", "restart", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "worked"), done.stderr
    terminal.until(r"restart cart: worked", within=10)
    assert not (terminal.home / "state").exists()


def test_a_drill_that_is_not_there_is_named_with_those_that_are(demo: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = demo("--drill", "bad-relase")
    assert terminal.wait_exit(10) == 64
    assert "bad-relase is no drill; there are crash-loop, slow-dependency," in " ".join(terminal.text().split())
    assert left_behind(terminal) == []
    done = subprocess.run(
        cockpit_argv("demo"),
        env=clean_env(tmp_path), cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 64
    assert "needs a terminal" in done.stderr


def test_what_is_typed_at_once_is_the_note_and_never_a_key(open_terminal: Callable[..., Terminal]) -> None:
    """`h`, `r` and `e` open screens and dialogs elsewhere: typed in one burst behind `i` they are only text."""
    terminal = open_terminal(cockpit_argv("demo"))
    terminal.until(r"6 ok", within=20)
    terminal.send("ihrestarted the queue\r")
    terminal.until(r"hrestarted the queue", within=5)
    terminal.until(r"── Services", within=5)
