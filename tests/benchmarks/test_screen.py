"""What the screen costs: bytes on the wire, CPU, the time from a key to its paint, memory."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import psutil
import pytest
from msgspec.structs import replace

from cockpit.board.model import Sample
from cockpit.board.update import Listed, Sampled
from tests.benchmarks.quick import cpu_of, has_shown, let_run, quick_terminal
from tests.benchmarks.table import Table, percentile
from tests.benchmarks.table import cpus as cpus_of
from tests.board.fleet import SOURCE, START, fleet, fleet_snapshot
from tests.stage import recordings
from tests.stage.stage import Stage, program
from tests.ui.drive import shown
from tests.ui.fakeport import FakePort

SIZES = [(120, 40), (80, 24)]
DIALOGS = {"q": "Quit the cockpit", "r": "Restart hook-receiver"}
BACKENDS = (
    "httpx", "docker", "docker.context", "cockpit.assemble", "cockpit.backends.docker.source",
    "cockpit.backends.docker.operate", "cockpit.backends.process.source", "cockpit.probes.run", "cockpit.probes.host",
)  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_bytes(size: tuple[int, int], tmp_path: Path, table: Table) -> None:
    where = f"{size[0]}x{size[1]}"
    with Stage(recordings.still(tmp_path / "still.gz"), tmp_path, *size) as stage:
        terminal = stage.terminal
        table.most(f"one value changes, {where}", _one_value(stage), 400, "B")
        for key, title in DIALOGS.items():
            with terminal.measure(until=title) as opened:
                terminal.send(key)
            with terminal.measure(until="worst first") as closed:
                terminal.send("\x1b")
            budgets = (20_000, 14_000) if size == (120, 40) else (10_000, 6_000)
            table.most(f'dialog "{title}" opens, {where}', opened.bytes, budgets[0], "B")
            table.most(f'dialog "{title}" closes, {where}', closed.bytes, budgets[1], "B")


def _one_value(stage: Stage) -> int:
    stage.play(2)  # the log has been opened by then
    _, updates = fleet()
    workloads = [one for update in updates if isinstance(update, Listed) for one in update.workloads]
    target = next(one.instances[0].id for one in workloads if one.id.name == "litellm")
    with stage.terminal.measure() as cost:
        sample = Sample(target, "cpu", 97.0, "%")
        stage.give(Sampled(source=SOURCE, at=START + timedelta(seconds=60), samples=(sample,)))
    return cost.bytes


async def test_one_value_takes(table: Table) -> None:
    """From the new frame to the bytes: the screen's own thread, painting included."""
    snapshot = fleet_snapshot(60)
    port = FakePort(snapshot)
    async with shown(port, (120, 40)) as screen:
        port.wake_by(lambda: None)  # the frame is taken below, once
        walls, cpus, written = [], [], []
        for turn in range(200):
            changed = tuple(
                replace(one, cpu=50.0 + turn % 40) if one.name == "litellm" else one for one in snapshot.services
            )
            port.push(snapshot=replace(snapshot, version=turn + 2, services=changed))
            await screen.pilot.pause(0)
            screen.app.written.clear()
            cpu, wall = process_time(), perf_counter()
            screen.app._take()
            screen.app.screen._on_timer_update()
            cpus.append(process_time() - cpu)
            walls.append(perf_counter() - wall)
            written.append(sum(map(len, screen.app.written)))
        assert min(written) > 0
        table.most("one value changes: frame to bytes, median, 120x40", median(walls) * 1000, 1, "ms")
        table.tell("  the same, CPU", median(cpus) * 1000, "ms")
        await screen.pilot.pause(0)
        unchanged = median(cpus_of(screen.app._take, 200))
        table.tell("  a frame in which nothing changed, CPU", unchanged * 1000, "ms")


def test_idle(tmp_path: Path, table: Table) -> None:
    """Twenty seconds of real time, sixty services, nothing happens."""
    recording = recordings.still(tmp_path / "still.gz", seconds=60)
    with quick_terminal(program(recording, "--state", str(tmp_path / "state"))) as terminal:
        terminal.until(lambda: has_shown(terminal, "hook-receiver"), 20)
        let_run(terminal, 4)
        before = cpu_of(terminal.pid)
        count = let_run(terminal, 20)
        used = cpu_of(terminal.pid) - before
    table.most("idle, 60 services, 120x40: bytes", count / 20, 400, "B/s")
    table.most("idle, 60 services, 120x40: CPU of a core", used / 20 * 100, 1, "%")


def test_busy(tmp_path: Path, table: Table) -> None:
    """Twenty seconds of real time, sixty services measured every 2 s, a tail of 20 lines a second."""
    recording = recordings.moving(tmp_path / "moving.gz", seconds=60)
    argv = program(recording, "--state", str(tmp_path / "state"), "--rate", "10")
    with quick_terminal(argv) as terminal:
        terminal.until(lambda: has_shown(terminal, "hook-receiver"), 20)
        let_run(terminal, 4)
        before = cpu_of(terminal.pid)
        count = let_run(terminal, 20)
        used = cpu_of(terminal.pid) - before
    table.most("60 services, stats each 2 s, tail of 20 lines/s: bytes", count / 20, 8000, "B/s")
    table.tell("  the same, CPU of a core", used / 20 * 100, "%")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of 5,000 instances."""
    return recordings.crowd(tmp_path_factory.mktemp("crowd") / "crowd.gz", seconds=120)


def test_keys(crowd: Path, tmp_path: Path, table: Table) -> None:
    """A key every 0.1 to 0.3 s, while 5,000 instances live and the log of the selected service flows."""
    argv = program(crowd, "--state", str(tmp_path / "state"), "--rate", "500")
    chance, times = random.Random(3), []
    with quick_terminal(argv) as terminal:
        terminal.until(lambda: has_shown(terminal, "500 ok"), 30)
        let_run(terminal, 8)
        terminal.send("g")
        let_run(terminal, 1)
        row = FIRST_ROW
        for turn in range(120):
            let_run(terminal, chance.uniform(0.1, 0.3))
            key, row = ("j", row + 1) if turn // 10 % 2 == 0 else ("k", row - 1)
            painted = re.compile(rb"\x1b\[%d;1H(?:\x1b\[[0-9;]*m)*>" % row)
            terminal.raw.clear()
            began = perf_counter()
            terminal.send(key)
            terminal.until(lambda painted=painted: painted.search(terminal.raw), 10)  # type: ignore[misc]
            times.append((perf_counter() - began) * 1000)
    table.most("key -> paint p95, 5,000 instances, 5,000 lines/s", percentile(times, 0.95), 50, "ms")
    table.tell("  the same, median", median(times), "ms")
    table.tell("  the same, worst of 120", max(times), "ms")


FIRST_ROW = 5
"""The terminal's row, counted from 1, where the overview's first service stands at 120x40."""


def test_memory(crowd: Path, tmp_path: Path, table: Table) -> None:
    argv = program(crowd, "--state", str(tmp_path / "state"), "--rate", "500", "--load", *BACKENDS)
    with quick_terminal(argv) as terminal:
        terminal.until(lambda: has_shown(terminal, "500 ok"), 30)
        let_run(terminal, 15)
        now = psutil.Process(terminal.pid).memory_info().rss / 2**20
    table.most("resident, Docker and process backends, 5,000 instances, a tail", now, 150, "MiB")


def test_memory_with_nothing_to_show(new_home: Callable[[], Path], tmp_path: Path, table: Table) -> None:
    recording = recordings.still(tmp_path / "small.gz", services=8)
    argv = program(recording, "--load", *BACKENDS)
    with quick_terminal(argv, home=new_home()) as terminal:
        terminal.until(lambda: has_shown(terminal, "hook-receiver"), 20)
        let_run(terminal, 3)
        table.tell("  the same with 8 services", psutil.Process(terminal.pid).memory_info().rss / 2**20, "MiB")
