"""A shell that runs in a pod: an exec with a terminal, over a WebSocket of its own.

The API has no request that ends an exec, and closing the connection may leave it running. So every shell carries a
random mark in its environment, which all that is started in it inherits; a second exec hangs up whatever bears it.
"""

import asyncio
import contextlib
import json
import secrets as random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.execute import (
    OUTCOME,
    PROTOCOLS,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
    Ending,
    asked,
    ending,
    refused,
    run_in_pod,
)
from cockpit.backends.shell import Ended, Size
from cockpit.board.model import SafeText
from cockpit.board.text import safe

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.channels import Socket

MARK = "COCKPIT_SHELL"
OPENED_WITHIN = 2.0
"""Seconds in which it is waited for its first word: what cannot be started says so at once."""
ROUNDS: tuple[tuple[tuple[str, ...], float], ...] = ((("HUP", "CONT"), 2.0), (("KILL",), 1.0))
"""What whatever still runs is sent, and for how many seconds it is then waited for its end."""
SIGNAL_WITHIN, CLOSED_WITHIN = 1.0, 1.0
_BEGIN = (
    f'export TERM="$1" {MARK}="$2"; shift 2; [ $# -eq 0 ] || exec "$@"; '
    "command -v bash >/dev/null 2>&1 && exec bash; exec sh"
)
_SIGNALLED = (
    'for p in /proc/[0-9]*; do grep -qs "$0" "$p/environ" || continue;'
    ' for s in "$@"; do kill -s "$s" "${p#/proc/}"; done; done'
)
_ABSENT = ("no such file or directory", "executable file not found")


class NotStarted(SourceError):
    """What was to be run is not in the image."""


class PodShell:
    """A `Shell` in one container of a pod. path: of the pod."""

    def __init__(self, client: KubeClient, path: str, container: str, mark: str) -> None:
        """mark: what its processes bear in their environment; empty where they do not."""
        self._client, self._path, self._container, self._mark = client, path, container, mark
        self._closing = contextlib.AsyncExitStack()
        self._socket: Socket | None = None
        self._reading: asyncio.Task[bytes | None] | None = None
        self._early = b""
        self._ending: Ending | None = None
        self._lost = False

    @property
    def _name(self) -> str:
        return self._path.rpartition("/")[2]

    async def start(self, argv: Sequence[str], size: Size) -> None:
        """Begin. NotStarted: the image lacks it; SourceError: it cannot be begun."""
        from cockpit.backends.kubernetes.channels import channels

        query = asked(self._container, argv, stdin=True, tty=True)
        opening = channels(self._client, f"{self._path}/exec", query, PROTOCOLS)
        try:
            self._socket = await self._closing.enter_async_context(opening)
        except ApiAnswer as error:
            raise SourceError(refused(error, self._name)) from None
        await self.resize(size)
        with contextlib.suppress(TimeoutError):
            async with self._client.clock.timeout(OPENED_WITHIN):
                self._early = await self.read()
        if self._ending is not None and self._ending.exit_code is None:
            why = self._ending.why
            absent = any(words in why for words in _ABSENT)
            raise (NotStarted if absent else SourceError)(f"{argv[0]} cannot be started in {self._name}: {why}")

    async def read(self) -> bytes:
        """What it printed next; b"" at its end. SourceError when the connection is lost."""
        if early := self._early:
            self._early = b""
            return early
        while self._ending is None:
            data = await self._message()
            if data[:1] == bytes([OUTCOME]):
                self._ending = ending(data[1:])
            elif len(data) > 1 and data[0] in (STDOUT, STDERR):
                return data[1:]
        return b""

    async def write(self, data: bytes) -> None:
        """Hand over what was typed."""
        await self._send(STDIN, data)

    async def resize(self, size: Size) -> None:
        """The terminal has another size."""
        await self._send(RESIZE, json.dumps({"Width": size.columns, "Height": size.rows}).encode())

    async def end(self) -> Ended:
        """Hang up what still runs, then kill it; let go of the connection."""
        try:
            return await self._ended()
        finally:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)
            with contextlib.suppress(SourceError, TimeoutError):
                async with self._client.clock.timeout(CLOSED_WITHIN):
                    await self._closing.aclose()

    async def _ended(self) -> Ended:
        forced, told = self._ending is None, False
        for signals, within in ROUNDS:
            # Over a lost connection its end cannot be seen: it is told once.
            if self._ending is not None or not self._mark or self._socket is None or (self._lost and told):
                break
            await self._signal(signals)
            told = True
            await self._wait(within)
        if self._ending is None:
            why = "it was told to end over another connection" if self._lost else "nothing in it could end it"
            return Ended(exit_code=None, forced=True, remark=safe(f"it may still run there: {why}"))
        code = self._ending.exit_code
        return Ended(exit_code=code, forced=forced, remark=self._ending.why if code is None else SafeText(""))

    async def _wait(self, within: float) -> None:
        """Until it has ended; what it prints meanwhile nobody sees."""
        with contextlib.suppress(SourceError, TimeoutError):
            async with self._client.clock.timeout(within):
                while await self.read():
                    pass

    async def _signal(self, signals: tuple[str, ...]) -> None:
        argv = ["/bin/sh", "-c", _SIGNALLED, f"{MARK}={self._mark}", *signals]
        with contextlib.suppress(SourceError, TimeoutError):  # its end tells whether it helped
            await run_in_pod(self._client, self._path, self._container, argv, SIGNAL_WITHIN, None)

    async def _message(self) -> bytes:
        """The next message. A reader that is cancelled loses none: the next one goes on with it."""
        from cockpit.backends.kubernetes.channels import receive

        if self._socket is None or self._lost:
            raise SourceError("the connection to the pod is gone")
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(receive(self._socket))
        await asyncio.wait({self._reading})
        reading, self._reading = self._reading, None
        self._lost = True  # unless there is a message
        data = reading.result()
        if data is None:
            raise SourceError("the connection to the pod ended before its shell did")
        self._lost = False
        return data

    async def _send(self, channel: int, data: bytes) -> None:
        if self._socket is None:
            raise SourceError("the connection to the pod is not open")
        try:
            await self._socket.send_bytes(bytes([channel]) + data)
        except (OSError, RuntimeError) as error:
            raise SourceError(f"the connection to the pod broke: {error}") from None


async def open_shell(
    client: KubeClient, path: str, container: str, command: Sequence[str], size: Size, term: str
) -> PodShell:
    """Start a command, or the first of bash and sh that there is. SourceError says why it cannot be started."""
    mark = random.token_hex(16)
    argv = ["/bin/sh", "-c", _BEGIN, "sh", term, mark, *command]
    try:
        return await _opened(PodShell(client, path, container, mark), argv, size)
    except NotStarted as error:
        if not command:
            where = f"container {container} of {path.rpartition('/')[2]}"
            words = f"{where} has no /bin/sh: say another program with command=, or use kubectl debug"
            raise SourceError(words) from error
    # Without /bin/sh nothing can bear a mark: what is asked for runs as it is.
    return await _opened(PodShell(client, path, container, ""), command, size)


async def _opened(shell: PodShell, argv: Sequence[str], size: Size) -> PodShell:
    try:
        await shell.start(argv, size)
    except BaseException:
        await shell.end()
        raise
    return shell
