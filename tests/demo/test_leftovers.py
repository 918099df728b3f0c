"""Nothing is ever left: whoever is killed, its processes end and its folder is removed, now or by the next start."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock, SystemClock
from cockpit.demo.client import DemoError
from cockpit.demo.host.folder import OWNER_FILE, sweep, sweep_folder
from cockpit.demo.host.process import start_time
from cockpit.demo.launch import END_WITHIN, DemoHost
from tests.demo.platform import Platform, exists, gone, running
from tests.patience import PATIENCE
from tests.program import CHECKOUT

OWNER = """
import asyncio, json, sys
from cockpit.board.clock import SystemClock
from cockpit.demo.launch import DemoHost

async def main():
    host = DemoHost.start(pace=0.2)
    client = await host.ready(SystemClock())
    listed = await client.request("list")
    pids = [host.pid, *(each["pid"] for each in listed["instances"])]
    print(json.dumps({"folder": host.folder, "pids": pids}), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def pids(demo: Platform) -> list[int]:
    return [demo.host.pid, *(facts["pid"] for facts in demo.instances.values())]


def session(leader: int) -> list[int]:
    """Every live process of a session."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != b"Z":
                found.append(int(name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
async def test_when_the_cockpit_dies_nothing_stays(number: signal.Signals) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=subprocess.PIPE, cwd=CHECKOUT, start_new_session=True
    )
    assert owner.stdout is not None
    told = json.loads(await owner.stdout.readline())
    owner.send_signal(number)
    await asyncio.wait_for(owner.wait(), PATIENCE)
    for pid in told["pids"]:
        await gone(pid)
    assert session(told["pids"][0]) == []
    assert not exists(told["folder"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
async def test_a_signal_ends_the_host_and_all_it_owns(demo: Platform, number: signal.Signals) -> None:
    await demo.client.request("pause", instance="cart-1")
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "paused")
    os.kill(demo.host.pid, number)
    for pid in pids(demo):
        await gone(pid)
    assert not exists(demo.host.folder)


async def test_after_a_killed_host_its_processes_end_and_the_next_start_sweeps(runtime_dir: str) -> None:
    clock = SystemClock()
    first = DemoHost.start(0.2)
    client = await first.ready(clock)
    listed = (await client.request("list"))["instances"]
    # A stopped process cannot notice that its host is gone.
    os.kill(listed[0]["pid"], signal.SIGSTOP)
    os.kill(first.pid, signal.SIGKILL)
    for facts in listed[1:]:
        await gone(facts["pid"])
    assert exists(first.folder)
    async with running() as second:
        await gone(listed[0]["pid"])
        # A slow start may have swept before its events were watched: the folder says so in any case.
        async with asyncio.timeout(PATIENCE):
            while exists(first.folder):
                await second.client.request("hello")
    await first.close(clock)
    assert os.listdir(runtime_dir) == []


async def test_a_sweep_leaves_a_living_host_alone(demo: Platform) -> None:
    assert sweep() == []
    assert not sweep_folder(demo.host.folder)
    assert demo.is_well()
    assert exists(demo.host.socket)


async def test_a_host_that_hangs_is_killed_and_swept(demo: Platform) -> None:
    os.kill(demo.host.pid, signal.SIGSTOP)
    clock = ManualClock()
    closing = asyncio.create_task(demo.host.close(clock))
    await clock.advance(END_WITHIN)
    await closing
    for pid in pids(demo):
        await gone(pid)
    assert not exists(demo.host.folder)


def leftover(place: str, **owner: object) -> Path:
    folder = Path(place) / "cockpit-demo-0badcafe"
    folder.mkdir(mode=0o700)
    (folder / "cart-1.log").write_text("x")
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    facts = {"pid": 2**22 - 1, "start_time": "1", "boot": boot, "space": os.readlink("/proc/self/ns/pid"), "groups": []}
    (folder / OWNER_FILE).write_text(json.dumps(facts | owner))
    return folder


async def test_a_recorded_pid_that_is_somebody_else_now_is_not_killed(runtime_dir: str) -> None:
    stranger = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    folder = leftover(runtime_dir, groups=[[stranger.pid, "12345"]])
    assert sweep() == [str(folder)]
    assert start_time(stranger.pid) is not None
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


async def test_a_recorded_group_is_killed(runtime_dir: str) -> None:
    orphan = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    folder = leftover(runtime_dir, groups=[[orphan.pid, start_time(orphan.pid)]])
    assert sweep() == [str(folder)]
    assert await orphan.wait() == -signal.SIGKILL


def test_a_folder_of_another_container_is_left_alone_and_one_of_another_boot_is_removed(runtime_dir: str) -> None:
    folder = leftover(runtime_dir, space="pid:[1]")
    assert sweep() == []
    folder.rename(Path(runtime_dir) / "elsewhere")
    folder = leftover(runtime_dir, boot="another", groups=[[os.getpid(), start_time(os.getpid())]])
    assert sweep() == [str(folder)]


def test_a_folder_that_is_just_being_made_is_left_alone_until_it_is_old(runtime_dir: str) -> None:
    folder = leftover(runtime_dir)
    (folder / OWNER_FILE).unlink()
    assert sweep() == []
    os.utime(folder, (1, 1))
    assert sweep() == [str(folder)]


def test_what_others_may_have_put_there_is_not_touched(runtime_dir: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o700)
    (precious / "file").write_text("kept")
    link = Path(runtime_dir) / "cockpit-demo-link"
    link.symlink_to(precious)
    open_to_all = leftover(runtime_dir)
    open_to_all.chmod(0o777)
    assert sweep() == []
    open_to_all.chmod(0o700)
    (open_to_all / "inner").symlink_to(precious)
    assert sweep() == [str(open_to_all)]
    assert (precious / "file").read_text() == "kept"


@pytest.mark.parametrize("steps", range(2, 15))
async def test_a_host_killed_at_any_moment_of_its_start_leaves_no_process(steps: int) -> None:
    host = DemoHost.start(0.2)
    for _ in range(steps):
        # The moment of the kill is what is tried here: every 8 ms of the 120 that a start takes.
        await asyncio.sleep(0.008)
    os.kill(host.pid, signal.SIGKILL)
    await gone(host.pid)
    for pid in session(host.pid):
        await gone(pid)
    await host.close(SystemClock())
    assert session(host.pid) == []


async def test_a_host_that_fails_ends_everything_and_says_why(runtime_dir: str) -> None:
    host = DemoHost.start(0.2)
    client = await host.ready(SystemClock())
    listed = (await client.request("list"))["instances"]
    # The log of an instance cannot be made where a folder has its name: the host's own failure, in the middle of work.
    os.mkdir(f"{host.folder}/cart-2.log")
    with pytest.raises(DemoError, match="the connection ended"):
        await client.request("scale", service="cart", n=2)
    for facts in listed:
        await gone(facts["pid"])
    await host.close(SystemClock())
    assert os.listdir(runtime_dir) == []
