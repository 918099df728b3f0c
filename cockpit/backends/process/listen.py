"""Which processes listen on a TCP port: the kernel's table names sockets, and who holds one has it open."""

import os
import socket
import struct
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cockpit.backends import procfs

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
RETRY = 30.0
"""Seconds before a socket whose holder cannot be seen (another user's) is looked for again: that walks over /proc."""
PAGE = 4096
_LISTENING = "0A"


class Listener(Struct, frozen=True):
    """A listening socket: its inode, and the address it is bound to."""

    inode: str
    host: str
    port: int


def listeners(table: Iterable[str]) -> list[Listener]:
    """The listening sockets in the lines of /proc/net/tcp, the title line left out; a broken line is passed over.

    The kernel lists them before all others, so the reading ends there: 3,000 connections cost 12 ms a look otherwise.
    """
    found = []
    for line in table:
        fields = line.split()
        if len(fields) < 10:
            continue
        if fields[3] != _LISTENING:
            break
        address, _, port = fields[1].partition(":")
        try:
            found.append(Listener(fields[9], _host(address), int(port, 16)))
        except (ValueError, struct.error, OSError):
            continue
    return found


def reached_at(host: str) -> str:
    """The address by which a socket bound to `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(host, host)


def read_listeners() -> list[Listener]:
    """All listening sockets of this network namespace. OSError when there is no table."""
    found: list[Listener] = []
    for count, path in enumerate(TABLES):
        try:
            found += listeners(_lines(path))
        except OSError:
            if count == 0:
                raise
    return found


def _lines(path: str) -> Iterator[str]:
    """The table's lines but its title, read in pages: the kernel makes no more of it than is asked for."""
    with open(path, "rb", buffering=0) as file:
        rest = b""
        while chunk := file.read(PAGE):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("ascii", "replace") for line in whole if b"local_address" not in line)


class Holders:
    """Remembers which processes hold a socket, so that /proc is walked only for a socket that is new."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, ...]] = {}
        self._tried: dict[str, float] = {}

    def of(self, inodes: Iterable[str], now: float) -> list[int]:
        """Processes that hold one of the sockets; empty when none can be seen."""
        wanted = set(inodes)
        unknown = {
            inode
            for inode in wanted
            if not self._alive(inode) and now - self._tried.get(inode, -RETRY) >= RETRY
        }  # fmt: skip
        if unknown:
            self._walk(unknown, now)
        return sorted({pid for inode in wanted for pid in self._known.get(inode, ())})

    def forget(self, present: Iterable[str]) -> None:
        """Drop what is known of sockets that are closed."""
        kept = set(present)
        self._known = {inode: pids for inode, pids in self._known.items() if inode in kept}
        self._tried = {inode: at for inode, at in self._tried.items() if inode in kept}

    def _alive(self, inode: str) -> bool:
        pids = self._known.get(inode, ())
        return bool(pids) and all(procfs.stat(pid) for pid in pids)

    def _walk(self, inodes: set[str], now: float) -> None:
        names = {f"socket:[{inode}]": inode for inode in inodes}
        found: dict[str, list[int]] = {inode: [] for inode in inodes}
        for pid in procfs.pids():
            for held in _sockets(pid) & names.keys():
                found[names[held]].append(pid)
        for inode, pids in found.items():
            # With socket activation process 1 holds it too: the one that serves is the other.
            others = [pid for pid in pids if pid != 1]
            self._known[inode] = tuple(others or pids)
            self._tried[inode] = now if not pids else now - RETRY


def _sockets(pid: int) -> set[str]:
    held = set()
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                try:
                    held.add(os.readlink(entry.path))
                except OSError:
                    continue
    except OSError:
        return set()
    return held


def _host(text: str) -> str:
    """An address as the kernel prints it: hex words in the machine's byte order."""
    words = [struct.pack("=I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))
