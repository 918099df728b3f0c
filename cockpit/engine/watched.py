"""The sources that are watched: each begun, kept going, told what is on the screen, and found by what it observes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from cockpit.backends.base import Address, Emit, Source, SourceError
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Phase, SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.board.update import Declared, Lost
from cockpit.engine.notices import Notices
from cockpit.engine.parts import BackendPart, Parts
from cockpit.engine.supervise import supervise
from cockpit.probes.ask import NO_INSTANCE

_RUNNING = frozenset({Phase.RUNNING, Phase.STARTING, Phase.PAUSED})


class Watched:
    """The sources by their names. One that fails or cannot even be made is lost, and stops no other."""

    def __init__(
        self, parts: Parts, board: Board, clock: Clock, secrets: Secrets, emit: Emit, notices: Notices
    ) -> None:  # fmt: skip
        self._parts, self._board, self._clock, self._secrets = parts, board, clock, secrets
        self._emit, self._notices = emit, notices
        self.sources: dict[str, Source] = {}
        self._hurry = asyncio.Event()
        self._focused: frozenset[str] = frozenset()
        self._told: dict[str, frozenset[Identity]] = {}

    def begin(self) -> Iterator[Coroutine[Any, Any, None]]:
        """Make a source of each backend; what keeps each going until it is cancelled."""
        for part in self._parts.backends:
            source = self._made(part)
            if source is not None:
                self.sources[part.name] = source
                yield self._watch(source)

    def _made(self, part: BackendPart) -> Source | None:
        try:
            return part.source(self._clock, self._secrets)
        except Exception as error:
            backend = self._parts.profile.backends.get(part.name)
            now, kind = self._clock.now(), backend.kind if backend else "none"
            self._emit(Declared(source=part.name, at=now, label=safe(part.name), kind=kind, interval=3600.0))
            self._emit(Lost(source=part.name, at=now, why=safe(f"cannot be started: {type(error).__name__}: {error}")))
            return None

    async def _watch(self, source: Source) -> None:
        def lost(why: SafeText) -> None:
            self._emit(Lost(source=source.name, at=self._clock.now(), why=why))

        def run() -> Awaitable[None]:
            return source.observe(self._emit)

        await supervise(run, lost, self._clock, self._hurry)

    def closing(self) -> list[Coroutine[Any, Any, None]]:
        """What closes each of them."""
        return [source.close() for source in self.sources.values()]

    def give_way(self, turn: Callable[[], Awaitable[None]]) -> None:
        """What the first rows do not need awaits `turn`, in sources that know what that is."""
        for name, source in self.sources.items():
            give_way = getattr(source, "give_way", None)
            if give_way is not None:
                self._notices.guarded(name, give_way, turn)

    def relist(self) -> None:
        """Ask every source for its whole truth again, and end waits for lost ones."""
        self._hurry.set()
        for name, source in self.sources.items():
            relist = getattr(source, "relist", None)
            if relist is not None:
                self._notices.guarded(name, relist)

    def focus(self, services: frozenset[str]) -> None:
        """Tell each source which of its workloads are on the screen."""
        self._focused = services
        self.look(self._board.snapshot())

    def look(self, snapshot: Snapshot) -> None:
        """Workloads come and go under the services on the screen: each source hears of it when its own differ."""
        visible = [w for s in (*snapshot.services, *snapshot.nodes) if s.key in self._focused for w in s.workloads]
        for name, source in self.sources.items():
            ids = frozenset(workload.id for workload in visible if workload.source == name)
            if self._told.get(name) != ids:
                self._told[name] = ids
                self._notices.guarded(name, source.focus, ids)

    def source_of(self, identity: Identity) -> Source:
        """The source that observes a workload or instance. SourceError when none does (any more)."""
        workload = self._board.workloads().get(identity.workload)
        source = self.sources.get(workload.source) if workload else None
        if source is None:
            raise SourceError(f"{identity.name}: it is not on the board any more")
        return source

    def running_instance(self, service: str) -> tuple[Source, Instance] | None:
        """One running instance of a service, and who observes it."""
        return next(((source, instance) for source, _, instance in self._running(service)), None)

    async def resolve(self, service: str, port: int) -> Address:
        """Where a port of a service is reached: asked of the backend that runs it. SourceError when nothing runs."""
        for source, workload, _ in self._running(service):
            return await source.address(workload, port)
        raise SourceError(NO_INSTANCE)

    def _running(self, service: str) -> Iterator[tuple[Source, Workload, Instance]]:
        """Running instances of a service, by its name or key, with who observes them."""
        for status in self._board.snapshot().services:
            if service not in (status.name, status.key):
                continue
            for workload in status.workloads:
                source = self.sources.get(workload.source)
                for instance in workload.instances:
                    if source is not None and instance.phase in _RUNNING:
                        yield source, workload, instance
