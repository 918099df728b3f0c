"""Runs a command of this machine: argv, no shell, stdin closed, own process group, output capped, deadline kept."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from cockpit.board.clock import Clock

OUTPUT_LIMIT = 64 * 1024
FLOOD = 16 * 1024 * 1024
"""Bytes after which a command that does not stop printing is ended."""
GRACE = 2.0
"""Seconds between TERM and KILL."""
LINGER = 0.2
"""Seconds that output may still come after the command has ended (a child of its own may hold the pipe for ever)."""
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR")
"""What a command gets of the environment, besides what is declared for it."""


class CannotRun(Exception):
    """The command could not be started; str(error) is one line."""


class CommandTimeout(TimeoutError):
    """The command did not end in time and was ended; str(error) is one line."""


class Ran(Struct, frozen=True, kw_only=True):
    """What a command did. exit_code: negative is the signal that ended it. dropped: bytes of output not kept."""

    exit_code: int
    output: bytes
    errors: bytes
    seconds: float
    dropped: int


async def run_command(
    argv: Sequence[str],
    clock: Clock,
    timeout: float,
    *,
    environ: Mapping[str, str],
    declared: Mapping[str, str] | None = None,
    merge: bool = True,
    limit: int = OUTPUT_LIMIT,
    survivors: bool = False,
) -> Ran:
    """Run `argv` to its end. merge: stderr goes where stdout goes. CannotRun, CommandTimeout.

    When it is cancelled or too late the whole process group gets TERM, and KILL two seconds later.
    survivors: what it started and left behind goes on when it has ended by itself (its output is read no more).
    """
    began = clock.monotonic()
    environment = {name: environ[name] for name in KEPT if name in environ} | dict(declared or {})
    watch, transport = await _start(argv, environment, merge, limit)
    try:
        async with clock.timeout(timeout):
            await watch.exited.wait()
    except TimeoutError:
        raise CommandTimeout(f"{argv[0]} did not end in {timeout:g} s and was ended") from None
    else:
        await _drain(watch, clock)
    finally:
        await _let_go(transport, watch, clock, survivors=survivors)
    return Ran(
        exit_code=transport.get_returncode() or 0,
        output=bytes(watch.kept[1]),
        errors=bytes(watch.kept[2]),
        seconds=clock.monotonic() - began,
        dropped=watch.dropped,
    )


async def _let_go(
    transport: asyncio.SubprocessTransport, watch: "_Watch", clock: Clock, *, survivors: bool
) -> None:  # fmt: skip
    """End what still runs, and close the pipes whatever happens by then."""
    try:
        if not watch.exited.is_set():
            await _end(transport, watch, clock)
        elif not watch.closed.is_set() and not survivors:
            _signal(transport, signal.SIGKILL)
    finally:
        if not watch.exited.is_set():  # cancelled once more, by a loop that ends
            _signal(transport, signal.SIGKILL)
        transport.close()


class _Watch(asyncio.SubprocessProtocol):
    """Keeps the beginning of the output and knows when the command and its pipes have ended."""

    def __init__(self, limit: int, pipes: int) -> None:
        self.kept = {1: bytearray(), 2: bytearray()}
        self.dropped = 0
        self.exited, self.closed = asyncio.Event(), asyncio.Event()
        self._limit, self._pipes = limit, pipes
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self.kept[fd]
        room = max(0, self._limit - len(kept))
        kept += data[:room]
        self.dropped += max(0, len(data) - room)
        if self.dropped > FLOOD and self._transport is not None:
            _signal(self._transport, signal.SIGKILL)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._pipes -= 1
        if self._pipes == 0:
            self.closed.set()

    def process_exited(self) -> None:
        self.exited.set()


async def _start(
    argv: Sequence[str], environment: Mapping[str, str], merge: bool, limit: int
) -> tuple[_Watch, asyncio.SubprocessTransport]:
    watch = _Watch(limit, 1 if merge else 2)
    pipe = asyncio.subprocess.PIPE
    try:
        # A session of its own: no terminal that a password prompt could reach, and one group to end.
        transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: watch,
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT if merge else pipe,
            env=dict(environment),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CannotRun(f"{argv[0]}: there is no such command here") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CannotRun(f"{argv[0]} cannot be started: {reason}") from None
    return watch, transport


async def _drain(watch: _Watch, clock: Clock) -> None:
    try:
        async with clock.timeout(LINGER):
            await watch.closed.wait()
    except TimeoutError:
        pass


async def _end(transport: asyncio.SubprocessTransport, watch: _Watch, clock: Clock) -> None:
    for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, 1.0)):
        _signal(transport, number)
        try:
            async with clock.timeout(patience):
                await watch.exited.wait()
                break
        except TimeoutError:
            continue
    if not watch.closed.is_set():
        _signal(transport, signal.SIGKILL)  # what the command itself started and left behind


def _signal(transport: asyncio.SubprocessTransport, number: signal.Signals) -> None:
    """Signal the whole group. Its id is the command's pid, which no other process can get while the group lives."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), number)
