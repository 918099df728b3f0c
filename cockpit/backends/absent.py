"""A backend that this version cannot observe: its services are unknown, and the header says why."""

from collections.abc import AsyncIterator, Mapping, Sequence

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.text import safe
from cockpit.board.update import Declared, Lost
from cockpit.logs.line import LogRequest, RawLine

RETRY = 3600.0


class AbsentSource:
    """A `Source` that is always lost."""

    def __init__(self, name: str, kind: str, clock: Clock) -> None:
        self._name, self._kind, self._clock = name, kind, clock

    @property
    def name(self) -> str:
        """The profile's name of the backend."""
        return self._name

    @property
    def _why(self) -> SafeText:
        return safe(f"backend {self._name}: {self._kind} cannot be observed by this version of the cockpit")

    async def observe(self, emit: Emit) -> None:
        """Say that it is lost, and stay so."""
        now = self._clock.now()
        label = safe(f"{self._kind}:{self._name}")
        emit(Declared(source=self._name, at=now, label=label, kind=self._kind, interval=RETRY))
        emit(Lost(source=self._name, at=now, why=self._why))
        while True:
            await self._clock.sleep(RETRY)

    def focus(self, visible: frozenset[Identity]) -> None:
        """Nothing is measured."""

    async def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        """SourceError."""
        if self._why:
            raise SourceError(self._why)
        yield ()

    async def inspect(self, identity: Identity) -> SafeText:
        """SourceError."""
        raise SourceError(self._why)

    async def address(self, workload: Workload, port: int) -> Address:
        """SourceError."""
        raise SourceError(self._why)

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """SourceError."""
        raise SourceError(self._why)

    async def close(self) -> None:
        """Nothing is open."""
