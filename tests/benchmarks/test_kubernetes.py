"""A cluster of 5,000 pods of 7 kB over 120 Deployments, of which 50 change each second: the program in a terminal."""

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import pytest

from tests.benchmarks.cluster import crowd
from tests.benchmarks.quick import cpu_of, has_shown, let_run, quick_terminal
from tests.benchmarks.table import Table, percentile
from tests.program import cockpit_argv
from tests.terminal import Terminal

PODS, DEPLOYMENTS, CHANGES = 5_000, 120, 50.0
ROUNDS = 5
PROFILE = """
version: 1
name: fleet
discover: true
backends:
  main: {kind: kubernetes}
"""
EVERY_BACKEND = f"""{PROFILE}
  local: {{kind: docker, host: "unix:///nonexistent/docker.sock"}}
  here: {{kind: process}}
"""
FIRST_ROW = 5
"""The terminal's row, counted from 1, where the overview's first service stands at 120x40."""
FIRST = re.compile(rb"team-\d\d/app-\d{3}")
NewHome = Callable[[], Path]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """Its kubeconfig. A cluster for each test: pods that have been changing for minutes are crash loops."""
    with crowd(tmp_path, PODS, DEPLOYMENTS, changes=CHANGES) as kubeconfig:
        yield kubeconfig


def cockpit_on(kubeconfig: Path, home: Path, profile: str = PROFILE) -> Terminal:
    """The program on this cluster, at 120x40."""
    (home / "fleet.yaml").write_text(profile)
    env = {"KUBECONFIG": str(kubeconfig)}
    return quick_terminal(cockpit_argv(str(home / "fleet.yaml")), env=env, home=home, cwd=home)


def has_rows(terminal: Terminal) -> bool:
    """Whether a service stands there."""
    return FIRST.search(terminal.raw) is not None


def is_whole(terminal: Terminal, services: int = DEPLOYMENTS) -> bool:
    """Whether the header counts every service with all its pods ready."""
    return has_shown(terminal, f"{services} ok")


def test_start(cluster: Path, new_home: NewHome, table: Table) -> None:
    firsts, alls, cpus = [], [], []
    for _ in range(ROUNDS + 1):  # the first only warms the files
        began = perf_counter()
        with cockpit_on(cluster, new_home()) as terminal:
            terminal.until(partial(has_rows, terminal), 60)
            firsts.append(perf_counter() - began)
            terminal.until(partial(is_whole, terminal), 60)
            alls.append(perf_counter() - began)
            cpus.append(cpu_of(terminal.pid))
    table.most("5,000 pods: exec -> first rows", median(firsts[1:]), 0.6, "s")
    table.most("5,000 pods: exec -> all rows", median(alls[1:]), 1.5, "s")
    table.tell("  the same, CPU until then", median(cpus[1:]), "s")


def test_changes(cluster: Path, new_home: NewHome, table: Table) -> None:
    """A minute of real time in which 50 pods change each second."""
    with cockpit_on(cluster, new_home(), EVERY_BACKEND) as terminal:
        terminal.until(partial(is_whole, terminal), 60)
        let_run(terminal, 20)
        before, began = cpu_of(terminal.pid), perf_counter()
        count = let_run(terminal, 40)
        used = (cpu_of(terminal.pid) - before) / (perf_counter() - began)
        resident = psutil.Process(terminal.pid).memory_info().rss / 2**20
    table.most("5,000 pods, 50 change each second: CPU of a core", used * 100, 10, "%")
    table.tell("  the same, bytes", count / 40, "B/s")
    table.most("  resident after a minute, every backend loaded", resident, 150, "MiB")


def test_hands(cluster: Path, new_home: NewHome, table: Table) -> None:
    """Keys and filters while 50 pods change each second."""
    with cockpit_on(cluster, new_home()) as terminal:
        terminal.until(partial(is_whole, terminal), 60)
        let_run(terminal, 5)
        times = _moves(terminal)
        table.most("5,000 pods: key -> paint p95", percentile(times, 0.95), 50, "ms")
        table.tell("  the same, median", median(times), "ms")
        applied, cleared = _filters(terminal)
        table.most("5,000 pods: filter applied, p95", percentile(applied, 0.95), 50, "ms")
        table.most("  filter cleared, p95", percentile(cleared, 0.95), 50, "ms")


def _timed(terminal: Terminal, keys: str, painted: re.Pattern[bytes]) -> float:
    """Milliseconds from keys to what they paint."""
    terminal.raw.clear()
    began = perf_counter()
    terminal.send(keys)
    terminal.until(lambda: painted.search(terminal.raw), 10)
    return (perf_counter() - began) * 1000


def _moves(terminal: Terminal) -> list[float]:
    chance, times, row = random.Random(3), [], FIRST_ROW
    for turn in range(100):
        let_run(terminal, chance.uniform(0.1, 0.3))
        key, row = ("j", row + 1) if turn // 10 % 2 == 0 else ("k", row - 1)
        times.append(_timed(terminal, key, re.compile(rb"\x1b\[%d;1H(?:\x1b\[[0-9;]*m)*>" % row)))
    return times


def _filters(terminal: Terminal) -> tuple[list[float], list[float]]:
    """Of a filter's last letter, until the rows below the one that is left are blank; of Esc, until all are back."""
    below = re.compile(rb"\x1b\[%d;2H(?:\x1b\[[0-9;]*m)* {20}" % (FIRST_ROW + 1))
    every = re.compile(rb"of %d" % DEPLOYMENTS)
    applied, cleared = [], []
    for turn in range(30):
        terminal.send(f"/app-0{turn % 10}")
        let_run(terminal, 0.5)
        applied.append(_timed(terminal, f"{turn % 7}", below))
        terminal.send("\r")
        let_run(terminal, 0.5)
        # On a busy machine the log of what is left may still be waited for: then the first Esc ends only that.
        terminal.raw.clear()
        began = perf_counter()
        terminal.send("\x1b")
        if terminal._pump(lambda: every.search(terminal.raw), 2):
            cleared.append((perf_counter() - began) * 1000)
        else:
            _timed(terminal, "\x1b", every)
        let_run(terminal, 0.3)
    return applied, cleared


def test_fifteen_thousand(tmp_path: Path, new_home: NewHome, table: Table) -> None:
    """Each page of pods takes 0.2 s: rows come page by page, and never is the whole list held."""
    with crowd(tmp_path, 15_000, 360, slow=0.2) as kubeconfig:
        began = perf_counter()
        with cockpit_on(kubeconfig, new_home()) as terminal:
            terminal.until(partial(has_rows, terminal), 60)
            first = perf_counter() - began
            terminal.until(partial(is_whole, terminal, 360), 120)
            whole = perf_counter() - began
            peak = _peak(terminal.pid)
    table.tell("15,000 pods, 0.2 s a page: exec -> first rows", first, "s")
    table.tell("  exec -> all rows", whole, "s")
    table.tell("  resident at most", peak, "MiB")


def _peak(pid: int) -> float:
    """The most memory that a process has held, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024
