"""The containers of one pod: those that prepare it, one after the other, then all others together."""

from dataclasses import dataclass, field

from cockpit.demo.kubernetes.cluster.behaviour import STEADY, Behaviour
from cockpit.demo.kubernetes.kubelet import status
from cockpit.demo.kubernetes.kubelet.container import ContainerRun, Note

_PREPARES = STEADY._replace(ready=None, exits=0.5, code=0, reason="Completed", first=("preparing",), last=("prepared",))


def initial(how: Behaviour) -> Behaviour:
    """How an init container behaves: as asked for, else it does its work in half a second."""
    return _PREPARES if how.exits is None and not how.pull_error and not how.config_error else how


@dataclass
class PodRun:
    """The life of a pod's containers."""

    first: list[ContainerRun]
    containers: list[ContainerRun]
    known: set[str] = field(default_factory=set)
    """Names of containers whose life has begun."""

    def __post_init__(self) -> None:
        if self.first:
            for run in (*self.first, *self.containers):
                run.state = status.waiting("PodInitializing")

    def waits(self) -> bool:
        """Whether it still prepares itself."""
        return any(run.phase != "over" or _failed(run) for run in self.first)

    def initial(self) -> ContainerRun:
        """The one that prepares it now."""
        return next((run for run in self.first if run.phase != "over"), self.first[-1])

    def initialize(self, now: float, moment: str) -> list[Note]:
        """Move the preparation on."""
        run = self.initial()
        return [*self.begun(run, now), *run.advance(now, moment)]

    def begun(self, run: ContainerRun, now: float) -> list[Note]:
        """Begin its life, once."""
        if run.name in self.known:
            return []
        self.known.add(run.name)
        return run.begin(now)

    def due(self) -> float | None:
        """When something happens next."""
        if self.waits():
            run = self.initial()
            # One that has just ended is followed at once by the next.
            return run.due if run.name in self.known else 0.0
        due = [0.0 if run.name not in self.known else run.due for run in self.containers]
        found = [one for one in due if one is not None]
        return min(found) if found else None


def _failed(run: ContainerRun) -> bool:
    return bool(run.state.get("terminated", {}).get("exitCode"))
