"""This machine's facts, its disks, and what is judged bad."""

import asyncio
import os
import threading
from types import SimpleNamespace
from typing import Any, cast

from msgspec.structs import replace

from cockpit.board.clock import ManualClock, SystemClock
from cockpit.board.machine import Disk, HostFacts
from cockpit.board.model import ReadingState, SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.update import HostSeen, Update
from cockpit.probes.host import HostWatch
from cockpit.probes.host_disks import DiskWatch, Mount, chosen
from cockpit.probes.host_findings import findings
from cockpit.probes.host_meters import Busiest, Meters
from cockpit.profile.schema import HostThresholds
from tests.patience import PATIENCE

DEGRADED, DOWN, UNKNOWN = ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN

CALM = HostFacts(
    name=SafeText("db-host-3"),
    cores=4,
    cpu=10.0,
    load=(1.0, 1.0, 1.0),
    memory_total=1000,
    memory_used=500,
    swap_total=0,
    swap_used=0,
)


def disk(mount: str, used: int, inodes_used: int = 0, error: str = "") -> Disk:
    """A disk of 100 bytes and 100 inodes."""
    return Disk(SafeText(mount), SafeText("/dev/x"), 0 if error else 100, used, 100, inodes_used, SafeText(error))


def test_nothing_to_report() -> None:
    assert findings(CALM, HostThresholds(), 10.0) == ()


def test_findings_are_named_worst_first() -> None:
    disks = (disk("/", 90), disk("/data", 10, 99), disk("/nfs", 0, error="no answer in 1 s"))
    facts = replace(CALM, disks=disks, memory_used=860, swap_total=100, swap_used=90, load=(9.0, 1.0, 1.0))
    assert findings(facts, HostThresholds(), 96.0) == (
        (DOWN, "cpu 96 % > 95"),
        (DOWN, "swap 90 % > 80"),
        (DOWN, "inodes of /data 99 % > 95"),
        (DEGRADED, "memory 86 % > 85"),
        (DEGRADED, "load 9.0, 2.2 a core > 2"),
        (DEGRADED, "disk / 90 % > 85"),
        (UNKNOWN, "disk /nfs: no answer in 1 s"),
    )


def test_only_real_file_systems_are_chosen() -> None:
    mounts = [
        Mount("overlay", "/", "overlay"),
        Mount("proc", "/proc", "proc"),
        Mount("tmpfs", "/tmp", "tmpfs"),
        Mount("/dev/sda1", "/data", "ext4"),
        Mount("/dev/sda1", "/srv/bind/data", "ext4"),
        Mount("/dev/loop3", "/snap/core/1", "squashfs"),
        Mount("overlay", "/var/lib/docker/overlay2/abc/merged", "overlay"),
        Mount("filer:/vol", "/mnt/nfs", "nfs4"),
        Mount("pool/home", "/home", "zfs"),
        Mount("me@host:", "/mnt/ssh", "fuse.sshfs"),
        Mount("lxcfs", "/var/lib/lxcfs", "fuse.lxcfs"),
    ]
    assert [mount.point for mount in chosen(mounts)] == ["/", "/data", "/home", "/mnt/nfs", "/mnt/ssh"]


def usage(blocks: int = 100, free: int = 40, available: int = 20, files: int = 10, files_free: int = 4) -> Any:
    """What statvfs answers."""
    return SimpleNamespace(
        f_frsize=10, f_blocks=blocks, f_bfree=free, f_bavail=available, f_files=files, f_ffree=files_free
    )


async def test_space_is_counted_as_df_does() -> None:
    watch = DiskWatch(SystemClock(), lambda: [Mount("/dev/sda1", "/", "ext4")], lambda _: usage())
    assert await watch.read() == (Disk(SafeText("/"), SafeText("/dev/sda1"), 800, 600, 10, 6),)
    await watch.close()


async def test_hung_mounts_are_marked_and_asked_once() -> None:
    clock = ManualClock()
    release, asked = threading.Event(), list[str]()

    def measure(path: str) -> os.statvfs_result:
        asked.append(path)
        if path.startswith("/nfs"):
            release.wait(PATIENCE)
        if path == "/broken":
            raise OSError(5, "Input/output error")
        return cast(os.statvfs_result, usage(files=0))

    table = [Mount(f"filer:/{count}", f"/nfs{count}", "nfs4") for count in range(12)]
    table += [Mount("/dev/sda1", "/", "ext4"), Mount("/dev/sdb1", "/broken", "ext4")]
    watch = DiskWatch(clock, lambda: table, measure)
    hung = {mount.point for mount in table[:12]}

    async def read(turn: int) -> dict[str, Disk]:
        def settled() -> bool:
            return watch.waiting == hung and asked.count("/") == asked.count("/broken") == turn

        task = asyncio.create_task(watch.read())
        async with asyncio.timeout(PATIENCE):
            while not settled():  # noqa: ASYNC110 - threads tell nobody
                await asyncio.sleep(0.01)
        await clock.advance(1.0)
        return {str(one.mount): one for one in await task}

    try:
        await read(1)
        disks = await read(2)
    finally:
        release.set()
        await watch.close()
    assert disks["/"] == Disk(SafeText("/"), SafeText("/dev/sda1"), 800, 600)
    assert disks["/broken"].error == "input/output error"
    assert {disks[f"/nfs{count}"].error for count in range(12)} == {"no answer in 1 s"}
    stuck = [path for path in asked if path.startswith("/nfs")]
    assert len(stuck) == len(set(stuck)) == 8


def test_rates_need_two_measurements() -> None:
    meters = Meters()
    first, second = meters.read(0.0), meters.read(2.0)
    assert (first.cpu, first.net_rx, first.net_tx) == (None, None, None)
    assert second.cpu is not None
    assert 0 <= second.cpu <= 100
    assert second.net_rx is not None
    assert second.net_rx >= 0
    assert second.memory_total > second.memory_used > 0


def test_the_busiest_are_named_without_arguments() -> None:
    busiest = Busiest(Secrets())
    assert busiest.read(0.0) == ()
    rows = busiest.read(2.0)
    assert 0 < len(rows) <= 8
    assert [row.cpu for row in rows] == sorted((row.cpu for row in rows), reverse=True)
    assert all(len(row.name) <= 15 or " " not in row.name for row in rows)


async def test_the_watch_tells_of_this_machine() -> None:
    seen: list[Update] = []
    twice = asyncio.Event()

    def emit(update: Update) -> None:
        seen.append(update)
        if len(seen) == 2:
            twice.set()

    task = asyncio.create_task(HostWatch(HostThresholds(), SystemClock(), emit).run())
    async with asyncio.timeout(PATIENCE):
        await twice.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    first, second = seen
    assert isinstance(first, HostSeen)
    assert isinstance(second, HostSeen)
    assert first.facts.cpu is None
    assert second.facts.cpu is not None
    assert second.facts.name
    assert second.facts.processes
