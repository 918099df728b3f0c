"""The demo as a source: it observes over the host's socket, reads logs, and changes nothing."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import cast

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.backends.history import Ran
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Phase, SafeText, Workload
from cockpit.board.revision import Revision
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe, safe_block
from cockpit.board.update import Changed, Declared, Heard, Listed, Sampled
from cockpit.demo.client import DemoClient, DemoError, Facts
from cockpit.demo.describe import describe, learn
from cockpit.demo.fleet import LABEL, PORTS, Fleet
from cockpit.demo.logs import read_logs
from cockpit.demo.revisions import revisions
from cockpit.demo.told import InstanceTold, PlatformTold, ServiceTold, StatsTold, read
from cockpit.demo.usage import Meter
from cockpit.logs.line import LogRequest, RawLine

MEASURE_EVERY, FIRST_AGAIN = 2.0, 0.7
SPEAK = 3.0
"""Declared: a little more than the measuring takes on a busy machine, so stale after 6 s of silence."""
OTHERS_EVERY = 5
"""What is not on the screen is measured so many times less often."""
_UP = frozenset({Phase.RUNNING, Phase.STARTING, Phase.PAUSED})

FindSocket = Callable[[], str]
"""Where the host's socket is. SourceError when no demo runs."""


class DemoSource:
    """A `Source` of one demo host. Its requests are `list`, `watch`, `stats` and `logs`, which only read."""

    def __init__(self, name: str, socket: str | FindSocket, clock: Clock, secrets: Secrets | None = None) -> None:
        self._name, self._clock, self._secrets = name, clock, secrets or Secrets()
        self._socket = socket
        self._fleet = Fleet(name, "")
        self._meter = Meter()
        self._shown: frozenset[Identity] | None = None
        self._hurry, self._known = asyncio.Event(), asyncio.Event()

    @property
    def name(self) -> str:
        """The profile's name of the backend."""
        return self._name

    async def observe(self, emit: Emit) -> None:
        """Emit the platform, what changes in it, and numbers. SourceError when the host is gone."""
        emit(Declared(source=self._name, at=self._clock.now(), label=LABEL, kind="demo", interval=SPEAK))
        client = self._client()
        scope = os.path.basename(os.path.dirname(self._path()))
        self._fleet, self._meter = Fleet(self._name, scope, self._secrets.mask), Meter()
        self._known.clear()
        works = [self._follow(client, emit), self._measure(client, emit), self._relist(client, emit)]
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except DemoError as error:
            raise SourceError(str(error)) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        raise SourceError("the demo host ended its stream: start the demo again")

    def focus(self, visible: frozenset[Identity]) -> None:
        """Which workloads are on the screen."""
        self._shown = visible

    async def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        """Lines of one instance. SourceError when the stream breaks."""
        try:
            async for batch in read_logs(self._client(), request):
                yield batch
        except DemoError as error:
            raise SourceError(str(error)) from None

    async def inspect(self, identity: Identity) -> SafeText:
        """All that the host knows of a service with its instances, or of one instance."""
        facts = await self._request("list")
        wanted = identity.instance
        kept: Facts = {
            "service": [one for one in facts["services"] if one["name"] == identity.name],
            "instances": [
                one for one in facts["instances"] if one["service"] == identity.name and wanted in ("", one["name"])
            ],
        }
        if not kept["service"]:
            raise SourceError(f"{identity.name}: the demo has no such service")
        return self._secrets.mask(safe_block(describe(kept)))

    async def revisions(self, workload: Workload, past: Sequence[Ran]) -> tuple[Revision, ...]:
        """The releases that it runs and ran."""
        return revisions(read(await self._request("list"), PlatformTold), workload)

    async def address(self, workload: Workload, port: int) -> Address:
        """Where a service's port is: its first running instance's, on this machine."""
        kind = PORTS.get(port)
        if kind is None:
            raise SourceError(f"{workload.id.name}: a service of the demo has port 80 (http) or 5432 (db), not {port}")
        up = [one for one in workload.instances if one.phase in _UP]
        if not up:
            raise SourceError(f"{workload.id.name}: no instance runs")
        chosen = next((one for one in up if one.phase is Phase.RUNNING), up[0])
        found = next((one.host_port for one in chosen.ports if one.number == port), None)
        if found is None:
            raise SourceError(f"{workload.id.name} has no port {port} ({kind})")
        return Address("127.0.0.1", found, safe(f"{kind} port of {chosen.name}"))

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """SourceError: there is no inside to run it in."""
        raise SourceError(f"{identity.name}: a service of the demo has no inside; declare the probe as http or tcp")

    def relist(self) -> None:
        """Ask for everything again now."""
        self._hurry.set()

    async def close(self) -> None:
        """Nothing is kept open."""

    def _path(self) -> str:
        return self._socket if isinstance(self._socket, str) else self._socket()

    def _client(self) -> DemoClient:
        return DemoClient(self._path(), self._clock)

    async def _request(self, op: str) -> Facts:
        try:
            return await self._client().request(op)
        except DemoError as error:
            raise SourceError(str(error)) from None

    async def _follow(self, client: DemoClient, emit: Emit) -> None:
        stream = cast(AsyncGenerator[Facts, None], client.stream("watch"))
        async with aclosing(stream) as events:
            async for event in events:
                if event.get("type") == "lost":
                    await self._list(client, emit)
                else:
                    self._take(event, emit)

    def _take(self, event: Facts, emit: Emit) -> None:
        """One event of the host; kinds that say nothing of workloads (faults, sweeps) are passed over."""
        kind, fleet = event.get("type"), self._fleet
        if kind == "snapshot":
            self._listed(event, emit)
        elif kind == "service":
            told = read(event["service"], ServiceTold)
            learn(told.env, self._secrets)
            self._changed(fleet.took_service(told), emit)
        elif kind == "instance":
            self._changed(fleet.took_instance(read(event["instance"], InstanceTold)), emit)
        elif kind == "removed":
            name, service = str(event["instance"]), str(event["service"])
            self._meter.forget({fleet.identity(service, name)})
            self._changed(fleet.removed(name, service), emit)

    def _changed(self, workload: Workload | None, emit: Emit) -> None:
        if workload is not None:
            emit(Changed(source=self._name, at=self._clock.now(), workload=workload))

    def _listed(self, facts: Facts, emit: Emit) -> None:
        platform = read(facts, PlatformTold)
        for service in platform.services:
            learn(service.env, self._secrets)
        emit(Listed(source=self._name, at=self._clock.now(), workloads=self._fleet.listed(platform)))
        self._known.set()

    async def _list(self, client: DemoClient, emit: Emit) -> None:
        self._listed(await client.request("list"), emit)

    async def _relist(self, client: DemoClient, emit: Emit) -> None:
        while True:
            await self._hurry.wait()
            self._hurry.clear()
            await self._list(client, emit)

    async def _measure(self, client: DemoClient, emit: Emit) -> None:
        await self._known.wait()
        turn = 0
        while True:
            stats = read(await client.request("stats"), StatsTold)
            samples = self._meter.read(stats, self._measured(everything=turn < 2 or turn % OTHERS_EVERY == 0))
            now = self._clock.now()
            emit(Sampled(source=self._name, at=now, samples=samples) if samples else Heard(source=self._name, at=now))
            turn += 1
            # A rate needs two measurements: the second comes soon.
            await self._clock.sleep(FIRST_AGAIN if turn == 1 else MEASURE_EVERY)

    def _measured(self, *, everything: bool) -> dict[str, tuple[Identity, int | None]]:
        wanted: dict[str, tuple[Identity, int | None]] = {}
        for workload in self._fleet.workloads():
            if everything or self._shown is None or workload.id in self._shown:
                for one in workload.instances:
                    told = self._fleet.told(one.id.instance)
                    wanted[one.id.instance] = (one.id, told.pid if told else None)
        return wanted
