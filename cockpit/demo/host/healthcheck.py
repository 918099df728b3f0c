"""The platform's own health check: GET /health of each running instance, without blocking the host."""

import contextlib
import errno
import json
import os
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from cockpit.demo.host.instance import Instance
from cockpit.demo.host.loop import Loop, Timer

INTERVAL, TIMEOUT, RETRY, FIRST_RETRY = 1.0, 1.0, 0.3, 0.03
BAD_AFTER = 2
"""So many failures in a row are unhealthy: one slow answer of a busy machine is not."""
STARTING_FOR = 3.0
ANSWER_LIMIT = 64 * 1024


class Finding(NamedTuple):
    """status: the service's own word, or "no answer". names: its components that are not ok."""

    good: bool
    status: str
    names: tuple[str, ...]
    detail: str


def judge(data: bytes) -> Finding:
    """What an HTTP answer says. A 200 is good whatever its body, as for any platform."""
    head, _, body = data.partition(b"\r\n\r\n")
    try:
        code = int(head.split(b" ", 2)[1])
        told = json.loads(body)
        bad = {name: facts for name, facts in told["components"].items() if facts["status"] != "ok"}
        detail = "; ".join(f"{name} {facts['status']}: {facts.get('detail', '')}" for name, facts in bad.items())
        return Finding(code == 200, str(told["status"]), tuple(bad), detail[:300])
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return Finding(False, "no answer", (), "its /health is not understood")


class HealthCheck:
    """Checks one instance again and again while it runs."""

    def __init__(self, loop: Loop, pace: float, instance: Instance, changed: Callable[[Instance, str], None]) -> None:
        self._loop, self._pace, self._instance, self._changed = loop, pace, instance, changed
        self._socket: socket.socket | None = None
        self._data = b""
        self._timer: Timer | None = None
        self._failures = 0
        self._shown: tuple[object, ...] = ()

    def restart(self) -> None:
        """Begin anew: the instance listens, or something was done to it."""
        self._stop()
        self._failures = 0
        self._check()

    def halt(self) -> None:
        """Check no more until `restart`."""
        self._stop()
        self._shown = ()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            self._loop.watch(self._socket.fileno(), None)
            self._socket.close()
            self._socket = None

    def _check(self) -> None:
        self._data = b""
        self._socket = asked = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        asked.setblocking(False)
        self._timer = self._loop.later(TIMEOUT, lambda: self._end("no answer", f"no answer within {TIMEOUT:g} s"))
        code = asked.connect_ex(("127.0.0.1", self._instance.ports["http"]))
        if code not in (0, errno.EINPROGRESS):
            self._end("no answer", f"/health: {os.strerror(code)}")
            return
        self._loop.watch(asked.fileno(), None, self._ask)

    def _ask(self) -> None:
        assert self._socket is not None
        try:
            self._socket.send(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        except OSError as error:
            self._end("no answer", f"/health: {error.strerror}")
            return
        self._loop.watch(self._socket.fileno(), self._hear)

    def _hear(self) -> None:
        assert self._socket is not None
        chunk = b""
        with contextlib.suppress(OSError):
            chunk = self._socket.recv(16384)
        self._data += chunk
        if not chunk or len(self._data) > ANSWER_LIMIT:
            self._take(judge(self._data))

    def _end(self, status: str, detail: str) -> None:
        self._take(Finding(False, status, (), detail))

    def _take(self, finding: Finding) -> None:
        self._stop()
        instance = self._instance
        self._failures = 0 if finding.good else self._failures + 1
        young = time.time() - (instance.started_at or 0.0) < STARTING_FOR * self._pace
        if finding.good:
            health = "healthy"
        elif instance.health == "starting" and young:
            health = "starting"
        else:
            health = "unhealthy" if self._failures >= BAD_AFTER else instance.health
        self._show(health, finding)
        wait = RETRY if self._failures == 1 else INTERVAL
        self._timer = self._loop.later(FIRST_RETRY if health == "starting" else wait * self._pace, self._check)

    def _show(self, health: str, finding: Finding) -> None:
        """The detail's numbers change all the time; told is only a change of health, status or components."""
        instance = self._instance
        shown = (health, finding.status, finding.names)
        news = shown != self._shown
        if health != instance.health:
            instance.health_since = time.time()
        instance.health, instance.health_status, instance.health_detail = health, finding.status, finding.detail
        self._shown = shown
        if news:
            self._changed(instance, "health")
