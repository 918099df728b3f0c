"""A Docker source under supervision and the board that it fills, for tests on a real engine."""

import asyncio
from collections.abc import Callable
from types import TracebackType

from cockpit.backends.docker.source import DockerSource
from cockpit.board.board import Board
from cockpit.board.clock import SystemClock
from cockpit.board.model import Identity, Instance, SafeText, Workload
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Lost, Update
from cockpit.engine.supervise import supervise
from cockpit.profile.schema import Backend, Profile
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

NAME = "main"


def backend(engine: DockerEngine, project: str = "") -> Backend:
    """The engine as a profile declares it."""
    return Backend(kind="docker", host=engine.url, project=project)


class Watch:
    """`async with Watch(backend(engine)) as watch`: observed until the block ends. updates: all of them, in order."""

    def __init__(self, declared: Backend) -> None:
        self.clock = SystemClock()
        self.source = DockerSource(NAME, declared, self.clock)
        profile = Profile(version=1, name="test", discover=True, backends={NAME: declared})
        self.board = Board(profile, self.clock)
        self.updates: list[Update] = []
        self.lost: list[SafeText] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        run = supervise(lambda: self.source.observe(self._take), self._failed, self.clock)
        self._task = asyncio.get_running_loop().create_task(run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.source.close()

    def _take(self, update: Update) -> None:
        self.updates.append(update)
        self.board.apply(update)

    def _failed(self, why: SafeText) -> None:
        self.lost.append(why)
        self._take(Lost(source=NAME, at=self.clock.now(), why=why))

    def workload(self, name: str) -> Workload | None:
        """A workload by its name, or by project/name."""
        for identity, workload in self.board.workloads().items():
            if name in (identity.name, f"{identity.space}/{identity.name}"):
                return workload
        return None

    def instance(self, name: str) -> Instance | None:
        """A container by its name."""
        for workload in self.board.workloads().values():
            for instance in workload.instances:
                if instance.name == name:
                    return instance
        return None

    def id(self, name: str) -> Identity:
        """A container's identity."""
        found = self.instance(name)
        assert found is not None, f"{name} is not on the board"
        return found.id

    async def sees(self, name: str, holds: Callable[[Instance], bool], within: float = PATIENCE) -> Instance:
        """The container `name` once `holds` is true of it."""

        def seen(_: Snapshot) -> bool:
            found = self.instance(name)
            return found is not None and holds(found)

        try:
            await self.board.until(seen, within)
        except TimeoutError:
            raise AssertionError(
                f"not within {within:g} s; {name} is {self.instance(name)}; lost: {self.lost}"
            ) from None
        found = self.instance(name)
        assert found is not None
        return found

    async def until(self, holds: Callable[[], bool], within: float = PATIENCE) -> None:
        """Once `holds()` is true of the board."""
        try:
            await self.board.until(lambda _: holds(), within)
        except TimeoutError:
            raise AssertionError(f"not within {within:g} s; lost: {self.lost}; last: {self.updates[-3:]}") from None
