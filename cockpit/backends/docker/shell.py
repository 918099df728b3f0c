"""A shell in a container: an exec with a terminal, its bytes over a connection of its own.

The engine has no request that ends an exec, and closing the connection leaves it running. So every shell carries a
random mark in its environment, which all that is started in it inherits; a second exec hangs up whatever bears it.
"""

import asyncio
import contextlib
import secrets as random
import shlex
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.change import ATTENDED, Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.backends.docker import target
from cockpit.backends.docker.choose import check_container, choose
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.execute import run_in_container
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.wire import ExecCreated, ExecState
from cockpit.backends.shell import Ended, Size
from cockpit.board.model import Phase, SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

if TYPE_CHECKING:
    import httpx

SHELLS = ("/bin/bash", "/bin/sh")
"""The first of them that is in the container is run, unless the command is said."""
MARK = "COCKPIT_SHELL"
PING_EVERY = 15.0
"""Seconds between two looks whether the engine still answers: a broken link shows nothing by itself."""
ROUNDS: tuple[tuple[tuple[str, ...], float], ...] = ((("HUP", "CONT"), 2.0), (("KILL",), 2.0))
"""What whatever still runs is sent, and for how many seconds it is then waited for its end."""
ENDED_WITHIN, SIGNAL_WITHIN, LOOK_EVERY = 5.0, 1.5, 0.05
"""Seconds for its end to be known once it printed all, for a signal to be sent, and between two looks."""
SIZE_WITHIN = 10.0
"""Seconds after which it is shown in whatever size it has."""
_SIGNALLED = (
    'for p in /proc/[0-9]*; do grep -qs "$0" "$p/environ" || continue;'
    ' for s in "$@"; do kill -s "$s" "${p#/proc/}"; done; done'
)
SHELL = Verb(
    name="shell",
    title="Shell",
    arguments=(("instance", "name or id of one container; left out: the first that runs"),),
    options=(("command", f"what is run instead of the first of {' and '.join(SHELLS)}"),),
)


class OpenShell:
    """The maneuver: one container, one command, a person at a terminal."""

    verb = SHELL

    def offered(self, workload: Workload) -> bool:
        """Whether a container runs."""
        return any(instance.phase is Phase.RUNNING for instance in workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when no container runs here, or it has no shell."""
        wanted = arguments.get("instance", "").strip()
        try:
            chosen, others, site = await choose(hands, workload, SHELL.name, {"instance": wanted.partition(",")[0]})
        except PlanRefused:
            if wanted:
                raise
            why = "no container of it is on this engine; one on another node is reached through the engine there"
            raise PlanRefused(f"shell {workload.id.name}: {why}") from None
        running = [one for one in (*chosen, *others) if one.instance.phase is Phase.RUNNING]
        meant = next((one for one in chosen if one in running), None)
        if meant is None:
            raise PlanRefused(f"shell {workload.id.name}: no container of it runs here, so none can be opened")
        argv = await self._argv(hands, meant, arguments.get("command", ""))
        listed = [meant, *(one for one in running if one is not meant)]
        choices = tuple((one.container.id, _choice(one)) for one in listed) if len(listed) > 1 else ()
        plan = make_plan(
            SHELL.name, workload, (_operation(meant, argv, site),), site, choices=choices,
            risks=(
                SafeText("what is typed in it changes the container at once; nothing of it is checked or taken back"),
                SafeText("what is typed and shown is not recorded, only its start, end and exit code"),
            ),
        )  # fmt: skip
        return replace(plan, hold=0.0)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the container is still the one that the plan was made for."""
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """A shell is not performed but attended: `open_shell`."""
        return Outcome(accepted=False, detail=safe(f"{operation.title}: it needs a person at a terminal"))

    async def _argv(self, hands: Hands, one: Target, command: str) -> list[str]:
        name = target.name_of(one.container)
        if Secrets().mask(safe(command)) != command:
            raise PlanRefused(
                f"shell {name}: the command is recorded, so no secret may stand in it: type it in the shell"
            )
        if command.strip():
            try:
                return shlex.split(command)
            except ValueError as error:
                raise PlanRefused(f"shell {name}: {safe(command, 80)} cannot be read as a command ({error})") from None
        for path in SHELLS:
            if await hands.client.exists(f"/containers/{one.container.id}/archive", {"path": path}):
                return [path]
        raise PlanRefused(f"{name} has neither {' nor '.join(SHELLS)}: say another program with command=")


class DockerShell:
    """A `Shell` that runs in a container."""

    def __init__(self, client: EngineClient, container: str, exec_id: str, mark: str) -> None:
        self._client, self._container, self._exec, self._mark = client, container, exec_id, mark
        self._closing = contextlib.AsyncExitStack()
        self._answer: httpx.Response | None = None
        self._parts: AsyncIterator[bytes] | None = None
        self._pings: asyncio.Task[None] | None = None
        self._printed_all = False

    async def start(self, size: Size) -> None:
        """Begin. SourceError, EngineAnswer."""
        body = {"Detach": False, "Tty": True}
        stream = self._client.stream(f"/exec/{self._exec}/start", body=body, upgrade=True)
        self._answer = await self._closing.enter_async_context(stream)
        self._parts = self._answer.aiter_raw()
        await self._first_size(size)
        self._pings = asyncio.get_running_loop().create_task(self._watch())

    async def read(self) -> bytes:
        """What it printed next; b"" at its end. SourceError when the engine does not answer any more."""
        assert self._parts is not None
        assert self._pings is not None
        reading = asyncio.ensure_future(anext(self._parts, b""))
        try:
            await asyncio.wait((reading, self._pings), return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                with self._client.in_words():
                    data = reading.result()
                self._printed_all = not data
                return data
            self._pings.result()
            return b""
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def write(self, data: bytes) -> None:
        """Hand over what was typed."""
        assert self._answer is not None
        with self._client.in_words():
            await self._answer.extensions["network_stream"].write(data)

    async def resize(self, size: Size) -> None:
        """The terminal has another size."""
        await self._client.post(f"/exec/{self._exec}/resize", None, {"h": size.rows, "w": size.columns})

    async def end(self) -> Ended:
        """Hang up what still runs, then kill it; let go of the connection."""
        try:
            return await self._ended()
        except SourceError as error:
            return Ended(exit_code=None, remark=safe(f"it may still run there: {error}", 300))
        finally:
            if self._pings is not None:
                self._pings.cancel()
                await asyncio.gather(self._pings, return_exceptions=True)
            with contextlib.suppress(SourceError, RuntimeError):
                await self._closing.aclose()
            await self._client.close()

    async def _ended(self) -> Ended:
        state = await self._state(ENDED_WITHIN if self._printed_all else 0.0)
        forced = state.running
        for signals, within in ROUNDS:
            if state.running:
                await self._signal(signals)
                state = await self._state(within)
        if state.running:
            return Ended(
                exit_code=None, forced=True, remark=SafeText("it still runs there: nothing in it could end it")
            )
        return Ended(exit_code=state.exit_code, forced=forced)

    async def _state(self, within: float) -> ExecState:
        """Its state, once it has ended: the output may end a moment before that."""
        began = self._client.clock.monotonic()
        while True:
            state = await self._client.get(f"/exec/{self._exec}/json", ExecState)
            if not state.running or self._client.clock.monotonic() - began >= within:
                return state
            await self._client.clock.sleep(LOOK_EVERY)

    async def _signal(self, signals: tuple[str, ...]) -> None:
        argv = ["/bin/sh", "-c", _SIGNALLED, f"{MARK}={self._mark}", *signals]
        with contextlib.suppress(SourceError, TimeoutError):  # its state tells whether it helped
            await run_in_container(self._client, self._container, self._container, argv, SIGNAL_WITHIN, None)

    async def _first_size(self, size: Size) -> None:
        """Engines refuse it until the process has started, some milliseconds after the answer."""
        began = self._client.clock.monotonic()
        while self._client.clock.monotonic() - began < SIZE_WITHIN:
            with contextlib.suppress(EngineAnswer):
                return await self.resize(size)
            if (await self._state(0.0)).exit_code is not None:
                return None
            await self._client.clock.sleep(LOOK_EVERY)
        return None

    async def _watch(self) -> None:
        while True:
            await self._client.clock.sleep(PING_EVERY)
            await self._client.ping()


async def open_shell(client: EngineClient, permit: Permit, operation: Operation, size: Size, term: str) -> DockerShell:
    """Start the operation's command in its container; the client is closed with the shell. SourceError says why not."""
    if not isinstance(permit, Permit):
        raise TypeError("no shell is opened without a permit")
    mark = random.token_hex(16)
    container = operation.target.instance
    body = {
        "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True,
        "Cmd": shlex.split(dict(operation.arguments)["command"]), "Env": [f"TERM={term}", f"{MARK}={mark}"],
    }  # fmt: skip
    try:
        made = msgspec.json.decode(await client.post(f"/containers/{container}/exec", body), type=ExecCreated)
    except BaseException:
        await client.close()
        raise
    shell = DockerShell(client, container, made.id, mark)
    try:
        await shell.start(size)
    except BaseException:
        await shell.end()
        raise
    return shell


def _operation(one: Target, argv: list[str], site: Site) -> Operation:
    name, command = target.name_of(one.container), shlex.join(argv)
    return Operation(
        verb=SHELL.name,
        title=safe(f"shell in {name}: {command}", 300),
        target=one.instance.id,
        before=target.before(one.instance),
        after=(("shell", safe(command, 300)),),
        arguments=(("command", command),),
        precondition=target.precondition(one.container),
        done_when=ATTENDED,
        deadline=1.0,
        command=safe(f"docker {site.flags}exec -it {shlex.quote(name)} {command}", 500),
    )


def _choice(one: Target) -> SafeText:
    return safe(f"{target.name_of(one.container)}  {target.state_words(one.instance)}", 120)
