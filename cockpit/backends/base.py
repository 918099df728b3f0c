"""What every backend gives: a `Source` that only reads and an `Operator` that changes, two unrelated objects."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from cockpit.backends.change import Operation, Outcome, Permit, Plan, Verb
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.update import Update
from cockpit.logs.line import LogRequest, RawLine

Emit = Callable[[Update], None]
"""Hands one update to the board; called on the engine's loop, never blocks."""


class SourceError(Exception):
    """A source cannot go on. str(error) is one line: what failed, where, why, what to do."""


class NoAnswer(SourceError):
    """A request was sent, or may have been, and no whole answer came: whether it was carried out is not known."""


class Address(Struct, frozen=True):
    """Where a workload's port is reached from here. how: as shown, "published port of 8001".

    relayed: what listens there always connects, whether or not anything listens behind it.
    """

    host: str
    port: int
    how: SafeText
    relayed: bool = False


class CommandResult(Struct, frozen=True):
    """What a command printed: exit code, output made safe and capped, seconds, bytes dropped."""

    exit_code: int
    output: SafeText
    seconds: float
    dropped: int = 0


class Source(Protocol):
    """Observes one engine, cluster or machine; its client refuses what would change it."""

    @property
    def name(self) -> str:
        """Unique among sources: the profile's name of the backend ("main")."""
        ...

    async def observe(self, emit: Emit) -> None:
        """Emit `Declared`, then `Listed`, changes, samples and `Heard` until cancelled.

        Raises SourceError when the connection is lost; the supervisor emits `Lost`, waits and calls it again.
        """
        ...

    def focus(self, visible: frozenset[Identity]) -> None:
        """Which workloads are on the screen: their numbers are measured often, others seldom."""
        ...

    def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        """Lines of one instance in batches, in order. Ends when the stream does; SourceError when it breaks."""
        ...

    async def inspect(self, identity: Identity) -> SafeText:
        """Everything the backend knows of a workload or instance, as text to read (secrets masked)."""
        ...

    async def address(self, workload: Workload, port: int) -> Address:
        """Where a port of a running instance is reached. SourceError says why it is not."""
        ...

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """Run a declared probe's command in an instance. Output capped at 64 KiB.

        environment: added to the instance's own; secrets go here, for argv is shown by `ps` and in events.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Operator(Protocol):
    """Changes workloads of one source. Only `mitigate` holds one."""

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """What may be done to this workload."""
        ...

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What the verb would do, as data. Reads only. PlanRefused says why it cannot be done."""
        ...

    async def check(self, operation: Operation) -> str:
        """Empty when the operation's precondition still holds, else the difference in one line."""
        ...

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        """Do one operation. Its outcome says only that it was accepted; whether it worked is observed."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
