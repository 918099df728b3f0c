"""A source that a test speaks through."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Phase, SafeText, Workload
from cockpit.board.update import Changed, Declared, Listed
from cockpit.logs.line import LogRequest, RawLine

START = datetime(2026, 3, 1, 14, tzinfo=UTC)


def instance(name: str, number: int = 1, phase: Phase = Phase.RUNNING, started: float = 0, **more: object) -> Instance:
    return Instance(
        id=Identity("fake", "engine", "shop", "compose", name, f"{name}-{number}-id"),
        name=SafeText(f"{name}-{number}"),
        phase=phase,
        started_at=START + timedelta(seconds=started),
        **more,  # type: ignore[arg-type]
    )


def workload(name: str, *instances: Instance, source: str = "fake") -> Workload:
    return Workload(
        id=Identity("fake", "engine", "shop", "compose", name),
        source=source,
        instances=instances,
        desired=len(instances),
    )


class FakeSource:
    """Emits what the test puts in; its logs are queues that the test feeds, ends or breaks."""

    def __init__(self, clock: Clock, name: str = "fake", *workloads: Workload) -> None:
        self._name, self._clock, self.workloads = name, clock, list(workloads)
        self.emit: Emit | None = None
        self.observed = 0
        self.fail: asyncio.Event = asyncio.Event()
        self.requests: list[LogRequest] = []
        self.streams: dict[str, asyncio.Queue[Sequence[RawLine] | Exception | None]] = {}
        self.focused: frozenset[Identity] = frozenset()
        self.closed = False
        self.open_streams = 0

    @property
    def name(self) -> str:
        return self._name

    async def observe(self, emit: Emit) -> None:
        self.observed += 1
        self.emit = emit
        self.fail.clear()
        now = self._clock.now()
        emit(Declared(source=self._name, at=now, label=SafeText(f"fake:{self._name}"), kind="fake", interval=30))
        emit(Listed(source=self._name, at=now, workloads=tuple(self.workloads)))
        await self.fail.wait()
        raise SourceError("fake engine: connection lost")

    def change(self, changed: Workload) -> None:
        assert self.emit is not None
        self.emit(Changed(source=self._name, at=self._clock.now(), workload=changed))

    def focus(self, visible: frozenset[Identity]) -> None:
        self.focused = visible

    def stream(self, name: str) -> "asyncio.Queue[Sequence[RawLine] | Exception | None]":
        return self.streams.setdefault(name, asyncio.Queue())

    async def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        self.requests.append(request)
        queue = self.stream(request.instance.instance)
        self.open_streams += 1
        try:
            while True:
                item = await queue.get()
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.open_streams -= 1

    async def inspect(self, identity: Identity) -> SafeText:
        return SafeText(f"all of {identity.name}")

    async def address(self, workload: Workload, port: int) -> Address:
        return Address("127.0.0.1", port, SafeText("as it is"))

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        raise SourceError("nothing runs here")

    async def close(self) -> None:
        self.closed = True


def raw(second: float, text: str) -> RawLine:
    return RawLine(START + timedelta(seconds=second), "out", text.encode())
