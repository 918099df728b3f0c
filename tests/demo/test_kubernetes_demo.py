"""`cockpit demo --kubernetes` in a real terminal: rows, a drill by key, `check` beside it, and that nothing is left."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cockpit.board.clock import SystemClock
from cockpit.demo.host.folder import sweep
from cockpit.demo.kubernetes.kubeconfig import FILE
from cockpit.demo.launch import DemoHost
from cockpit.demo.start import CLUSTER
from tests.alone import alone_argv
from tests.demo.platform import gone
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

SERVICES = ("catalog", "checkout", "payments", "web")


@pytest.fixture
def demo() -> Iterator[Callable[..., Terminal]]:
    opened = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(cockpit_argv("demo", "--kubernetes", *words), cols=80, rows=24, cwd=CHECKOUT))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def well(terminal: Terminal) -> bool:
    rows = [line.split() for line in terminal.text().splitlines()]
    return all(any(name in row and "ok" in row for row in rows) for name in SERVICES)


def folders(home: Path) -> list[Path]:
    return [path for path in (home / "run").iterdir() if path.name.startswith("cockpit-demo-")]


def cockpit(
    home: Path, *words: str, program: Callable[..., list[str]] = cockpit_argv
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(*words),
        env=clean_env(home), cwd=CHECKOUT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
    )  # fmt: skip


def ends(terminal: Terminal, number: signal.Signals) -> None:
    """However the cockpit ends, nothing is left."""
    family = terminal.family()
    assert len(family) == 2, "the cockpit and its cluster"
    terminal.signal(number)
    terminal.wait_exit()
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert (alive, terminal.family()) == ([], [])
    assert folders(terminal.home) == []


def test_four_services_are_ok_a_drill_by_key_is_felt_and_check_sees_it_too(demo: Callable[..., Terminal]) -> None:
    terminal = demo()
    terminal.until(lambda: well(terminal))
    assert " demo " in terminal.line(0)
    (folder,) = folders(terminal.home)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    terminal.send(":pvc\r")
    terminal.until(r"payments-ledger +Bound")
    terminal.send("d")
    terminal.until(r"persistentvolumeclaim .*: described")
    terminal.send("qq")
    terminal.until("Services")
    terminal.send("X")
    terminal.until(r"> .*bad-release")
    terminal.send("\x1b[B" * 3)
    terminal.until(r"> .*image-pull")
    terminal.send("\r")
    terminal.until(r"web +(degraded|down) .*image not found")
    done = cockpit(terminal.home, "check", "demo-kubernetes", "--json", "--within", str(PATIENCE))
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (1, "failing")
    assert {one["name"]: one["state"] in {"degraded", "down"} for one in told["services"]} == {
        name: name == "web" for name in SERVICES
    }
    # Its record is its own: nothing was written where the reader's journal lies.
    assert not (terminal.home / "state").exists()
    ends(terminal, signal.SIGKILL)


def test_a_drill_of_the_command_line_is_recorded_as_one(demo: Callable[..., Terminal]) -> None:
    terminal = demo("--drill", "node-lost")
    terminal.until(r"node-001")
    terminal.send("T")
    terminal.until(r"drill: node-lost begun")
    ends(terminal, signal.SIGTERM)


async def test_the_folder_of_a_killed_cluster_is_swept(runtime_dir: str) -> None:
    host = DemoHost.start(host=CLUSTER)
    await host.started(SystemClock())
    assert sweep() == [], "it lives"
    os.kill(host.pid, signal.SIGKILL)
    await gone(host.pid)
    assert os.listdir(runtime_dir) == [os.path.basename(host.folder)]
    assert sweep() == [host.folder]
    await host.close(SystemClock())


def test_what_cannot_be_is_said_in_one_line(demo: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = demo("--drill", "full-disk")
    assert terminal.wait_exit() == 64
    assert "full-disk is no drill; there are bad-release, crash-loop," in " ".join(terminal.text().split())
    assert folders(terminal.home) == []
    done = cockpit(tmp_path, "check", "demo-kubernetes", program=alone_argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cockpit: no demo on Kubernetes runs here: cockpit demo --kubernetes starts one\n"
