"""Reads Linux's /proc: 14 us a process, where psutil takes 54. To be called in a thread: /proc can block."""

import os
from collections.abc import Iterator

from msgspec import Struct

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")
GONE_STATES = frozenset({"Z", "X", "x"})
MOST_CHILDREN = 256


class Stat(Struct, frozen=True):
    """One process. ticks: CPU time used; started: ticks after boot, which with pid names it for ever; memory: bytes."""

    pid: int
    name: str
    state: str
    parent: int
    ticks: int
    started: int
    memory: int


def available() -> bool:
    """Whether this system has such a /proc."""
    return os.path.exists("/proc/self/stat")


def pids() -> list[int]:
    """All processes that can be seen."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def stat(pid: int) -> Stat | None:
    """A process that lives; None when it is gone, or has ended and only waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = file.read()
    except OSError:
        return None
    # The name stands in parentheses and may hold any of its own.
    opening, closing = data.index(b"("), data.rindex(b")")
    fields = data[closing + 2 :].split()
    state = fields[0].decode()
    if state in GONE_STATES:
        return None
    return Stat(
        pid=pid,
        name=data[opening + 1 : closing].decode("utf-8", "replace"),
        state=state,
        parent=int(fields[1]),
        ticks=int(fields[11]) + int(fields[12]),
        started=int(fields[19]),
        memory=int(fields[21]) * PAGE,
    )


def command_line(pid: int) -> str:
    """The arguments joined by blanks; empty for a kernel thread and for a process that is gone or hidden."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            data = file.read(64 * 1024)
    except OSError:
        return ""
    return data.rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")


def owner(pid: int) -> int | None:
    """The user id that a process runs as; None when it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def with_children(pid: int) -> Iterator[int]:
    """A process and all that descend from it, at most 256."""
    todo, count = [pid], 0
    while todo and count < MOST_CHILDREN:
        current = todo.pop()
        count += 1
        yield current
        try:
            with open(f"/proc/{current}/task/{current}/children", "rb") as file:
                todo.extend(int(child) for child in file.read().split())
        except (OSError, ValueError):
            continue


def boot_time() -> float:
    """Seconds since the epoch at which the machine started. OSError when /proc is not readable."""
    with open("/proc/stat", "rb") as file:
        for line in file:
            if line.startswith(b"btime "):
                return float(line.split()[1])
    raise OSError("/proc/stat names no boot time")
