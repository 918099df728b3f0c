"""What the record knows of each workload's releases, for those who plan the way back."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from cockpit.backends.base import Operator
from cockpit.backends.history import Ran, Remembers
from cockpit.board.model import Identity
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
