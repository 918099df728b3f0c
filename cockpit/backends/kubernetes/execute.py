"""Runs the command of a declared probe in a pod: no terminal, its output capped, its time bounded.

The API knows no environment for such a command. Variables go over its standard input, line by line, to a shell that
exports them: in argv everybody in the pod could read them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cockpit.backends.base import CommandResult, SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.board.text import safe, safe_block

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.channels import Socket

OUTPUT_LIMIT = 64 * 1024
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, OUTCOME, CLOSE = 0, 1, 2, 3, 255
_EXPORT = 'while IFS= read -r one && [ -n "$one" ]; do export "$one"; done; exec "$@" </dev/null'


class _Cause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(Struct, frozen=True):
    causes: list[_Cause] | None = None


class _Outcome(Struct, frozen=True):
    status: str = ""
    message: str = ""
    details: _Details | None = None


class _Session:
    """One command over an open WebSocket: what it printed, and how it ended."""

    def __init__(self, given: bytes) -> None:
        self._given = given
        self.kept = bytearray()
        self.dropped = 0
        self.outcome: _Outcome | None = None

    async def run(self, socket: "Socket") -> None:
        """Until the command has ended, or the connection."""
        from cockpit.backends.kubernetes.channels import payload

        if self._given:
            await socket.send_bytes(bytes([STDIN]) + self._given)
            await socket.send_bytes(bytes([CLOSE, STDIN]) if socket.protocol == PROTOCOLS[0] else bytes([STDIN]))
        async for message in socket:
            data = payload(message.type, message.data)
            if data[:1] == bytes([OUTCOME]):
                self.outcome = msgspec.json.decode(data[1:], type=_Outcome)
                return
            if data and data[0] in (STDOUT, STDERR):
                room = max(0, OUTPUT_LIMIT - len(self.kept))
                self.kept += data[1 : 1 + room]
                self.dropped += max(0, len(data) - 1 - room)


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
    query = [("container", container), ("stdout", "true"), ("stderr", "true"), ("stdin", "true" if given else "false")]
    query += [("command", one) for one in words]
    session = _Session(given)
    try:
        async with channels(client, f"{path}/exec", query, PROTOCOLS) as opened:
            try:
                async with clock.timeout(max(0.0, timeout - (clock.monotonic() - began))):
                    await session.run(opened)
            except TimeoutError:
                raise _TooLate from None
    except _TooLate:
        raise TimeoutError(f"{argv[0]} did not end within {timeout:g} s in {name} (it may still run there)") from None
    except ApiAnswer as error:
        raise SourceError(_refused(error, name)) from None
    except msgspec.MsgspecError:
        raise SourceError(f"{argv[0]} in {name}: how it ended cannot be read") from None
    text = safe_block(bytes(session.kept).decode("utf-8", "replace"), OUTPUT_LIMIT)
    return CommandResult(_exit_code(session.outcome, argv[0], name), text, clock.monotonic() - began, session.dropped)


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


def _exit_code(outcome: _Outcome | None, command: str, name: str) -> int:
    if outcome is None:
        raise SourceError(f"{command} in {name}: the connection ended before the command did")
    if outcome.status == "Success":
        return 0
    causes = (outcome.details.causes if outcome.details else None) or ()
    code = next((one.message for one in causes if one.reason == "ExitCode"), "")
    if not code.lstrip("-").isdecimal():
        raise SourceError(f"{command} cannot be run in {name}: {safe(outcome.message, 200)}")
    return int(code)


def _refused(error: ApiAnswer, name: str) -> str:
    if error.status == 404:
        return f"{name} is gone: no command can be run in it"
    if error.status == 403:
        return f"no command may be run in {name}: needs create on pods/exec"
    return f"no command can be run in {name}: {error.message}"
