"""The workloads as their sources last told them, and what was seen of their instances. Equal values stay one object."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from cockpit.board.history import Past, remember
from cockpit.board.model import Identity, Workload


class Store:
    """Workloads and their pasts by identity."""

    def __init__(self) -> None:
        self.workloads: dict[Identity, Workload] = {}
        self.pasts: dict[Identity, dict[str, Past]] = {}
        self._of_source: dict[str, set[Identity]] = {}

    def put(self, workload: Workload, at: datetime) -> tuple[Workload | None, Workload] | None:
        """Take in a workload; gives (old, new), or None when nothing changed."""
        old = self.workloads.get(workload.id)
        if old == workload:
            return None
        new = _shared(old, workload)
        self.pasts[new.id] = remember(old, new, self.pasts.get(new.id, {}), at)
        self.workloads[new.id] = new
        if old is not None and old.source != new.source:
            self._of_source[old.source].discard(new.id)
        self._of_source.setdefault(new.source, set()).add(new.id)
        return old, new

    def remove(self, identity: Identity) -> bool:
        """Forget a workload; False when it was not known."""
        old = self.workloads.pop(identity, None)
        if old is None:
            return False
        self.pasts.pop(identity, None)
        self._of_source[old.source].discard(identity)
        return True

    def others(self, source: str, named: Iterable[Workload]) -> set[Identity]:
        """Workloads of a source that its whole list does not name."""
        return self._of_source.get(source, set()) - {workload.id for workload in named}


def _shared(old: Workload | None, new: Workload) -> Workload:
    """`new` with the instances of `old` that are equal, so that a reader can compare with `is`."""
    if old is None:
        return new
    before = {instance.id: instance for instance in old.instances}
    instances = tuple(
        known if (known := before.get(instance.id)) == instance and known is not None else instance
        for instance in new.instances
    )
    return replace(new, instances=instances)
