"""Observes one engine for as long as the connection holds: a list for truth, events for what happens, a ping beside.

The event stream is opened before the list is asked for, so nothing falls between the two.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from cockpit.backends.base import Emit, SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.details import LATER, URGENT, Details
from cockpit.backends.docker.events import event_query, read_events
from cockpit.backends.docker.fleet import Fleet, Mask
from cockpit.backends.docker.group import Known, Place
from cockpit.backends.docker.shape import ALIVE, SWARM_SERVICE
from cockpit.backends.docker.stats import Sampler
from cockpit.backends.docker.swarm import SwarmWatch
from cockpit.backends.docker.times import from_nanoseconds
from cockpit.backends.docker.wire import ContainerRow, Event, Info
from cockpit.backends.together import together
from cockpit.board.model import Health, Identity, Phase, SafeText, Workload
from cockpit.board.update import Changed, Gone, Heard, Listed

PING_EVERY = 10.0
"""A hung daemon is noticed within this and the ping's own five seconds."""
LIST_EVERY = 30.0
AGAIN_EVERY = 15.0
"""Containers that are unhealthy are inspected so often for their last output: it changes without an event."""
WAITING_EVERY = 3.0
"""Containers that wait for their next start are inspected so often: who is killed then ends without an event."""
PATIENCE, EXTRA = 0.3, 0.12
"""Seconds that the first list waits for inspections: of what is wrong, so that it says at once why; then of the rest,
some 80 containers' worth, so that it says since when."""
GATHER = 0.02


class Observation:
    """One connection's worth of observing."""

    def __init__(
        self,
        source: str,
        label: SafeText,
        client: EngineClient,
        project: str,
        emit: Emit,
        shown: Callable[[], frozenset[Identity]],
        mask: Mask,
    ) -> None:
        """shown: which workloads are on the screen now. mask: takes secrets out of text."""
        self._source, self._label, self._client, self._emit = source, label, client, emit
        self._project, self._shown, self._mask = project, shown, mask
        self._clock = client.clock
        self._dirty, self._hurry = asyncio.Event(), asyncio.Event()
        self.fleet = Fleet(Place(source, "", ()))
        self.details = Details(client, self.fleet, self._dirty.set)
        self.info = Info()
        self._swarm = SwarmWatch(client, self.fleet, self.info, self._dirty.set)

    async def run(self) -> None:
        """Emit until the connection is lost: SourceError."""
        self.info = await self._client.get("/info", Info)
        scope = self.info.id or (self._client.endpoint.url if self._client.endpoint else self._source)
        place = Place(self._source, scope, (("engine", self._label),))
        self.fleet = Fleet(place, self._project, self._mask)
        self.details = Details(self._client, self.fleet, self._dirty.set)
        async with self._client.stream("/events", event_query()) as answer:
            rows = await self._rows()
            self._swarm = SwarmWatch(self._client, self.fleet, self.info, self._dirty.set)
            sampler = Sampler(self._source, self._client, self.fleet, self._emit, self._shown)
            await together(
                self._follow(answer.aiter_raw()),
                self.details.run(),
                self._begin(rows),
                self._ping(),
                self._watch(),
                self._watch_waiting(),
                sampler.run(),
                self._swarm.run(),
            )

    def relist(self) -> None:
        """List and inspect everything again now."""
        self.fleet.distrust()
        self._hurry.set()

    async def _rows(self) -> list[ContainerRow]:
        return await self._client.get("/containers/json", list[ContainerRow], {"all": 1})

    async def _begin(self, rows: list[ContainerRow]) -> None:
        """The first list, then what is new, as it becomes known."""
        self.fleet.listed(rows)
        self.details.ask((known.row.id for known in self.fleet.known() if is_wrong(known)), URGENT)
        await self._swarm.first()
        await self._settle(PATIENCE)
        self.details.ask((known.row.id for known in self.fleet.known() if not known.detailed), LATER)
        await self._settle(EXTRA)
        rough = self._list()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if rough and not self.details.waits:
                rough = self._list()
            self._tell()
            await self._clock.sleep(GATHER)
            if self.fleet.waits:
                self._dirty.set()

    def _list(self) -> bool:
        """Tell all of it. Whether details are still being asked for: then it is told again."""
        rough = self.details.waits
        self._emit(Listed(source=self._source, at=self._clock.now(), workloads=self.fleet.everything(), rough=rough))
        return rough

    async def _settle(self, patience: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(patience):
                await self.details.settled()

    def _tell(self) -> None:
        now = self._clock.now()
        for one in self.fleet.news(self._clock.monotonic()):
            if isinstance(one, Workload):
                self._emit(Changed(source=self._source, at=now, workload=one))
            else:
                self._emit(Gone(source=self._source, at=now, id=one))

    async def _follow(self, parts: Any) -> None:
        async for event in read_events(parts):
            self._take(event)
        raise SourceError(f"{self._client.where}: the event stream ended: the daemon ended or restarts")

    def _take(self, event: Event) -> None:
        attributes = event.actor.attributes or {}
        if event.type in ("service", "node") or SWARM_SERVICE in attributes:
            self._swarm.poke(event.type)
        if event.type == "network":  # joined or left: its addresses are others now
            container, action = attributes.get("container", ""), "network"
        else:
            container, action = event.actor.id if event.type == "container" else "", event.action
        if not container or (event.type == "network" and container not in self.fleet):
            return
        at = from_nanoseconds(event.time_nano) if event.time_nano else self._clock.now()
        if self.fleet.happened(action, container, attributes, at, self._clock.monotonic()):
            self.details.ask((container,), URGENT)
        self._dirty.set()

    async def _ping(self) -> None:
        while True:
            await self._clock.sleep(PING_EVERY)
            await self._client.ping()
            self._emit(Heard(source=self._source, at=self._clock.now()))

    async def _watch(self) -> None:
        """Lists again, for what events did not tell, and looks again at what is wrong."""
        listed = self._clock.monotonic()
        while True:
            self._hurry.clear()
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(AGAIN_EVERY):
                    await self._hurry.wait()
            if self._hurry.is_set() or self._clock.monotonic() - listed >= LIST_EVERY - 1:
                listed = self._clock.monotonic()
                self.details.ask(self.fleet.listed(await self._rows()))
                self._dirty.set()
                self._emit(Heard(source=self._source, at=self._clock.now()))
            self.details.ask(known.row.id for known in self.fleet.known() if known.instance.health is Health.UNHEALTHY)

    async def _watch_waiting(self) -> None:
        while True:
            await self._clock.sleep(WAITING_EVERY)
            self.details.ask(known.row.id for known in self.fleet.known() if known.instance.phase is Phase.RESTARTING)


def is_wrong(known: Known) -> bool:
    """Whether its reason is worth waiting for."""
    instance = known.instance
    return instance.phase not in ALIVE or instance.health in (Health.UNHEALTHY, Health.STARTING)
