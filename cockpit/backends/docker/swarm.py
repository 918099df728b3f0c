"""Watches a Swarm manager's services and tasks: polled, because tasks of other nodes send no events."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.fleet import Fleet
from cockpit.backends.docker.swarm_shape import views
from cockpit.backends.docker.version import Version
from cockpit.backends.docker.wire import Info, SwarmInfo, Wire
from cockpit.backends.docker.wire_swarm import Service, Task

POLL_EVERY = 5.0
ROLE_EVERY = 30.0
"""A worker that is made a manager is told of it by no event that it is sure to see."""
SETTLE = 0.2
"""Seconds after an event in which several of them become one poll."""
PATIENCE = 3
"""Polls that may fail in a row before what they told is no longer believed."""
STATUS: Version = (1, 41)
_NO_MANAGER = frozenset({406, 503})


class _Description(Wire, frozen=True):
    hostname: str = ""


class _Node(Wire, frozen=True):
    id: str = msgspec.field(name="ID")
    description: _Description = _Description()


class SwarmWatch:
    """Tells the fleet what the manager says. changed: called after each poll."""

    def __init__(self, client: EngineClient, fleet: Fleet, info: Info, changed: Callable[[], None]) -> None:
        self._client, self._fleet, self._changed = client, fleet, changed
        self._swarm = info.swarm or SwarmInfo()
        self._news = asyncio.Event()
        self._failed = 0
        self._nodes: dict[str, str] = {}

    def poke(self, kind: str) -> None:
        """An event of this kind came: ask soon, and after one of a node ask who is who too."""
        if kind == "node":
            self._nodes = {}
        self._news.set()

    async def first(self) -> None:
        """The first poll, so that the first list is whole."""
        if self._swarm.control_available:
            await self._poll()

    async def run(self) -> None:
        """Poll while the engine is a manager; ask seldom whether it became one while it is none."""
        clock = self._client.clock
        while True:
            await self._next()
            await clock.sleep(SETTLE if self._news.is_set() else 0)
            self._news.clear()
            if not self._swarm.control_available:
                self._swarm = (await self._client.get("/info", Info)).swarm or SwarmInfo()
            if self._swarm.control_available:
                await self._poll()

    async def _next(self) -> None:
        """The next event, or the moment to look without one."""
        manager = self._swarm.control_available
        quiet = self._fleet.swarm == {} and not self._failed if manager else self._swarm.local_node_state == "inactive"
        if quiet:  # whatever there is to see begins with an event
            await self._news.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with self._client.clock.timeout(POLL_EVERY if manager else ROLE_EVERY):
                await self._news.wait()

    async def _poll(self) -> None:
        try:
            await self._ask()
            self._failed = 0
        except SourceError as error:
            # Containers of this engine are known without the manager: only what it alone tells is lost.
            self._failed += 1
            if self._failed >= PATIENCE:
                self._fleet.swarm_lost(f"the swarm cannot be asked: {error}")
            if isinstance(error, EngineAnswer) and error.status in _NO_MANAGER:
                self._swarm = (await self._client.get("/info", Info)).swarm or SwarmInfo()
                if not self._swarm.control_available:
                    self._fleet.set_swarm(None)
        self._changed()

    async def _ask(self) -> None:
        client = self._client
        status = {"status": "true"} if await client.connect() >= STATUS else None
        services = await client.get("/services", list[Service], status)
        if not services:
            self._fleet.set_swarm({})
            return
        meant = msgspec.json.encode({"desired-state": ["running", "ready", "accepted"]}).decode()
        tasks = await client.get("/tasks", list[Task], {"filters": meant})
        if not self._nodes:
            with contextlib.suppress(SourceError):
                self._nodes = {one.id: one.description.hostname for one in await client.get("/nodes", list[_Node])}
        tasks += await self._attempts(services, tasks)
        found = views(services, tasks, self._nodes, self._swarm.node_id, self._fleet.scope)
        self._fleet.set_swarm(found)

    async def _attempts(self, services: list[Service], tasks: list[Task]) -> list[Task]:
        """Earlier tasks of services in which not every task runs: they say why."""
        troubled = {task.service_id for task in tasks if task.status.state != "running"}
        wanted = [service.id for service in services if service.id in troubled]
        if not wanted:
            return []
        query = {"service": wanted[:50], "desired-state": ["shutdown"]}
        return await self._client.get("/tasks", list[Task], {"filters": msgspec.json.encode(query).decode()})
