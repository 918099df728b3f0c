"""The whole engine on the emulated cluster, asked as the screen asks it: plan, policy, door, verdict, undo."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from cockpit.assemble import assemble
from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import Freshness, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.engine import Engine
from cockpit.engine.port import MakePlan, Perform, Require, Requirement, Verb, Verbs
from cockpit.mitigate.predicates import is_ready
from cockpit.profile.load import loads
from tests.patience import PATIENCE

HOLD = 0.3
"""Seconds that a good end must last: the emulated pods do nothing more."""
PROFILE = """\
version: 1
name: shop
backends:
  main: {kind: kubernetes, context: demo, namespace: shop}
services:
  web: {tier: 1, workloads: [{deployment: web}], depends_on: [checkout]}
  checkout: {tier: 2, workloads: [{deployment: checkout}], depends_on: [payments]}
  payments: {tier: 3, workloads: [{deployment: payments}]}
  catalog: {tier: 4, workloads: [{deployment: catalog}]}
"""


class Whole:
    """An engine; each service has the one workload of its name."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def sees(self, name: str) -> Workload:
        """The workload of a service, once its live source shows it whole."""
        return await self.shows(name, _whole)

    async def shows(self, name: str, holds: Callable[[Workload], object]) -> Workload:
        """The workload of a service, once `holds` is true of what its live source shows."""
        found: list[Workload] = []

        def shown(now: Snapshot) -> bool:
            live = bool(now.sources) and all(one.freshness is Freshness.LIVE for one in now.sources)
            found[:] = [one for one in _workloads(now.services, name) if holds(one)] if live else []
            return bool(found)

        await self.engine.board_until(shown, PATIENCE)
        (workload,) = found
        return workload

    async def verbs(self, name: str) -> dict[str, Verb]:
        """What is offered."""
        found: tuple[Verb, ...] = await self.engine.submit(Verbs((await self.sees(name)).id))
        return {one.name: one for one in found}

    async def planned(self, verb: str, name: str, **arguments: str) -> Plan:
        """The plan of a verb on a workload that is whole, judged after a short hold."""
        return await self.planned_on(await self.sees(name), verb, name, **arguments)

    async def planned_on(self, target: Workload, verb: str, name: str, **arguments: str) -> Plan:
        """The same on a workload as it is, however many of its pods there are."""
        given = tuple((key.replace("_", "-"), value) for key, value in arguments.items())
        made: Plan = await self.engine.submit(MakePlan(verb=verb, service=name, workload=target.id, arguments=given))
        return replace(made, hold=HOLD)

    async def done(self, made: Plan) -> Verdict:
        """Confirmed as the policy wants."""
        needed: Requirement = await self.engine.submit(Require(made))
        verdict: Verdict = await self.engine.submit(Perform(plan=made, typed_name=needed.type_name))
        return verdict

    async def works(self, made: Plan) -> Verdict:
        """Do it; it worked."""
        verdict = await self.done(made)
        assert verdict.result == "worked", verdict
        return verdict

    async def undone(self, made: Plan) -> Plan:
        """What U does: the inverse of its last operation that has one, planned, done and seen to work."""
        inverse = next(one.inverse for one in reversed(made.operations) if one.inverse is not None)
        back = await self.planned(inverse[0], made.service, **dict(inverse[1]))
        await self.works(back)
        return back


@asynccontextmanager
async def engine_on(profile: str, folder: Path) -> AsyncIterator[Whole]:
    """A cockpit on a profile, ended at the end. KUBECONFIG stands in the environment."""
    loaded = loads(profile, "shop.yaml", os.environ)
    assert loaded.profile is not None, loaded.errors
    engine = Engine(assemble(loaded.profile, "shop", state_dir=folder / "state", who="oncall", host=False))
    engine.start()
    try:
        yield Whole(engine)
    finally:
        await asyncio.to_thread(engine.stop)


def _workloads(services: tuple[ServiceStatus, ...], name: str) -> list[Workload]:
    return [work for one in services if one.name == name for work in one.workloads]


def _whole(one: Workload) -> bool:
    ready = sum(map(is_ready, one.instances))
    return bool(one.generation) and not one.rollout and ready == len(one.instances) == one.desired
