"""What the composition root hands to the engine: everything it starts, made on the engine's own thread and loop."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from cockpit.backends.base import Address, Emit, Operator, Source
from cockpit.backends.change import Plan, Verb
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Workload
from cockpit.board.secrets import Secrets
from cockpit.engine.follow import Read
from cockpit.profile.schema import Profile

Resolve = Callable[[str, int], Awaitable[Address]]
"""(service, port) -> where that port of one of its running instances is reached; SourceError says why it is not."""


class Runner(Protocol):
    """Something that runs until it is cancelled: probes, the host's facts, a replay."""

    async def run(self) -> None:
        """Run until cancelled."""
        ...


class Context(Struct, frozen=True):
    """What a part is made with."""

    profile: Profile
    clock: Clock
    secrets: Secrets
    emit: Emit
    resolve: Resolve
    sources: Mapping[str, Source]
    instance_of: Callable[[str], tuple[Source, Instance] | None]
    environ: Mapping[str, str]


class Faults(Protocol):
    """The demo's faults."""

    async def faults(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, description, active) of each."""
        ...

    async def inject(self, name: str, on: bool) -> None:
        """Start or end one; CommandError when it cannot."""
        ...


class BackendPart(Struct, frozen=True):
    """One backend of the profile: how its source and operator are made (heavy imports happen inside)."""

    name: str
    source: Callable[[Clock, Secrets], Source]
    operator: Callable[[Clock, Secrets], Operator] | None = None


class Declared(Operator, Protocol):
    """The operator of what the profile declares for its services, by their keys."""

    def offered(self, service: str, workload: Workload) -> tuple[Verb, ...]:
        """What the profile declares for a service and for what runs it."""
        ...

    def finished(self, made: Plan, workload: Workload, *, alive: bool) -> Plan:
        """A plan with what the profile wants verified. alive: the service is to answer afterwards."""
        ...


PlanVerb = Callable[[str, Workload, dict[str, str]], Awaitable[Plan]]
"""Plans a verb of the workload's own backend. PlanRefused."""

Seen = Callable[[Identity], Workload | None]
"""A workload as the board shows it now."""


class Parts(Struct, frozen=True, kw_only=True):
    """The whole composition. replay: the engine's input comes from a recording and nothing is watched or changed."""

    profile: Profile
    profile_name: str
    backends: tuple[BackendPart, ...] = ()
    runners: tuple[Callable[[Context], Runner], ...] = ()
    state_dir: Path | None = None
    """Where the journal is; None: entries are held in memory and the screen says so."""
    who: str = ""
    read_only: str = ""
    record: Path | None = None
    faults: Faults | None = None
    files: Callable[[Clock], Read] | None = None
    """Makes what reads the log files that the profile declares; None: they are not followed."""
    demo: bool = False
    replay: str = ""
    rows_within: float = 0.0
    """Seconds for which the record and the runners wait for rows on the screen: importing them takes longer than the
    rows do. 0: nobody waits."""
    declared: tuple[str, Callable[[Context, PlanVerb, Seen], Declared]] | None = None
    """Under which source the profile's own calls and actions are performed, and how their operator is made."""
    environ: Mapping[str, str] = {}
