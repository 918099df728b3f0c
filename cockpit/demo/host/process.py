"""Facts of a process as the system tells them."""

import os
from typing import NamedTuple


class Usage(NamedTuple):
    """cpu: seconds of processor time since its start; resident: bytes; read and written: bytes of storage I/O."""

    cpu: float
    resident: int
    threads: int
    read: int | None
    written: int | None


def start_time(pid: int) -> str | None:
    """When the process began, as the system writes it (Linux: clock ticks since boot); None when it is not there.

    A pid is given again to others: only pid and start time together name a process.
    """
    try:
        return _fields(pid)[19]
    except OSError:
        return None if os.path.isdir("/proc/self") else _start_by_ps(pid)


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat after the command's name, which may hold spaces and brackets: state is 0, start time 19."""
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].decode("ascii").split()


def _start_by_ps(pid: int) -> str | None:
    """Where there is no /proc (macOS)."""
    import subprocess  # 10 ms that Linux need not spend

    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    return found.stdout.strip() or None


def is_alive(pid: int, began: str) -> bool:
    """Whether exactly this process is there and not merely waiting to be reaped."""
    if start_time(pid) != began:
        return False
    try:
        return _fields(pid)[0] not in "ZX"
    except OSError:
        return os.path.isdir("/proc/self") is False


def usage(pid: int) -> Usage | None:
    """What a process uses now; None when it is gone or the system does not tell."""
    try:
        fields = _fields(pid)
        with open(f"/proc/{pid}/statm", "rb") as statm:
            pages = int(statm.read().split()[1])
    except OSError:
        return None
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Usage(cpu, pages * os.sysconf("SC_PAGE_SIZE"), int(fields[17]), *_storage(pid))


def _storage(pid: int) -> tuple[int | None, int | None]:
    try:
        with open(f"/proc/{pid}/io", "rb") as file:
            found = dict(line.split(b": ") for line in file.read().splitlines())
        return int(found[b"read_bytes"]), int(found[b"write_bytes"])
    except (OSError, ValueError, KeyError):
        return None, None


def set_title(title: str) -> None:
    """Show `title` as this process's command line (Linux; elsewhere nothing happens).

    The kernel takes the argument area as a title when its last byte is not NUL, and ends it at the first NUL.
    """
    try:
        fields = _fields(os.getpid())
        start, end = int(fields[45]), int(fields[46])
        room = end - start
        if start <= 0 or not 16 <= room <= 65536:
            return
        data = title.encode()[: room - 2].ljust(room - 1, b"\0") + b"."
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            memory.write(data)
        with open("/proc/self/comm", "wb", buffering=0) as name:
            name.write(title.encode()[:15])
    except (OSError, IndexError, ValueError):
        return
