"""A Kubernetes source under supervision and the board that it fills, for tests on the emulator."""

from collections.abc import Callable
from pathlib import Path

from cockpit.backends.kubernetes.source import KubernetesSource
from cockpit.board.clock import Clock, SystemClock
from cockpit.board.model import Identity, Instance, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.profile.schema import Backend
from tests.observed import Observed

NAME = "main"
WITHIN = 60.0
"""Seconds: a bound on hanging, nothing more."""


class Watch(Observed[KubernetesSource]):
    """`async with Watch(kubeconfig) as watch`: observed until the block ends. updates: all of them, in order."""

    def __init__(
        self, kubeconfig: Path, *, spaces: frozenset[str] = frozenset({"shop"}), clock: Clock | None = None
    ) -> None:
        clock = clock or SystemClock()
        declared = Backend(kind="kubernetes")
        environ = {"KUBECONFIG": str(kubeconfig), "PATH": "/usr/bin:/bin", "HOME": str(kubeconfig.parent)}
        source = KubernetesSource(NAME, declared, clock, spaces=spaces, environ=environ)
        super().__init__(source, declared, clock)

    def workload(self, name: str, space: str = "shop") -> Workload | None:
        """A workload by its name."""
        found = (one for id, one in self.board.workloads().items() if (id.space, id.name) == (space, name))
        return next(found, None)

    def service(self, name: str) -> ServiceStatus | None:
        """What the board makes of a discovered service."""
        return next((one for one in self.board.snapshot().services if one.name == name), None)

    def pods(self, name: str) -> tuple[Instance, ...]:
        """The pods of a workload, none when it is not known."""
        found = self.workload(name)
        return found.instances if found else ()

    def id(self, name: str) -> Identity:
        """A pod of a workload that has exactly one."""
        (one,) = self.pods(name)
        return one.id

    async def sees(self, name: str, holds: Callable[[Workload], object], within: float = WITHIN) -> Workload:
        """The workload `name` once `holds` is true of it."""
        await self.until(lambda: (one := self.workload(name)) is not None and holds(one), within)
        found = self.workload(name)
        assert found is not None
        return found

    async def assessed(
        self, name: str, holds: Callable[[ServiceStatus], object], within: float = WITHIN
    ) -> ServiceStatus:
        """The service `name` once `holds` is true of it."""

        def seen(snapshot: Snapshot) -> bool:
            return any(one.name == name and holds(one) for one in snapshot.services)

        try:
            snapshot = await self.board.until(seen, within)
        except TimeoutError:
            raise AssertionError(f"not within {within:g} s: {self.service(name)}; lost: {self.lost}") from None
        return next(one for one in snapshot.services if one.name == name and holds(one))
