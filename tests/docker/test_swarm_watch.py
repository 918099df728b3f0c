"""When a Swarm manager is asked, and what stays known while it does not answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cockpit.backends.docker.client import TIMEOUT, EngineClient
from cockpit.backends.docker.fleet import Fleet
from cockpit.backends.docker.group import Place
from cockpit.backends.docker.swarm import PATIENCE, POLL_EVERY, ROLE_EVERY, SwarmWatch
from cockpit.backends.docker.wire import Info, SwarmInfo
from cockpit.board.clock import ManualClock
from cockpit.board.model import Phase
from cockpit.profile.schema import Backend
from tests.docker.fake import Answer, FakeEngine
from tests.docker.recorded import FOLDER
from tests.docker.test_fleet import row
from tests.patience import PATIENCE as PATIENT

JSON = "application/json"
MANAGER = Info(swarm=SwarmInfo(local_node_state="active", control_available=True))
WORKER = Info(swarm=SwarmInfo(local_node_state="active"))
NEVER: Answer = (0, JSON, b"")


def answers() -> dict[str, Answer]:
    return {f"/{name}": (200, JSON, (FOLDER / f"{name}.1.41.json").read_bytes()) for name in ("services", "tasks")}


class Watched:
    """A watch that runs, the engine that it asks and the fleet that it tells."""

    def __init__(self, engine: FakeEngine, answers: dict[str, Answer], info: Info) -> None:
        self.engine, self.answers, self.clock = engine, answers, ManualClock()
        backend = Backend(kind="docker", host=engine.url)
        self.client = EngineClient("main", backend, self.clock, read_only=True, environ={})
        self.fleet = Fleet(Place("main", "engine", ()))
        self.polled = asyncio.Event()
        self.watch = SwarmWatch(self.client, self.fleet, info, self.polled.set)

    def asked(self, path: str) -> int:
        """How often."""
        return sum(path in one for one in self.engine.asked)

    async def polls(self, after: float, hangs: float = 0) -> None:
        """`after` seconds pass, the manager is asked, `hangs` seconds more pass, the poll is over."""
        self.polled.clear()
        seen = self.asked("/services")
        await self.clock.advance(after)
        await self.engine.until(lambda: self.asked("/services") > seen)
        await self.clock.advance(hangs)
        await asyncio.wait_for(self.polled.wait(), PATIENT)

    def phases(self) -> set[Phase]:
        return {one.phase for workload in self.fleet.everything() for one in workload.instances}


@asynccontextmanager
async def watched(given: dict[str, Answer], info: Info = MANAGER) -> AsyncIterator[Watched]:
    async with FakeEngine("1.41", given) as engine:
        seen = Watched(engine, given, info)
        task = asyncio.ensure_future(seen.watch.run())
        yield seen
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await seen.client.close()


async def test_a_manager_is_asked_before_any_event() -> None:
    async with watched(answers()) as seen:
        await seen.polls(POLL_EVERY)
        assert {one.id.name for one in seen.fleet.everything()} == {"web", "absent", "crashes", "each"}


async def test_what_a_manager_told_is_unknown_once_it_refuses_for_long_and_known_again_when_it_answers() -> None:
    async with watched(answers()) as seen:
        await seen.polls(POLL_EVERY)
        told = seen.phases()
        assert Phase.RUNNING in told
        seen.answers["/tasks"] = (500, JSON, b'{"message":"rpc error: deadline exceeded"}')
        for _ in range(PATIENCE - 1):
            await seen.polls(POLL_EVERY)
        assert seen.phases() == told
        await seen.polls(POLL_EVERY)
        assert seen.phases() == {Phase.UNKNOWN}
        seen.answers |= answers()
        await seen.polls(POLL_EVERY)
        assert seen.phases() == told


async def test_a_manager_that_hangs_while_its_daemon_answers_is_not_believed_for_long() -> None:
    async with watched(answers()) as seen:
        await seen.polls(POLL_EVERY)
        seen.answers["/services"] = NEVER
        for _ in range(PATIENCE):
            await seen.polls(POLL_EVERY, hangs=TIMEOUT)
        assert seen.phases() == {Phase.UNKNOWN}


async def test_containers_tell_of_a_service_whose_manager_never_answered() -> None:
    async with watched(answers() | {"/services": (500, JSON, b'{"message":"no"}')}) as seen:
        labels = {"com.docker.swarm.service.name": "shop_web", "com.docker.stack.namespace": "shop"}
        seen.fleet.listed([row("here", labels=labels)])
        for _ in range(PATIENCE + 1):
            await seen.polls(POLL_EVERY)
        assert [one.id.name for one in seen.fleet.everything()] == ["web"]


async def test_a_worker_that_becomes_a_manager_is_asked_without_an_event() -> None:
    given = answers() | {"/info": (200, JSON, b'{"Swarm":{"LocalNodeState":"active","ControlAvailable":true}}')}
    async with watched(given, WORKER) as seen:
        await seen.polls(ROLE_EVERY)
        assert "web" in {one.id.name for one in seen.fleet.everything()}
