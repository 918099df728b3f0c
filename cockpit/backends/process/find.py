"""Finds the processes that a selector names: by pid file, listening port or command line. Called in a thread."""

import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cockpit.backends import procfs
from cockpit.backends.process.listen import Holders, Listener, read_listeners
from cockpit.profile.expand import UnsetVariable, expand

MOST = 100
REREAD = 5.0
"""Seconds after which a command line is read again: a process may have replaced its program."""

SOCKETS_EVERY = 2.0
"""Seconds between two readings of the table of sockets: the kernel walks all its connections for it (2-4 ms)."""

Key = tuple[str, str]
"""(field, value) of a selector: ("port", "8080")."""


class Found(Struct, frozen=True):
    """The processes of one selector, each the first of its family; `problem` says why there is none."""

    processes: tuple[procfs.Stat, ...] = ()
    problem: str = ""
    hidden: bool = False
    """It runs, but whose process it is cannot be seen."""


class Finder:
    """Looks for processes, again and again; remembers what is costly to find."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._holders, self._sockets = Holders(), list[Listener]()
        self._listening: set[int] = set()
        self._looked_at = -SOCKETS_EVERY
        self._commands: dict[int, tuple[float, str]] = {}
        self._patterns: dict[str, Any] = {}

    def find(self, keys: list[Key], now: float) -> dict[Key, Found]:
        """What each selector names at `now` (monotonic seconds). OSError when /proc cannot be read."""
        fields = {field for field, _ in keys}
        if "port" in fields:
            self._look_at_sockets(now)
        commands = self._command_lines(now) if "command" in fields else {}
        found = {}
        for key in keys:
            field, value = key
            if field == "pidfile":
                found[key] = self._by_file(value)
            elif field == "port":
                found[key] = self._by_port(int(value), now)
            else:
                found[key] = self._by_command(value, commands)
        return found

    def _by_file(self, path: str) -> Found:
        try:
            with open(expand(path, self._environ), "rb") as file:
                text = file.read(64).split(b"\n")[0].strip()
        except UnsetVariable as error:
            return Found(problem=f"pid file {path}: {error}")
        except OSError as error:
            return Found(problem=f"pid file {path}: {(error.strerror or str(error)).lower()}")
        if not text.isdigit():
            return Found(problem=f"pid file {path} holds no number")
        one = procfs.stat(int(text))
        return Found((one,)) if one else Found(problem=f"pid file {path} names {int(text)}, which does not run")

    def _look_at_sockets(self, now: float) -> None:
        """Read the table again when it is old, or at once when a process that listened has ended."""
        if now - self._looked_at < SOCKETS_EVERY and all(procfs.stat(pid) for pid in self._listening):
            return
        self._sockets, self._looked_at = read_listeners(), now
        self._holders.forget(one.inode for one in self._sockets)
        self._listening.clear()

    def _by_port(self, port: int, now: float) -> Found:
        inodes = [one.inode for one in self._sockets if one.port == port]
        if not inodes:
            return Found(problem=f"nothing listens on port {port}")
        stats = [one for pid in self._holders.of(inodes, now) if (one := procfs.stat(pid))]
        if not stats:
            return Found(
                problem=f"port {port} is held by a process that cannot be seen: another user's or a container's",
                hidden=True,
            )
        self._listening.update(one.pid for one in stats)
        return Found(first_of_families(stats))

    def _by_command(self, pattern: str, commands: Mapping[int, str]) -> Found:
        compiled = self._compiled(pattern)
        if compiled is None:
            return Found(problem=f"command {pattern!r} is not a pattern that RE2 knows")
        own = os.getpid()
        stats = [
            one
            for pid, line in commands.items()
            if pid != own and compiled.search(line) and (one := procfs.stat(pid))
        ]  # fmt: skip
        if not stats:
            return Found(problem=f"no process whose command line matches {pattern!r}")
        return Found(first_of_families(stats))

    def _command_lines(self, now: float) -> dict[int, str]:
        fresh: dict[int, tuple[float, str]] = {}
        for pid in procfs.pids():
            known = self._commands.get(pid)
            if known is None or now - known[0] >= REREAD:
                # The first sight may be between fork and exec: read again at the next look.
                known = (now if known else now - REREAD, procfs.command_line(pid))
            fresh[pid] = known
        self._commands = fresh
        return {pid: line for pid, (_, line) in fresh.items() if line}

    def _compiled(self, pattern: str) -> Any:
        import re2

        if pattern not in self._patterns:
            options = re2.Options()
            options.max_mem = 8 << 20
            options.log_errors = False
            try:
                self._patterns[pattern] = re2.compile(pattern, options)
            except re2.error:
                self._patterns[pattern] = None
        return self._patterns[pattern]


def first_of_families(stats: list[procfs.Stat]) -> tuple[procfs.Stat, ...]:
    """Those whose parent is not among them, oldest first, at most 100: a server, not each of its workers."""
    pids = {one.pid for one in stats}
    first = [one for one in stats if one.parent not in pids]
    return tuple(sorted(first, key=lambda one: (one.started, one.pid))[:MOST])
