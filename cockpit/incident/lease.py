"""Who a running cockpit is, and whether another one still runs.

A process id alone says little: it is used again after a while, after a boot, and in another container. So a session is
pid + pid namespace + boot + start time, and where those cannot be read, its heartbeat decides.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import Struct

BEAT_EVERY = 5.0
STALLED_AFTER = 15.0
"""Three missed beats: the recorder's role may be taken over, though the process may live."""
GONE_AFTER = 60.0
"""Without any other sign of a process, so much silence counts as its end."""


class Session(Struct, frozen=True, kw_only=True):
    """One running cockpit. started: clock ticks since boot; space: the pid namespace that `pid` is valid in."""

    token: str
    pid: int
    space: str
    boot: str
    started: int
    host: str
    who: str
    beat: datetime


class Processes(Protocol):
    """What the machine says about processes."""

    def boot(self) -> str:
        """Changes with each boot; empty when not known."""
        ...

    def space(self) -> str:
        """The pid namespace of this process; empty when not known."""
        ...

    def started(self, pid: int) -> int | None:
        """Start time in clock ticks since boot; 0: it exists but is hidden; None: there is no such process."""
        ...


class ProcFs:
    """The machine, as /proc tells it."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = root

    def boot(self) -> str:
        try:
            return (self._root / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return ""

    def space(self) -> str:
        try:
            return os.readlink(self._root / "self/ns/pid")
        except OSError:
            return ""

    def started(self, pid: int) -> int | None:
        try:
            stat = (self._root / str(pid) / "stat").read_text("utf-8", "replace")
            # The name in parentheses may hold spaces and parentheses; the start time is field 22, 20th after it.
            return int(stat.rpartition(")")[2].split()[19])
        except (OSError, ValueError, IndexError):
            return _hidden(pid)


def _hidden(pid: int) -> int | None:
    # With hidepid=2 other users' processes are not in /proc, but a signal 0 still tells "not yours" from "not there".
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return 0
    return 0


def this_session(processes: Processes, *, who: str, host: str, now: datetime) -> Session:
    """The session of this process, under a new token."""
    pid = os.getpid()
    return Session(
        token=secrets.token_hex(8), pid=pid, space=processes.space(), boot=processes.boot(),
        started=processes.started(pid) or 0, host=host, who=who, beat=now,
    )  # fmt: skip


def alive(session: Session, processes: Processes, now: datetime) -> bool:
    """Whether that cockpit still runs. Never no of a running one; a silent one in another container ends at 60 s."""
    recent = (now - session.beat).total_seconds() < GONE_AFTER
    boot = processes.boot()
    if not session.boot or not boot:
        return recent
    if session.boot != boot:
        return False
    if session.space != processes.space():
        return recent
    started = processes.started(session.pid)
    if started is None:
        return False
    if started and session.started:
        return started == session.started
    return recent


def beating(session: Session, now: datetime) -> bool:
    """Whether it spoke within the last 15 s."""
    return (now - session.beat).total_seconds() < STALLED_AFTER
