"""What /proc says of a process, as text to read. Called in a thread."""

import os
from contextlib import suppress

from cockpit.backends import procfs

_WANTED = ("State", "PPid", "Uid", "Threads", "VmRSS", "VmSwap", "VmPeak", "voluntary_ctxt_switches")
MOST = 20


def describe(pids: list[int]) -> str:
    """A paragraph for each process, at most twenty; those that went in between are named as gone."""
    parts = [_one(pid) for pid in pids[:MOST]]
    if len(pids) > MOST:
        parts.append(f"and {len(pids) - MOST} more")
    return "\n\n".join(parts)


def _one(pid: int) -> str:
    found = procfs.stat(pid)
    if found is None:
        return f"process {pid}: gone"
    lines = [f"process {pid}: {found.name}", f"  command   {procfs.command_line(pid) or '(not readable)'}"]
    for title, path in (("program", "exe"), ("directory", "cwd")):
        try:
            lines.append(f"  {title:<9} {os.readlink(f'/proc/{pid}/{path}')}")
        except OSError:
            lines.append(f"  {title:<9} (not readable)")
    with suppress(OSError):
        lines.append(f"  {'files':<9} {len(os.listdir(f'/proc/{pid}/fd'))} open")
    return "\n".join([*lines, *_status(pid), *_limits(pid)])


def _status(pid: int) -> list[str]:
    lines = []
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in _WANTED:
                lines.append(f"  {name:<9} {' '.join(value.split())}")
    return lines


def _limits(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/limits", encoding="utf-8", errors="replace") as file:
            return [
                f"  {' '.join(line.split())}" for line in file if line.startswith(("Max open files", "Max process"))
            ]
    except OSError:
        return []
