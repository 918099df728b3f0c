"""Fork a process that becomes a service: own group, own pipes, nothing of the host's left in it."""

import gc
import os
import signal
import socket
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from cockpit.demo.host.process import set_title, start_time
from cockpit.demo.shape import ServiceShape
from cockpit.demo.shop.context import Birth, Registry
from cockpit.demo.shop.main import live

_HELD = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
HIGHEST_FD = 4096


class Child(NamedTuple):
    """A new process as the host sees it: its pid is also its group's; out and err are the read ends of its pipes."""

    pid: int
    start_time: str
    control: socket.socket
    out: int
    err: int


class Request(NamedTuple):
    """What is to be started."""

    shape: ServiceShape
    memory_limit: int
    instance: str
    release: str
    env: Mapping[str, str]
    ports: Mapping[str, int]
    registry: Registry
    folder: str
    pace: float


def spawn(request: Request) -> Child:
    """Fork. The child waits for a first line on its control socket before it does anything."""
    host_end, child_end = socket.socketpair()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    # A SIGTERM between fork and the child's own handlers would run the host's handler in the child.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        pid = os.fork()
        if pid == 0:
            _child(request, child_end, out_write, err_write)
        _own_group(pid)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
        child_end.close()
        os.close(out_write)
        os.close(err_write)
    host_end.setblocking(False)
    for fd in (out_read, err_read):
        os.set_blocking(fd, False)
    return Child(pid, start_time(pid) or "", host_end, out_read, err_read)


def _own_group(pid: int) -> None:
    """Both sides do it, so that the group exists whoever runs first."""
    try:
        os.setpgid(pid, pid)
    except OSError:
        return


def _child(request: Request, control: socket.socket, out: int, err: int) -> NoReturn:
    """The forked side; never returns, so that nothing of the host's stack or exits is run twice."""
    code = 70
    try:
        # The host's objects stay where they are: closing them here would close descriptors that are used again.
        gc.freeze()
        os.setpgid(0, 0)
        _reset_signals()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        kept = os.dup2(control.fileno(), 3)
        os.closerange(4, HIGHEST_FD)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
        set_title(f"{request.instance} (demo shop, release {request.release})")
        mine = socket.socket(fileno=kept)
        if mine.recv(1):
            code = live(_birth(request, mine))
    except BaseException:
        import traceback  # 5 ms that only a failure spends

        os.write(2, traceback.format_exc().encode("utf-8", "replace")[-4000:])
    finally:
        os._exit(code)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _HELD:
        signal.signal(number, signal.SIG_DFL)


def _birth(request: Request, control: socket.socket) -> Birth:
    shape = request.shape
    return Birth(
        service=shape.name,
        instance=request.instance,
        release=request.release,
        env=request.env,
        ports=request.ports,
        registry=request.registry,
        folder=request.folder,
        log_format=shape.log_format,
        memory_limit=request.memory_limit,
        pace=request.pace,
        control=control,
    )
