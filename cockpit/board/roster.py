"""Which services there are, what runs each, and what each needs; kept up as workloads come, change and go."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from cockpit.board.depends import Dependencies
from cockpit.board.model import Identity, Workload
from cockpit.board.select import Chosen, Selection
from cockpit.board.slot import Slot
from cockpit.profile.schema import Profile


class Roster:
    """Services by key. Methods that change it give the keys of the services that must be assessed again."""

    def __init__(self, profile: Profile, at: datetime) -> None:
        self._profile = profile
        self._selection = Selection(profile)
        self._places: dict[Identity, tuple[Chosen, ...]] = {}
        # Needs that workloads name (Compose's depends_on): who asked for which workload.
        self._asked: dict[Identity, set[str]] = {}
        self._asks: dict[str, set[Identity]] = {}
        self.dependencies = Dependencies()
        self.slots: dict[str, Slot] = {key: Slot(Chosen(key, key, ""), profile, at) for key in profile.services}
        for key, service in profile.services.items():
            self.dependencies.declare(key, service.depends_on)

    def services_of(self, identity: Identity) -> tuple[str, ...]:
        """Keys of the services that a workload runs."""
        return tuple(chosen.key for chosen in self._places.get(identity, ()))

    def place(self, old: Workload | None, new: Workload, at: datetime) -> set[str]:
        """A workload is there: put it under its services."""
        before = self._places.get(new.id, ())
        if old is not None and _same_clues(old, new):
            return {chosen.key for chosen in before}
        after = self._selection.services(new)
        self._places[new.id] = after
        dirty = {chosen.key for chosen in before}
        for chosen in before:
            if chosen not in after:
                dirty |= self._leave(chosen, new.id)
        for chosen in after:
            slot = self.slots.get(chosen.key)
            if slot is None:
                slot = self.slots[chosen.key] = Slot(chosen, self._profile, at)
            slot.workloads.add(new.id)
            dirty.add(chosen.key)
        if before != after:
            dirty |= self._link_all(self._asked.get(new.id, ()))
        return dirty | self._ask(new, after)

    def remove(self, identity: Identity) -> set[str]:
        """A workload is gone; a discovered service that nothing runs goes with it."""
        dirty: set[str] = set()
        for chosen in self._places.pop(identity, ()):
            dirty.add(chosen.key)
            dirty |= self._leave(chosen, identity)
        return dirty | self._link_all(self._asked.get(identity, ()))

    def of_source(self, name: str, workloads: Iterable[Workload]) -> set[str]:
        """Services that a source has something to say about."""
        keys = {key for one in workloads if one.source == name for key in self.services_of(one.id)}
        return keys | {key for key, slot in self.slots.items() if name in slot.told_by(False)}

    def _leave(self, chosen: Chosen, identity: Identity) -> set[str]:
        slot = self.slots[chosen.key]
        slot.workloads.discard(identity)
        if slot.workloads or slot.declared is not None:
            return set()
        del self.slots[chosen.key]
        for asked in self._asks.pop(chosen.key, ()):
            self._asked[asked].discard(chosen.key)
        return self.dependencies.declare(chosen.key, ()) | set(self.dependencies.dependents(chosen.key))

    def _ask(self, workload: Workload, after: tuple[Chosen, ...]) -> set[str]:
        wanted = {replace(workload.id, name=name) for name in workload.depends_on}
        keys = [chosen.key for chosen in after]
        for key in keys:
            for asked in self._asks.get(key, set()) - wanted:
                self._asked[asked].discard(key)
            for asked in wanted:
                self._asked.setdefault(asked, set()).add(key)
            self._asks[key] = wanted
        return self._link_all(keys)

    def _link_all(self, keys: Iterable[str]) -> set[str]:
        dirty: set[str] = set()
        for key in list(keys):
            if key not in self.slots:
                continue
            service = self._profile.services.get(key)
            found = sorted({one for asked in self._asks.get(key, ()) for one in self.services_of(asked)})
            changed = self.dependencies.declare(key, (*(service.depends_on if service else ()), *found))
            if changed:
                # Whoever stands on it may have failed for another reason now.
                dirty |= changed | {key} | self.dependencies.all_dependents(key)
        return dirty & self.slots.keys()


def _same_clues(old: Workload, new: Workload) -> bool:
    """Whether two states of a workload are matched by the same selectors and need the same."""
    return (
        old.source == new.source
        and old.depends_on == new.depends_on
        and [one.name for one in old.instances] == [one.name for one in new.instances]
    )
