"""`python -m cockpit.demo.host --parent-fd N [--pace P]`: run the platform until the pipe N ends or SIGTERM comes.

The first line on standard output says where the socket is: `{"v": 1, "socket": "...", "folder": "...", "pid": 123}`.
The pipe's write end is held by whoever started the host and by nobody else, so its end means: that process is gone.
"""

import contextlib
import json
import os
import signal
import sys
from typing import NoReturn

from cockpit.demo.host.arguments import arguments
from cockpit.demo.host.connection import PROTOCOL
from cockpit.demo.host.folder import Folder, sweep
from cockpit.demo.host.loop import Loop
from cockpit.demo.host.process import set_title
from cockpit.demo.host.server import Server
from cockpit.demo.host.supervisor import Supervisor

GRACE = 1.0
"""Seconds that services get between TERM and KILL when the whole demo ends."""


class Host:
    """The process: parent's pipe, signals, platform, socket, folder."""

    def __init__(self, parent: int, pace: float) -> None:
        self._parent = parent
        self.loop = Loop()
        self.folder = Folder()
        self.supervisor = Supervisor(self.loop, self.folder, pace)
        self._ending = False
        self.loop.on_signals((signal.SIGCHLD,), self.supervisor.reap)
        self.loop.on_signals((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), self.end)
        self.loop.watch(parent, self._on_parent)
        self._pace = pace
        set_title("cockpit demo host")

    def start(self) -> None:
        """Processes first: they come up while the socket is made."""
        self.supervisor.start()
        self._server = Server(self.loop, self.supervisor, self.folder.socket, self._pace)
        ready = {"v": PROTOCOL, "socket": self.folder.socket, "folder": self.folder.path, "pid": os.getpid()}
        os.write(1, json.dumps(ready).encode() + b"\n")
        log = os.open(os.path.join(self.folder.path, "host.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        self.loop.later(0.5, self._sweep)

    def _sweep(self) -> None:
        self.supervisor.publish({"type": "swept", "folders": sweep()})

    def _on_parent(self) -> None:
        """The parent never writes: what can be read is the end."""
        if not os.read(self._parent, 4096):
            self.loop.watch(self._parent, None)
            self.end()

    def end(self) -> None:
        """TERM to every group, KILL after the grace, then stop."""
        if not self._ending:
            self._ending = True
            self.supervisor.end(GRACE, self.loop.stop)

    def abandon(self) -> None:
        """Whatever happened: no process and no file stays. Without effect after an orderly end."""
        self.supervisor.kill_all()
        self.folder.remove()


def main() -> NoReturn:
    parent, pace = arguments(sys.argv[1:])
    os.umask(0o077)
    host = Host(parent, pace)
    try:
        host.start()
        host.loop.run()
    except BaseException:
        import traceback  # 5 ms that only a failure spends

        # Whoever started the host still holds the other end and shows it; host.log is about to be removed.
        with contextlib.suppress(OSError):
            os.write(1, traceback.format_exc().encode("utf-8", "replace")[-4000:])
        raise SystemExit(70) from None
    finally:
        host.abandon()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
