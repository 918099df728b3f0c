"""A container's log end to end: from an engine's socket into the ring of an open log."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import pytest
from msgspec.structs import replace

from cockpit.backends.docker.source import DockerSource
from cockpit.board.board import Board
from cockpit.board.clock import SystemClock
from cockpit.board.model import SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.update import Declared, Listed
from cockpit.engine.port import OpenTail
from cockpit.engine.streams import Around
from cockpit.engine.tails import Tails
from cockpit.profile.schema import Backend
from tests.benchmarks.table import Table
from tests.engine.fakes import instance, workload
from tests.engine.stage import PROFILE
from tests.program import CHECKOUT

LINES = 300_000


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """The address of an engine that pours its log as quickly as it is read."""
    path = tmp_path / "engine.sock"
    argv = [sys.executable, "-m", "tests.benchmarks.pour", str(path), str(LINES)]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"unix://{path}"
        process.kill()


TURNS: list[float] = []


async def latest() -> None:
    """Notes how late the loop comes back to who slept for 2 ms."""
    while True:
        began = perf_counter()
        await asyncio.sleep(0.002)
        TURNS.append(perf_counter() - began - 0.002)


async def test_a_log_from_the_socket_into_the_ring(engine: str, table: Table) -> None:
    clock = SystemClock()
    board = Board(PROFILE, clock)
    source = DockerSource("fake", Backend(kind="docker", host=engine), clock)
    board.apply(Declared(source="fake", at=clock.now(), label=SafeText("docker:fake"), kind="docker", interval=30))
    board.apply(Listed(source="fake", at=clock.now(), workloads=(workload("web", instance("web")),)))
    secrets = Secrets([f"value-of-secret-{number}" for number in range(20)])
    changed = asyncio.Event()
    tails = Tails(Around(sources={"fake": source}, board=board, clock=clock, mask=secrets.mask), changed.set)
    tail = tails.open(replace(OpenTail(services=("web",)), tail=None))

    async def lines(count: int) -> None:
        while tails.statuses()[tail].last_seq + 1 < count:
            changed.clear()
            await changed.wait()

    await lines(1)
    began, cpu = perf_counter(), process_time()
    late = asyncio.get_running_loop().create_task(latest())
    await lines(LINES)
    spent, cpu = perf_counter() - began, process_time() - cpu
    late.cancel()
    await tails.close()
    await source.close()
    table.least("Docker log from the socket into the ring, CPU", LINES / cpu, 100_000, "lines/s")
    table.tell("  the same by the wall clock", LINES / spent, "lines/s")
    table.tell("  longest turn of the engine's loop meanwhile", max(TURNS) * 1000, "ms")
