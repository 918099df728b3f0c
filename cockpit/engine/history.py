"""What the record knows of each workload's releases, for those who plan the way back and those who read it."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from cockpit.backends.base import Operator, Source, SourceError
from cockpit.backends.history import History, Ran, Remembers
from cockpit.backends.revisions import Revises
from cockpit.board.model import Identity, Workload
from cockpit.board.revision import Revision
from cockpit.incident import releases
from cockpit.incident.entry import Entry
from cockpit.incident.releases import ReleaseWatcher


class Remembered:
    """A `History`: the journal's entries, and what this cockpit has seen since the last of them."""

    def __init__(self, entries: Callable[[], Sequence[Entry]], watcher: ReleaseWatcher) -> None:
        self._entries, self._watcher = entries, watcher

    def ran(self, workload: Identity) -> tuple[Ran, ...]:
        """Every release of a workload that is known, the latest first."""
        found = releases.ran(self._entries(), workload)
        running, healthy = self._watcher.healthy(workload)
        return tuple(replace(one, healthy=healthy) if healthy and one.id == running else one for one in found)

    def tell(self, operators: Mapping[str, Operator]) -> None:
        """Hand it to each operator that plans with it."""
        for operator in operators.values():
            if isinstance(operator, Remembers):
                operator.remember(self)


async def revisions(source: Source, workload: Workload, history: History) -> tuple[Revision, ...]:
    """The revisions of a workload as its source tells them. SourceError: it has none, or they may not be seen."""
    if not isinstance(source, Revises):
        raise SourceError(f"{workload.id.name}: a {workload.id.kind} of {source.name} keeps no revisions")
    return await source.revisions(workload, history.ran(workload.id))
