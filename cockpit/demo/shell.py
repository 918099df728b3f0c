"""A shell in the demo: a process of this machine in the folder and with the variables of an instance.

It belongs to the cockpit that opened it: when that goes, however it goes, the shell's terminal is hung up.
"""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import termios
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.change import ATTENDED, Operation, Plan, PlanRefused, Verb
from cockpit.backends.shell import Ended, Size
from cockpit.board.clock import Clock
from cockpit.board.model import Phase, SafeText
from cockpit.board.text import safe
from cockpit.demo.plan import Scene, command, make_plan, process_of
from cockpit.demo.told import InstanceTold

SHELLS = ("bash", "sh")
CHUNK = 65536
GONE_WITHIN = 2.0
# The leader of a session without a terminal gets the one that it opens first.
_TAKE = 'there=$0; exec "$@" <"$there" >"$there" 2>&1'
_KEPT = ("PATH", "LANG", "LC_ALL")

SHELL = Verb(
    name="shell",
    title="Shell",
    arguments=(("instance", "name of one; left out: the first that runs"),),
    options=(("command", f"what is run instead of the first of {' and '.join(SHELLS)}"),),
)


def plan_shell(scene: Scene, arguments: Mapping[str, str]) -> Plan:
    """A shell beside one instance. PlanRefused when none runs."""
    name, wanted = scene.workload.id.name, arguments.get("instance", "")
    running = [one for one in scene.workload.instances if one.phase is Phase.RUNNING]
    meant = next((one for one in running if wanted in ("", one.name)), None)
    told = scene.platform.instance(meant.id.instance) if meant else None
    if meant is None or told is None:
        there = ", ".join(one.name for one in running) or "none"
        raise PlanRefused(f"shell {name}: no instance {safe(wanted, 64) or 'at all'} runs (there is {there})")
    program = arguments.get("command", "") or next((one for one in SHELLS if shutil.which(one)), "sh")
    try:
        argv = shlex.split(program)
    except ValueError as error:
        raise PlanRefused(f"shell {name}: {safe(program, 80)} cannot be read as a command ({error})") from None
    operation = Operation(
        verb=SHELL.name,
        title=safe(f"shell beside {meant.name}: {shlex.join(argv)}", 200),
        target=meant.id,
        before=(("state", safe(str(meant.phase))), ("folder", safe(folder_of(told), 300))),
        after=(("shell", safe(shlex.join(argv), 200)),),
        arguments=(("command", shlex.join(argv)),),
        precondition=process_of(told),
        done_when=ATTENDED,
        deadline=1.0,
        command=command(scene.service.name, SHELL.name, f"instance={meant.name}"),
    )
    risks = (
        "it is a shell of this machine with your own rights, in the folder and with the variables of the instance",
    )
    choices = tuple((one.name, safe(f"{one.name}  {one.phase}")) for one in running) if len(running) > 1 else ()
    return replace(make_plan(SHELL.name, scene, (operation,), risks=risks, choices=choices), hold=0.0)


def folder_of(told: InstanceTold) -> str:
    """Where an instance keeps its data; where its log lies, while it has none."""
    own = told.log_path.removesuffix(".log")
    return own if os.path.isdir(own) else os.path.dirname(own)


class LocalShell:
    """A `Shell` on a pseudo-terminal of this machine."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int, clock: Clock) -> None:
        self._process, self._terminal, self._clock = process, terminal, clock
        self._printed_all = False

    async def read(self) -> bytes:
        """What it printed next; b"" once nobody holds its end of the terminal any more."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = os.read(self._terminal, CHUNK)
            except BlockingIOError:
                await _ready(self._terminal, loop.add_reader, loop.remove_reader)
                continue
            except OSError:
                data = b""
            self._printed_all = not data
            return data

    async def write(self, data: bytes) -> None:
        """Hand over what was typed."""
        loop = asyncio.get_running_loop()
        while data:
            try:
                data = data[os.write(self._terminal, data) :]
            except BlockingIOError:
                await _ready(self._terminal, loop.add_writer, loop.remove_writer)
            except OSError as error:
                raise SourceError(f"the shell's terminal is gone: {error.strerror}") from None

    async def resize(self, size: Size) -> None:
        """The terminal has another size."""
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetwinsize(self._terminal, (size.rows, size.columns))

    async def end(self) -> Ended:
        """Hang up its terminal, then kill what is left of it."""
        forced = not self._printed_all and self._process.returncode is None
        os.close(self._terminal)
        if not await self._gone():
            forced = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._gone()
        code = self._process.returncode
        if code is None:
            return Ended(exit_code=None, forced=True, remark=SafeText("it still runs: nothing could end it"))
        return Ended(exit_code=128 - code if code < 0 else code, forced=forced)

    async def _gone(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(GONE_WITHIN):
                await self._process.wait()
        return self._process.returncode is not None


async def open_local(
    argv: Sequence[str], folder: str, environment: Mapping[str, str], size: Size, term: str, clock: Clock
) -> LocalShell:
    """Start a command on a terminal of its own. SourceError."""
    ours, theirs = os.openpty()
    try:
        termios.tcsetwinsize(theirs, (size.rows, size.columns))
        os.set_blocking(ours, False)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", _TAKE, os.ttyname(theirs), *argv,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, cwd=folder,
            env={**kept, **environment, "TERM": term, "HOME": folder},
        )  # fmt: skip
    except (OSError, termios.error) as error:
        os.close(ours)
        raise SourceError(f"no shell can be started in {safe(folder, 200)}: {error}") from None
    finally:
        os.close(theirs)
    return LocalShell(process, ours, clock)


async def _ready(fd: int, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    """Until it can be read or written, as `add` of the loop means."""
    told = asyncio.Event()
    add(fd, told.set)
    try:
        await told.wait()
    finally:
        remove(fd)
