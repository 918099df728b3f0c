"""The demo as parts of an engine: its own, or one that runs; drills by name; how little its start imports."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.board.clock import SystemClock
from cockpit.board.model import Freshness
from cockpit.board.snapshot import Snapshot
from cockpit.demo.assemble import attached, demo_parts, parts_on, running_socket
from cockpit.demo.drills import DemoFaults
from cockpit.demo.faults import BY_NAME
from cockpit.demo.host.folder import sweep
from cockpit.demo.launch import DemoHost
from cockpit.engine.engine import Engine
from cockpit.engine.port import CommandError
from tests.demo.cockpit import opened
from tests.demo.platform import Platform, exists, running
from tests.patience import PATIENCE
from tests.program import CHECKOUT

HEAVY = {"asyncio", "msgspec", "ssl", "sqlite3", "textual", "httpx"}


def test_the_host_is_started_before_anything_heavy_is_imported() -> None:
    script = "import sys, json; import cockpit.cli, cockpit.commands.demo; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert not HEAVY & {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_parts_of_a_demo_of_its_own_and_its_end(runtime_dir: str) -> None:
    made = demo_parts(argparse.Namespace(who="oncall", read_only=True, record=None))
    assert not isinstance(made, str)
    parts, close = made
    (folder,) = os.listdir(runtime_dir)
    assert parts.state_dir == Path(runtime_dir) / folder / "state"
    assert parts.environ["XDG_RUNTIME_DIR"] == f"{runtime_dir}/{folder}"
    assert (parts.demo, parts.who, parts.read_only) == (True, "oncall", "started with --read-only")
    close()
    close()
    assert os.listdir(runtime_dir) == []


def test_a_drill_that_is_not_there_starts_nothing(runtime_dir: str) -> None:
    said = demo_parts(argparse.Namespace(drill="no\x1b[2Jthing"))
    assert said == f"nothing is no drill; there are {', '.join(BY_NAME)}"
    assert os.listdir(runtime_dir) == []


def test_a_host_that_cannot_be_started_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    said = demo_parts(argparse.Namespace())
    assert isinstance(said, str)
    assert said.startswith("the demo host cannot be started: ")


async def test_the_one_that_runs_is_found(demo: Platform) -> None:
    assert running_socket() == demo.host.socket
    async with running():
        with pytest.raises(SourceError, match="2 demos run here"):
            running_socket()
    assert running_socket() == demo.host.socket


def test_where_none_runs_that_is_said() -> None:
    with pytest.raises(SourceError, match="no demo runs here: cockpit demo starts one"):
        running_socket()


async def test_a_second_cockpit_shares_the_demo_and_its_record() -> None:
    async with opened() as first:
        parts = attached(parts_on(first.host.socket, machine=False))
        assert parts.state_dir == Path(first.host.folder) / "state"
        assert attached(parts).demo


def freshness(snapshot: Snapshot) -> set[Freshness]:
    return {one.freshness for one in snapshot.sources}


async def test_without_a_demo_its_services_are_lost_and_it_is_attached_to_once_there_is_one() -> None:
    host = DemoHost.start(0.2)
    await host.ready(SystemClock())
    parts = parts_on(host.socket, machine=False)
    await host.close(SystemClock())
    late = attached(parts)
    assert late.state_dir is None
    engine = Engine(late)
    engine.start()
    try:
        lost = await engine.board_until(lambda now: Freshness.LOST in freshness(now), PATIENCE)
        assert "no demo runs here" in lost.sources[0].why
        async with running():
            await engine.board_until(lambda now: freshness(now) == {Freshness.LIVE}, PATIENCE)
    finally:
        await asyncio.to_thread(engine.stop)


async def test_a_drill_right_after_the_start_waits_for_its_service() -> None:
    clock = SystemClock()
    host = DemoHost.start(0.2)
    try:
        client = await host.ready(clock)
        faults = DemoFaults(host.socket, clock)
        await faults.inject("hung-endpoint", True)
        async with asyncio.timeout(PATIENCE):
            while not {name: on for name, _, on in await faults.faults()}["hung-endpoint"]:
                pass
        with pytest.raises(CommandError, match="holds already"):
            await faults.inject("hung-endpoint", True)
        await faults.inject("hung-endpoint", False)
        with pytest.raises(CommandError, match="is no drill; there are crash-loop"):
            await faults.inject("flood", True)
        await client.request("stop", service="cart")
        with pytest.raises(CommandError, match="no instance of cart runs"):
            await faults.inject("hung-endpoint", True)
    finally:
        await host.close(clock)
    assert not exists(host.folder)
    with pytest.raises(CommandError, match="start the demo again"):
        await faults.faults()
    with pytest.raises(CommandError, match="start the demo again"):
        await faults.inject("hung-endpoint", True)


async def test_a_dead_hosts_folder_is_not_taken_for_a_demo(demo: Platform) -> None:
    os.kill(demo.host.pid, 9)
    await demo.host.ended()
    with pytest.raises(SourceError, match="no demo runs here"):
        running_socket()
    sweep()
