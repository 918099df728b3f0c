"""A Docker source under supervision and the board that it fills, for tests on a real engine."""

from collections.abc import Callable

from cockpit.backends.docker.source import DockerSource
from cockpit.board.clock import SystemClock
from cockpit.board.model import Identity, Instance, Workload
from cockpit.board.snapshot import Snapshot
from cockpit.profile.schema import Backend
from tests.observed import Observed
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

NAME = "main"


def backend(engine: DockerEngine, project: str = "") -> Backend:
    """The engine as a profile declares it."""
    return Backend(kind="docker", host=engine.url, project=project)


class Watch(Observed[DockerSource]):
    """`async with Watch(backend(engine)) as watch`: observed until the block ends. updates: all of them, in order."""

    def __init__(self, declared: Backend) -> None:
        clock = SystemClock()
        super().__init__(DockerSource(NAME, declared, clock), declared, clock)

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
