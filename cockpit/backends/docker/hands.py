"""What every maneuver works with: the operator's client, the containers of a workload, where a plan is carried out."""

import asyncio
import shlex
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.endpoint import DEFAULT_SOCKET
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.plan import Site
from cockpit.backends.docker.wire import Container, Info
from cockpit.backends.evidence import Evidence
from cockpit.backends.history import UNKNOWN, History
from cockpit.board.clock import Clock
from cockpit.board.model import Workload
from cockpit.board.text import safe

AT_ONCE = 4
Json = dict[str, Any]
"""An answer whole, for what is sent back changed in one place."""


class Hands:
    """Reads and changes one engine; one for each operator."""

    def __init__(self, client: EngineClient, evidence: Evidence | None = None) -> None:
        """evidence: where what is known of a container is kept before it goes; None: nowhere."""
        self.client, self.evidence = client, evidence
        self.history: History = UNKNOWN
        """What workloads ran before now."""

    @property
    def clock(self) -> Clock:
        """The injected clock."""
        return self.client.clock

    async def container(self, container: str) -> Container:
        """One container, inspected. EngineAnswer with status 404 when it is gone."""
        return await self.client.get(f"/containers/{container}/json", Container)

    async def whole(self, path: str) -> Json:
        """An object with all of its fields."""
        found = msgspec.json.decode(await self.client.raw(path))
        if not isinstance(found, dict):
            raise SourceError(f"{self.client.where}: its answer to {path} is no object")
        return found

    async def containers(self, workload: Workload) -> Sequence[Container]:
        """All containers of a workload that still exist, in its order."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(container: str) -> Container | None:
            async with slots:
                try:
                    return await self.container(container)
                except EngineAnswer as error:
                    if error.status == 404:
                        return None
                    raise

        found = await asyncio.gather(*(one(instance.id.instance) for instance in workload.instances))
        return [container for container in found if container is not None]

    async def site(self, workload: Workload) -> Site:
        """Where a plan for this workload is carried out. SourceError: the address leads to another engine now."""
        info = await self.client.get("/info", Info)
        url = self.client.endpoint.url if self.client.endpoint else ""
        if workload.id.scope not in (info.id, url):
            raise SourceError(
                f"{self.client.where} is another engine now ({info.name}) than the one that {workload.id.name} runs on"
            )
        about = (("host", safe(info.name, 255)), ("address", safe(url, 255)))
        flags = "" if url == f"unix://{DEFAULT_SOCKET}" else f"-H {shlex.quote(url)} "
        return Site((*workload.where[:1], *about, *workload.where[1:]), flags, self.clock.now())
