"""Removes every trace of a private Docker Engine, also when the test run was killed.

An engine's home folder and slot say all there is to find: processes (dockerd, containerd, shims, containers), mounts,
network interfaces, control groups and files. `python -m tests.parts.keeper HOME SLOT` waits in a session of its own
for the end of its standard input, which comes with the end of the test run, however that ended, and then cleans up.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.patience import PATIENCE

_DAEMONS = {"dockerd", "containerd", "docker-proxy"}
_HELPERS = ("containerd-shim", "runc")
_MOST_ROUNDS = 20


def prefix(slot: int) -> str:
    """What an engine's bridge, control group and containerd namespace are called."""
    return f"ckpt{slot}"


def pool(slot: int) -> str:
    """The first two numbers of the addresses that networks made on this engine get."""
    return f"10.{100 + slot}"


def ip_link(*args: str) -> bool:
    """Change a network interface with busybox, which these parts need anyway; whether it worked."""
    return subprocess.run(["busybox", "ip", *args], check=False, capture_output=True, timeout=PATIENCE).returncode == 0


def destroy(home: Path, slot: int) -> None:
    """Kill, unmount and remove all that belongs to the engine. The bridge, which holds the slot, goes last."""
    # A shim or container that was just being started appears after the first look: look until nothing is found.
    for _ in range(_MOST_ROUNDS):
        found = _processes(home, slot)
        if not found:
            break
        _kill(found)
    _unmount(home)
    for folder in _cgroups(slot):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    shutil.rmtree(home, ignore_errors=True)
    for interface, addresses in psutil.net_if_addrs().items():
        if any(address.address.startswith(f"{pool(slot)}.") for address in addresses):
            ip_link("link", "del", interface)
    ip_link("link", "del", prefix(slot))


def sweep(home: Path) -> None:
    """End what a daemon that has ended left running for itself, and what says so; its containers go on.

    A daemon that is killed takes its containerd along, but a moment later. One that is started in that moment, or finds
    the number of the dead one in its file, in use by a zombie or by a newer process, waits for it until it gives up
    ("timeout waiting for containerd").
    """
    _kill(_daemons(home))
    of_containerd = home / "exec" / "containerd"
    left = [home / "dockerd.pid", home / "docker.sock", *of_containerd.glob("*.pid"), *of_containerd.glob("*.sock*")]
    for file in left:
        file.unlink(missing_ok=True)


def _daemons(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if words and os.path.basename(words[0]) in _DAEMONS and any(str(home) in word for word in words):
                found.append(process)
    return found


def _processes(home: Path, slot: int) -> list[psutil.Process]:
    """The engine's processes: the daemons, which must start nothing more, come first."""
    helpers = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            program = os.path.basename(words[0]) if words else ""
            if program.startswith(_HELPERS) and (prefix(slot) in words or any(str(home) in word for word in words)):
                helpers.append(process)
    inside = []
    for folder in _cgroups(slot):
        with contextlib.suppress(OSError, psutil.Error):
            inside += [psutil.Process(int(pid)) for pid in (folder / "cgroup.procs").read_text().split()]
    return [*_daemons(home), *helpers, *inside]


def _cgroups(slot: int) -> list[Path]:
    """The control groups of the engine's containers, the deepest first; cgroup v1 has one tree a controller."""
    root = Path("/sys/fs/cgroup")
    tops = [*root.glob(f"*/{prefix(slot)}"), root / prefix(slot)]
    return [Path(folder) for top in tops for folder, _, _ in os.walk(top, topdown=False)]


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def _unmount(home: Path) -> None:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    for point in sorted((point for point in points if point.startswith(f"{home}/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=False, capture_output=True, timeout=PATIENCE)


def main(home: Path, slot: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if home.exists():
        destroy(home, slot)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
