"""Runs the command of a declared probe in a container: no terminal, no input, its output capped, its time bounded.

The engine has no request that ends such a command: one that is too late goes on in the container, and that is said.
"""

from collections.abc import Mapping, Sequence

import msgspec

from cockpit.backends.base import CommandResult, SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.frames import Payloads
from cockpit.backends.docker.wire import ExecCreated, ExecState
from cockpit.board.text import safe_block

OUTPUT_LIMIT = 64 * 1024
ENDED_WITHIN = 5.0
"""Seconds after its last output in which the engine must know how a command ended: a busy one knows it late."""


async def run_in_container(
    client: EngineClient,
    container: str,
    name: str,
    argv: Sequence[str],
    timeout: float,
    environment: Mapping[str, str] | None,
) -> CommandResult:
    """What the command printed. SourceError: it could not be run. TimeoutError: it did not end in time."""
    clock = client.clock
    began = clock.monotonic()
    body = {
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": False,
        "Cmd": list(argv),
        "Env": [f"{key}={value}" for key, value in (environment or {}).items()],
    }
    try:
        made = msgspec.json.decode(await client.post(f"/containers/{container}/exec", body), type=ExecCreated)
        output = Payloads(OUTPUT_LIMIT)
        late = False
        async with client.stream(f"/exec/{made.id}/start", body={"Detach": False, "Tty": False}) as answer:
            try:
                async with clock.timeout(max(0.0, timeout - (clock.monotonic() - began))):
                    async for part in answer.aiter_raw():
                        output.feed(part)
            except TimeoutError:
                late = True
        if late:
            raise TimeoutError(f"{argv[0]} did not end within {timeout:g} s in {name} (it may still run there)")
        state = await ended(client, made.id)
    except EngineAnswer as error:
        raise SourceError(refused(error, name)) from None
    if state.exit_code is None:
        raise SourceError(f"{argv[0]} in {name}: the engine does not say how it ended")
    text = safe_block(bytes(output.kept).decode("utf-8", "replace"), OUTPUT_LIMIT)
    return CommandResult(state.exit_code, text, clock.monotonic() - began, output.dropped)


async def ended(client: EngineClient, made: str) -> ExecState:
    """A command's state once it has ended: the output may end a moment before. Without an exit code: not known."""
    late = client.clock.monotonic() + ENDED_WITHIN
    while True:
        state = await client.get(f"/exec/{made}/json", ExecState)
        if not state.running:
            return state
        if client.clock.monotonic() >= late:
            return ExecState()
        await client.clock.sleep(0.05)


def refused(error: EngineAnswer, name: str) -> str:
    """Why no command can be run in a container."""
    if error.status == 404:
        return f"{name} is gone: no command can be run in it"
    if error.status == 409:
        return f"{name} does not run (or is paused): no command can be run in it"
    return f"no command can be run in {name}: {error}"
