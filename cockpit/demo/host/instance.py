"""One instance: its process from start to exit, its pipes, its reserved ports and what is known of it."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Protocol

from cockpit.demo.host.log import InstanceLog
from cockpit.demo.host.loop import Loop, Timer
from cockpit.demo.host.service import ServiceState
from cockpit.demo.host.spawn import Child, Request, spawn
from cockpit.demo.shop.context import Registry

GRACE = 10.0
"""Seconds between TERM and KILL: all of them end in milliseconds, but a busy machine may let one wait for its turn."""
CONTROL_LIMIT = 256 * 1024
BACKOFF_FIRST, BACKOFF_MOST, STEADY = 0.5, 15.0, 10.0
"""Seconds before a crashed process is started again (doubled each time), and after how long up it counts as steady."""
LOOPING_FROM = 3
"""So many crashes in a row are a crash loop."""


class Owner(Protocol):
    """What an instance needs of its supervisor."""

    loop: Loop
    pace: float

    def registry(self) -> Registry: ...

    def spawned(self) -> None:
        """A process exists: it is written down before it may do anything."""

    def changed(self, instance: "Instance", why: str) -> None: ...

    def told(self, instance: "Instance", message: dict[str, object]) -> None: ...

    def wrote(self, instance: "Instance") -> None: ...

    def ended(self, instance: "Instance") -> None:
        """It was to be removed and has no process any more."""


def reserve() -> socket.socket:
    """A port of 127.0.0.1 that stays ours while no process listens: bound, never listening, so calls are refused."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Instance:
    """Its state is starting, running, stopping, paused, exited or crash-looping."""

    def __init__(self, owner: Owner, service: ServiceState, name: str, folder: str) -> None:
        self._owner, self.service, self.name, self.folder = owner, service, name, folder
        self._reserved = {port: reserve() for port in service.shape.ports}
        self.ports = {name: int(holder.getsockname()[1]) for name, holder in self._reserved.items()}
        self.log = InstanceLog(f"{folder}.log")
        self.child: Child | None = None
        self.state = "exited"
        self.wanted = True
        self.effects: set[str] = set()
        self.release, self.env = service.release, dict(service.env)
        self.run = self.restarts = self._streak = 0
        self.started_at = self.finished_at = self.restart_at = None
        self.exit_code: int | None = None
        self.exit_signal: str | None = None
        self.oom_killed = self._over_memory = False
        self.health, self.health_status, self.health_detail = "none", "", ""
        self.health_since: float | None = None
        self._next = ""
        self._timer: Timer | None = None
        self._unsent = self._unread = b""

    started_at: float | None
    finished_at: float | None
    restart_at: float | None

    @property
    def settled(self) -> bool:
        """Nothing is under way: it runs, was stopped, or crashed and waits for its next start."""
        if self.state in ("exited", "crash-looping"):
            return not self.wanted or self.restart_at is not None
        return self.state in ("running", "paused")

    # Orders

    def start(self) -> None:
        """Start a process now, unless there is one."""
        self._cancel_timer()
        if self.child is not None:
            return
        self.wanted, self._next = True, ""
        self.release, self.env = self.service.release, dict(self.service.env)
        self.run += 1
        self.state, self.started_at, self.restart_at = "starting", time.time(), None
        self.health, self.health_status, self.health_detail, self.health_since = "starting", "", "", time.time()
        request = Request(
            self.service.shape, self.service.memory_limit, self.name, self.release, self.env, self.ports,
            self._owner.registry(), self.folder, self._owner.pace,
        )  # fmt: skip
        self.child = child = spawn(request)
        self._unsent = self._unread = b""
        self._owner.spawned()
        loop = self._owner.loop
        loop.watch(child.out, lambda: self._read(child.out, "out"))
        loop.watch(child.err, lambda: self._read(child.err, "err"))
        loop.watch(child.control.fileno(), self._on_control)
        self._send(b"\n")
        self._owner.changed(self, "started")

    def end(self, then: str, grace: float = GRACE) -> None:
        """TERM, later KILL. then: what follows the exit: "start", "stay" or "remove"."""
        self._next, self.wanted, self.restart_at = then, then == "start", None
        if self.child is None:
            self._cancel_timer()
            self._follow_up()
            return
        was_stopping, self.state = self.state == "stopping", "stopping"
        if not was_stopping:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            self._timer = self._owner.loop.later(grace, lambda: self.signal(signal.SIGKILL))
            self._owner.changed(self, "stopping")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)

    def kill_for_memory(self) -> None:
        """It is over its memory limit."""
        self._over_memory = True
        self.signal(signal.SIGKILL)

    def tell(self, **message: object) -> None:
        """Send the process one message; dropped whole when it reads none of 256 KiB."""
        if self.child is not None and len(self._unsent) < CONTROL_LIMIT:
            self._send(json.dumps(message).encode() + b"\n")

    def dispose(self) -> None:
        """Let go of ports, log and data folder."""
        for holder in self._reserved.values():
            holder.close()
        self.log.close()

    # What the process does

    def stopped_or_continued(self, stopped: bool) -> None:
        """The kernel says that the process was stopped (SIGSTOP) or goes on."""
        if self.state == "stopping" or stopped == (self.state == "paused"):
            return
        self.state = "paused" if stopped else "running"
        self._owner.changed(self, "paused" if stopped else "resumed")

    def exited(self, status: int) -> None:
        """The process is gone and reaped."""
        child = self.child
        if child is None:
            return
        self._read(child.out, "out", to_end=True)
        self._read(child.err, "err", to_end=True)
        self.log.finish(time.time(), self.run)
        self._on_control()
        loop = self._owner.loop
        for fd in (child.out, child.err):
            loop.watch(fd, None)
            os.close(fd)
        loop.watch(child.control.fileno(), None)
        child.control.close()
        self.child, self.finished_at = None, time.time()
        code = os.waitstatus_to_exitcode(status)
        self.exit_code = 128 - code if code < 0 else code
        self.exit_signal = _signal_name(-code) if code < 0 else None
        self.oom_killed, self._over_memory = self._over_memory, False
        self.effects.clear()
        self.health, self.health_status, self.health_detail = "none", "", ""
        self._cancel_timer()
        self._follow_up()
        self._owner.wrote(self)

    def _follow_up(self) -> None:
        then, self._next = self._next, ""
        if then:
            self.state, self._streak = "exited", 0
        else:
            self._crashed()
        self._owner.changed(self, "exited")
        if then == "start":
            self.start()
        elif then == "remove":
            self._owner.ended(self)

    def _crashed(self) -> None:
        # What never listened was not steady, however long a busy machine let it try.
        up = 0.0 if self.state == "starting" else time.time() - (self.started_at or 0.0)
        self._streak = 1 if up > STEADY * self._owner.pace else self._streak + 1
        self.state = "crash-looping" if self._streak >= LOOPING_FROM else "exited"
        delay = min(BACKOFF_MOST, BACKOFF_FIRST * 2.0 ** (self._streak - 1)) * self._owner.pace
        self.restart_at = (self.finished_at or time.time()) + delay
        self._timer = self._owner.loop.later(delay, self._start_again)

    def _start_again(self) -> None:
        self.restarts += 1
        self.start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Pipes

    def _read(self, fd: int, stream: str, to_end: bool = False) -> None:
        """One chunk, or, at the exit, what is left (a pipe holds at most 1 MiB)."""
        for _ in range(64 if to_end else 1):
            try:
                data = os.read(fd, 16384)
            except BlockingIOError:
                break
            if not data:
                self._owner.loop.watch(fd, None)
                break
            self.log.feed(stream, data, time.time(), self.run)
        self._owner.wrote(self)

    def _on_control(self) -> None:
        assert self.child is not None
        try:
            data = self.child.control.recv(16384)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._owner.loop.watch(self.child.control.fileno(), None)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._owner.told(self, json.loads(line))

    def _send(self, data: bytes) -> None:
        self._unsent += data
        self._flush()

    def _flush(self) -> None:
        if self.child is None:
            return
        control = self.child.control
        with contextlib.suppress(BlockingIOError):
            try:
                self._unsent = self._unsent[control.send(self._unsent) :]
            except (BrokenPipeError, ConnectionError):
                self._unsent = b""
        wait: Callable[[], None] | None = self._flush if self._unsent else None
        self._owner.loop.watch(control.fileno(), self._on_control, wait)

    def as_json(self) -> dict[str, object]:
        child = self.child
        return {
            "name": self.name,
            "service": self.service.name,
            "state": self.state,
            "wanted": self.wanted,
            "pid": child.pid if child else None,
            "start_time": child.start_time if child else None,
            "port": self.ports["http"],
            "ports": self.ports,
            "release": self.release,
            "env": self.env,
            "run": self.run,
            "restarts": self.restarts,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "restart_at": self.restart_at,
            "exit_code": self.exit_code,
            "signal": self.exit_signal,
            "oom_killed": self.oom_killed,
            "health": self.health,
            "health_status": self.health_status,
            "health_detail": self.health_detail,
            "health_since": self.health_since,
            "effects": sorted(self.effects),
            "memory_limit": self.service.memory_limit,
            "log_path": self.log.path,
        }
