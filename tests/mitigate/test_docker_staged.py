"""A staged action on a real Docker Engine: it fails at one half and steps back; its smoke checks come last."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.assemble import assemble
from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import Freshness, Phase, State
from cockpit.board.snapshot import Snapshot
from cockpit.engine.engine import Engine
from cockpit.engine.port import MakePlan, Perform
from cockpit.profile.load import loads
from tests.frames import framed
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

pytestmark = pytest.mark.docker

PROFILE = """\
version: 1
name: shop
services:
  web:
    tier: 3
    workloads: [{{container: web}}]
    probes:
      share: {{kind: exec, argv: [sh, -c, 'test "$(tail -n 1 /story)" != "share {broken}"'], every: 2s, timeout: 2s}}
    actions:
      shift:
        stages: [10, 50, 100]
        steps:
          - exec: [sh, -c, 'echo "share $COCKPIT_STAGE" >> /story']
            title: shift the share
            after: share
            timeout: 15s
            deadline: {deadline}s
            undo: {{exec: [sh, -c, 'echo "back from $COCKPIT_STAGE" >> /story'], title: shift it back}}
    smoke:
      - {{exec: [sh, -c, 'echo smoke >> /story; tail -n 2 /story'], matches: share 100, title: the last share}}
backends:
  main: {{kind: docker, host: "{host}"}}
"""


class Cockpit:
    """An engine on one container."""

    def __init__(self, engine: Engine, now: Snapshot) -> None:
        self.engine = engine
        (service,) = now.services
        (self.workload,) = (one.id for one in service.workloads)

    async def shift(self) -> Plan:
        made: Plan = await self.engine.submit(MakePlan(verb="shift", service="web", workload=self.workload))
        return replace(made, hold=1.0)

    async def perform(self, plan: Plan) -> Verdict:
        verdict: Verdict = await self.engine.submit(Perform(plan=plan, typed_name="web"))
        return verdict


def well(now: Snapshot) -> bool:
    live = all(source.freshness is Freshness.LIVE for source in now.sources)
    running = [one for service in now.services for work in service.workloads for one in work.instances]
    return live and [one.phase for one in running] == [Phase.RUNNING] and now.services[0].state is State.OK


@asynccontextmanager
async def opened(docker: DockerEngine, directory: Path, broken: int, deadline: float) -> AsyncIterator[Cockpit]:
    """A cockpit on a container whose service breaks at one share. deadline: seconds that each step has."""
    docker.run("web")
    docker.cli("exec", "web", "sh", "-c", "echo begin > /story")
    loaded = loads(PROFILE.format(host=docker.url, broken=broken, deadline=deadline), "p.yaml", os.environ)
    assert loaded.profile is not None, loaded.errors
    engine = Engine(assemble(loaded.profile, "shop", state_dir=directory, who="tester", host=False))
    engine.start()
    try:
        yield Cockpit(engine, await engine.board_until(well, PATIENCE))
    finally:
        await asyncio.to_thread(engine.stop)


def story(docker: DockerEngine) -> list[str]:
    return docker.cli("exec", "web", "cat", "/story").splitlines()


async def test_it_fails_at_one_half_and_steps_back(docker_clean: DockerEngine, tmp_path: Path) -> None:
    async with opened(docker_clean, tmp_path, broken=50, deadline=15) as cockpit:
        plan = await cockpit.shift()
        assert [one.title for one in plan.operations] == [f"{stage} %: shift the share" for stage in (10, 50, 100)]
        verdict = await cockpit.perform(plan)
        assert verdict.result == "did not work"
        assert story(docker_clean) == ["begin", "share 10", "share 50", "back from 50", "back from 10"]
        assert [line for line in verdict.evidence if "back" in line] == [
            "50 %: shift it back: taken back", "10 %: shift it back: taken back",
        ]  # fmt: skip
        frame = await framed(cockpit.engine, lambda now: any(one.kind == "verdict" for one in now.timeline))
        results = [one.text for one in frame.timeline if one.kind == "result"]
        assert [text.partition(": accepted")[0] for text in results] == [
            "step 1 of 3: 10 %: shift the share", "step 2 of 3: 50 %: shift the share",
            "stepping back: 50 %: shift it back: taken back", "stepping back: 10 %: shift it back: taken back",
        ]  # fmt: skip
        (last,) = (one for one in frame.timeline if one.kind == "verdict")
        assert [value for name, value in last.facts if name == "not done"] == ["100 %: shift the share"]
        assert frame.temporary == ()


async def test_all_stages_hold_and_the_smoke_check_comes_last(docker_clean: DockerEngine, tmp_path: Path) -> None:
    async with opened(docker_clean, tmp_path, broken=0, deadline=PATIENCE) as cockpit:
        verdict = await cockpit.perform(await cockpit.shift())
        assert verdict.result == "worked", verdict.evidence
        assert story(docker_clean) == ["begin", "share 10", "share 50", "share 100", "smoke"]
        assert any(line.startswith("smoke the last share: exit 0") for line in verdict.evidence)
