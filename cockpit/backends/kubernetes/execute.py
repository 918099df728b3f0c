"""Runs commands in a pod without a terminal: of declared probes and captures; outputs capped, times bounded.

The API knows no environment for such a command. Variables go over its standard input, line by line, to a shell that
exports them: in argv everybody in the pod could read them.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cockpit.backends.base import CommandResult, SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.board.model import SafeText
from cockpit.board.text import safe, safe_block

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.channels import Socket

OUTPUT_LIMIT = 64 * 1024
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, OUTCOME, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_CHAIN = "unable to start container process: "
_EXPORT = 'while IFS= read -r one && [ -n "$one" ]; do export "$one"; done; exec "$@" </dev/null'


class _Cause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(Struct, frozen=True):
    causes: list[_Cause] | None = None


class Ending(Struct, frozen=True):
    """How the API says that a command ended."""

    status: str = ""
    message: str = ""
    details: _Details | None = None

    @property
    def exit_code(self) -> int | None:
        """None: it was never started, `message` says why."""
        if self.status == "Success":
            return 0
        causes = (self.details.causes if self.details else None) or ()
        code = next((one.message for one in causes if one.reason == "ExitCode"), "")
        return int(code) if code.lstrip("-").isdecimal() and len(code) < 6 else None

    @property
    def why(self) -> SafeText:
        """Why it was never started: the runtime's own words are the last of a chain of five."""
        return safe(self.message.rpartition(_CHAIN)[2].removesuffix(": unknown"), 200)


def ending(data: bytes) -> Ending:
    """From the message that ends a command. SourceError: it cannot be read."""
    try:
        return msgspec.json.decode(data, type=Ending)
    except msgspec.MsgspecError:
        raise SourceError("how it ended cannot be read") from None


class Command:
    """One command over an open WebSocket. ending: once it has ended; None: the connection ended first."""

    def __init__(self, socket: "Socket", given: bytes) -> None:
        """given: its standard input."""
        self._socket, self._given = socket, given
        self.ending: Ending | None = None

    async def printed(self) -> AsyncGenerator[tuple[int, bytes], None]:
        """(STDOUT or STDERR, bytes) until it has ended, or the connection."""
        from cockpit.backends.kubernetes.channels import payload

        socket = self._socket
        if self._given:
            await socket.send_bytes(bytes([STDIN]) + self._given)
            await socket.send_bytes(bytes([CLOSE, STDIN]) if socket.protocol == PROTOCOLS[0] else bytes([STDIN]))
        async for message in socket:
            data = payload(message.type, message.data)
            if data[:1] == bytes([OUTCOME]):
                self.ending = ending(data[1:])
                return
            if data and data[0] in (STDOUT, STDERR):
                yield data[0], data[1:]


def asked(container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False) -> list[tuple[str, str]]:
    """The query of an exec. A terminal has one output for both."""
    flags = {"stdin": stdin, "stdout": True, "stderr": not tty, "tty": tty}
    query = [("container", container), *((name, str(value).lower()) for name, value in flags.items())]
    return [*query, *(("command", one) for one in argv)]


async def run_in_pod(
    client: KubeClient,
    path: str,
    container: str,
    argv: Sequence[str],
    timeout: float,
    environment: Mapping[str, str] | None,
) -> CommandResult:
    """What the command printed. path: of the pod. SourceError: it could not be run. TimeoutError: it did not end."""
    from cockpit.backends.kubernetes.channels import channels

    clock = client.clock
    began = clock.monotonic()
    name = path.rpartition("/")[2]
    words, given = with_environment(argv, environment or {})
    kept, dropped = bytearray(), 0
    query = asked(container, words, stdin=bool(given))
    try:
        async with channels(client, f"{path}/exec", query, PROTOCOLS) as opened:
            command = Command(opened, given)
            try:
                left = max(0.0, timeout - (clock.monotonic() - began))
                async with clock.timeout(left), aclosing(command.printed()) as printed:
                    async for _, data in printed:
                        room = OUTPUT_LIMIT - len(kept)
                        kept += data[:room]
                        dropped += max(0, len(data) - room)
            except TimeoutError:
                raise _TooLate from None
    except _TooLate:
        raise TimeoutError(f"{argv[0]} did not end within {timeout:g} s in {name} (it may still run there)") from None
    except ApiAnswer as error:
        raise SourceError(refused(error, name)) from None
    text = safe_block(bytes(kept).decode("utf-8", "replace"), OUTPUT_LIMIT)
    return CommandResult(exit_code(command, argv[0], name), text, clock.monotonic() - began, dropped)


class _TooLate(Exception):
    pass


def with_environment(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], bytes]:
    """(argv, standard input) of a command with more variables. SourceError: a value has several lines."""
    if not environment:
        return list(argv), b""
    for name, value in environment.items():
        if "\n" in value or "\0" in value:
            raise SourceError(f"{name} has several lines: it cannot be given to a command in a pod")
    lines = "".join(f"{name}={value}\n" for name, value in environment.items())
    return ["sh", "-c", _EXPORT, "sh", *argv], f"{lines}\n".encode()


def exit_code(command: Command, word: str, name: str) -> int:
    """Of a command that has ended. word: its first one; name: of the pod. SourceError: it has none, and why."""
    if command.ending is None:
        raise SourceError(f"{word} in {name}: the connection ended before the command did")
    code = command.ending.exit_code
    if code is None:
        raise SourceError(f"{word} cannot be run in {name}: {command.ending.why}")
    return code


def refused(error: ApiAnswer, name: str) -> str:
    """Why a pod runs no command, in words."""
    if error.status == 404:
        return f"{name} is gone: no command can be run in it"
    if error.status == 403:
        return f"no command may be run in {name}: needs create and get on pods/exec"
    return f"no command can be run in {name}: {error.message}"
