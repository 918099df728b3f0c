"""A cockpit without a screen on a demo of its own: the engine, and what a responder would do with it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cockpit.backends.change import Plan, Verdict
from cockpit.board.clock import SystemClock
from cockpit.board.model import State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.demo.assemble import parts_on
from cockpit.demo.launch import DemoHost
from cockpit.engine.engine import Engine
from cockpit.engine.port import InjectFault, MakePlan, Perform
from tests.demo.platform import PACE, PatientClient, exists
from tests.patience import PATIENCE

SERVICES = ("cart", "catalog", "checkout", "gateway", "orders-db", "payments")


class DemoCockpit:
    """An engine on a demo. Everything is awaited on what the board shows."""

    def __init__(self, engine: Engine, host: DemoHost, client: PatientClient) -> None:
        self.engine, self.host, self.client = engine, host, client

    @property
    def snapshot(self) -> Snapshot:
        return self.engine.frame().snapshot

    def service(self, name: str) -> ServiceStatus:
        return next(one for one in self.snapshot.services if one.key == name)

    async def until(self, holds: Callable[[dict[str, ServiceStatus]], object], within: float = PATIENCE) -> Snapshot:
        """The first snapshot that `holds` is true of; what the board shows instead when it does not come."""
        try:
            return await self.engine.board_until(lambda now: bool(holds(by_name(now))), within)
        except TimeoutError:
            shown = [f"{one.key} {one.state}: {one.why}" for one in self.snapshot.services]
            raise AssertionError(f"not within {within:g} s; now " + "; ".join(shown)) from None

    async def all_ok(self, within: float = PATIENCE) -> None:
        await self.until(
            lambda now: set(now) == set(SERVICES) and all(one.state is State.OK for one in now.values()), within
        )

    async def inject(self, fault: str) -> None:
        await self.engine.submit(InjectFault(name=fault))

    async def plan(self, service: str, verb: str, **arguments: str) -> Plan:
        workload = self.service(service).workloads[0].id
        made: Plan = await self.engine.submit(
            MakePlan(verb=verb, service=service, workload=workload, arguments=tuple(arguments.items()))
        )
        return made

    async def do(self, service: str, verb: str, **arguments: str) -> Verdict:
        """Plan and perform, the name typed."""
        return await self.perform(await self.plan(service, verb, **arguments))

    async def perform(self, plan: Plan) -> Verdict:
        verdict: Verdict = await self.engine.submit(Perform(plan=plan, typed_name=plan.service))
        return verdict

    async def told(self, kind: str, words: str, within: float = PATIENCE) -> None:
        """Wait until an entry of this kind with these words stands in the timeline that the screen gets."""
        loop, new = asyncio.get_running_loop(), asyncio.Event()
        self.engine.wake_by(lambda: _set(loop, new))
        async with asyncio.timeout(within):
            while not any(one.kind == kind and words in one.text for one in self.engine.frame().timeline):
                await new.wait()
                new.clear()


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


def by_name(snapshot: Snapshot) -> dict[str, ServiceStatus]:
    return {service.key: service for service in snapshot.services}


@asynccontextmanager
async def opened(pace: float = PACE, **options: Any) -> AsyncGenerator[DemoCockpit]:
    """A demo with a cockpit on it, all ok; nothing of either is left afterwards. options: of `parts_on`."""
    clock = SystemClock()
    host = DemoHost.start(pace)
    await host.ready(clock)
    engine = Engine(parts_on(host.socket, machine=False, who="tester", **{"speed": 20.0, **options}))
    try:
        engine.start()
        cockpit = DemoCockpit(engine, host, PatientClient(host.socket, clock))
        await cockpit.all_ok()
        yield cockpit
    finally:
        await asyncio.to_thread(engine.stop)
        await host.close(clock)
        assert not exists(host.folder)
