"""`cockpit demo` in a real terminal: what a newcomer sees and does with keys alone, and that nothing is left of it."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.brisk import brisk_argv
from tests.e2e.cursor import select
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

Open = Callable[..., Terminal]
SERVICES = ("cart", "catalog", "checkout", "gateway", "orders-db", "payments")


@pytest.fixture
def demo(open_terminal: Open) -> Callable[..., Terminal]:
    def start(*words: str, cols: int = 80, rows: int = 24) -> Terminal:
        return open_terminal(cockpit_argv("demo", *words), cols=cols, rows=rows, cwd=CHECKOUT)

    return start


@pytest.fixture
def brisk_demo(open_terminal: Open) -> Callable[..., Terminal]:
    """The same for those who wait for a verdict."""

    def start(*words: str, cols: int = 80, rows: int = 24) -> Terminal:
        return open_terminal(brisk_argv("demo", *words), cols=cols, rows=rows, cwd=CHECKOUT)

    return start


def well(terminal: Terminal) -> bool:
    """Whether all six services stand on the screen as ok."""
    rows = [line.split() for line in terminal.text().splitlines()]
    return all(any(name in row and "ok" in row for row in rows) for name in SERVICES)


def in_timeline(terminal: Terminal, words: str) -> None:
    """It stands in the timeline, on its own screen: what flaps on a busy machine fills the overview's few rows."""
    terminal.send("T")
    terminal.gone(r"── Services")
    terminal.until(words)
    terminal.send("q")
    terminal.until(r"── Services")


def left_behind(terminal: Terminal) -> list[str]:
    """Files of a demo that are still there."""
    return [str(path) for path in (terminal.home / "run").iterdir() if path.name.startswith("cockpit-demo-")]


def nothing_left(terminal: Terminal, family: list[psutil.Process]) -> None:
    assert len(family) >= 9, "the cockpit, the host, seven instances"
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []
    assert terminal.family() == []
    assert left_behind(terminal) == []


def test_six_services_are_ok(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal))
    terminal.until("6 ok")
    # Its record is its own: nothing was written where the reader's journal lies.
    assert not (terminal.home / "state").exists()


def test_a_drill_turns_its_service_red_with_a_why_and_the_keys_lead_to_worked(
    brisk_demo: Callable[..., Terminal],
) -> None:
    terminal = brisk_demo("--drill", "bad-release", cols=120, rows=40)
    terminal.until(r"checkout +down .*schema")
    in_timeline(terminal, r"drill: bad-release begun")
    select(terminal, "checkout")
    terminal.send("x")
    terminal.until(r"Why checkout is so")
    terminal.until(r"> 1 . +\S+ \S")
    terminal.send("z")
    terminal.until(r">3\.8\.1")
    terminal.until(r"\+release: 3\.9\.0")
    terminal.send("v")
    terminal.until(r"3\.9\.0 since")
    terminal.until(r"> 3\.8\.1")
    terminal.until(r"Type checkout to confirm")
    terminal.send("checkout")
    terminal.until(r"confirm.*checkout")
    terminal.send("\t")
    terminal.until(lambda: "[ Do it ]" in terminal.text())
    terminal.send("\r")
    terminal.until(r"worked after", 2 * PATIENCE)
    terminal.send("\r")
    terminal.until(r"checkout: \d revisions")
    terminal.send("qq")
    terminal.until(lambda: well(terminal))
    in_timeline(terminal, r"rollback checkout: worked")


def test_a_fault_by_key_is_felt_and_a_restart_mends_it(brisk_demo: Callable[..., Terminal]) -> None:
    terminal = brisk_demo()
    terminal.until(lambda: well(terminal))
    terminal.send("X")
    terminal.until(r"> .*crash-loop")
    terminal.send("\x1b[B" * 6)
    terminal.until(r"> .*hung-endpoint")
    terminal.send("\r")
    terminal.until(r"cart +down")
    select(terminal, "cart")
    terminal.send("r")
    terminal.until(r"Restart cart")
    terminal.send("\t")
    terminal.until(lambda: "[ Do it ]" in terminal.text())
    terminal.send("\r")
    terminal.until(r"worked after", 2 * PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_however_the_cockpit_ends_nothing_is_left(demo: Callable[..., Terminal], number: signal.Signals) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal))
    family = terminal.family()
    assert left_behind(terminal)
    terminal.signal(number)
    terminal.wait_exit()
    nothing_left(terminal, family)


def test_quitting_ends_the_shop(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal))
    family = terminal.family()
    terminal.send("q")
    terminal.until(r"Quit the cockpit\?")
    terminal.send("\t")
    terminal.until(lambda: "[ Quit ]" in terminal.text())
    terminal.send("\r")
    assert terminal.wait_exit() == 0
    nothing_left(terminal, family)


def test_killed_while_it_starts_nothing_is_left(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: bool(left_behind(terminal)))
    family = terminal.family()
    terminal.signal(signal.SIGKILL)
    terminal.wait_exit()
    psutil.wait_procs(family, timeout=PATIENCE)
    terminal.until(lambda: terminal.family() == [] and not left_behind(terminal))


def do(terminal: Terminal, *words: str) -> subprocess.CompletedProcess[str]:
    """`cockpit --profile demo do ...` beside a demo that is open in a terminal."""
    return subprocess.run(
        brisk_argv("--profile", "demo", "do", *words, "--within", str(PATIENCE)),
        env=clean_env(terminal.home), cwd=CHECKOUT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
    )  # fmt: skip


def test_what_is_done_from_another_terminal_stands_in_the_open_one(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal))
    done = do(terminal, "cart", "restart", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "worked"), done.stderr
    in_timeline(terminal, r"restart cart: worked")
    assert not (terminal.home / "state").exists()


def test_a_drill_that_is_not_there_is_named_with_those_that_are(demo: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = demo("--drill", "bad-relase")
    assert terminal.wait_exit() == 64
    assert "bad-relase is no drill; there are crash-loop, slow-dependency," in " ".join(terminal.text().split())
    assert left_behind(terminal) == []
    done = subprocess.run(
        cockpit_argv("demo"),
        env=clean_env(tmp_path), cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 64
    assert "needs a terminal" in done.stderr


def test_what_is_typed_at_once_is_the_note_and_never_a_key(open_terminal: Callable[..., Terminal]) -> None:
    """`h`, `r` and `e` open screens and dialogs elsewhere: typed in one burst behind `i` they are only text."""
    terminal = open_terminal(cockpit_argv("demo"))
    terminal.until(r"6 ok")
    terminal.send("ihrestarted the queue\r")
    terminal.until(r"hrestarted the queue")
    terminal.until(r"── Services")
