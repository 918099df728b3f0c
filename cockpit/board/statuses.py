"""The status of every service and node, in the order of the list: what changed is assessed anew, the rest stays."""

import bisect
from collections.abc import Set as AbstractSet
from datetime import datetime

from cockpit.board.alarms import Alarms
from cockpit.board.assess import Assessment, World, assess
from cockpit.board.changes import Changes
from cockpit.board.model import Freshness
from cockpit.board.rollup import RANK
from cockpit.board.roster import Roster
from cockpit.board.since import Onset
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.status import NEEDS_CAUSE, status

_Place = tuple[int, int, str, str]


class Statuses:
    """Each is the same object until something of it changes."""

    def __init__(self, roster: Roster, changes: Changes) -> None:
        self._roster, self._changes = roster, changes
        self._alarms = Alarms()
        self._assessed: dict[str, Assessment] = {}
        self._services: dict[str, ServiceStatus] = {}
        self._order: list[_Place] = []
        self._nodes: list[_Place] = []

    def services(self) -> tuple[ServiceStatus, ...]:
        """All but nodes, worst first."""
        return tuple(self._services[place[3]] for place in self._order)

    def nodes(self) -> tuple[ServiceStatus, ...]:
        """Nodes, worst first."""
        return tuple(self._services[place[3]] for place in self._nodes)

    def knows(self, key: str) -> bool:
        """Whether it has been assessed."""
        return key in self._assessed

    def due(self, at: datetime) -> list[str]:
        """Keys that time alone may have changed by then."""
        return [key for key in self._alarms.pop(at) if key in self._roster.slots]

    def refresh(self, dirty: AbstractSet[str], world: World) -> frozenset[bool]:
        """Assess these; whether a node's status changed (True), a service's (False), both or neither."""
        redraw = set(dirty)
        for key in dirty:
            before, after = self._assess(key, world)
            if before is None or before.onset != after:
                redraw |= self._troubled(self._roster.dependencies.all_dependents(key))
        return frozenset(other.node for key in redraw if (other := self._redraw(key, world.now)) is not None)

    def _assess(self, key: str, world: World) -> tuple[Assessment | None, Onset | None]:
        """What was known of it before, and since when it has been so by now."""
        slot, before = self._roster.slots.get(key), self._assessed.get(key)
        if slot is None:
            self._assessed.pop(key, None)
            self._alarms.set(key, None)
            return before, None
        one = self._assessed[key] = assess(slot, world)
        self._alarms.set(key, one.review)
        slot.onset = one.onset
        # Before a source has told all, what it has not come to yet is not missing.
        if one.ready is not None and one.desired is not None and one.freshness is Freshness.LIVE:
            slot.rates.stands(max(0, one.desired - one.ready), world.now)
        return before, one.onset

    def _troubled(self, keys: set[str]) -> set[str]:
        return {key for key in keys if (one := self._assessed.get(key)) is not None and one.state in NEEDS_CAUSE}

    def _redraw(self, key: str, now: datetime) -> ServiceStatus | None:
        """The status as it is now, or was last; None when it is the same."""
        one, old = self._assessed.get(key), self._services.get(key)
        if one is None:
            if old is not None:
                del self._services[key]
                self._order_of(old).remove(_place(old))
            return old
        dependencies = self._roster.dependencies
        cause = dependencies.first_failed(key, self._onset) if one.state in NEEDS_CAUSE else ""
        name = self._roster.slots[cause].chosen.name if cause else ""
        changes = self._changes.of(key, one.workloads, now)
        new = status(key, self._roster.slots[key], one, dependencies, cause, self._onset(cause), name, changes)
        if old == new:
            return None
        self._services[key] = new
        if old is None or _place(old) != _place(new):
            order = self._order_of(new)
            if old is not None:
                del order[bisect.bisect_left(order, _place(old))]
            bisect.insort(order, _place(new))
        return new

    def _order_of(self, one: ServiceStatus) -> list[_Place]:
        return self._nodes if one.node else self._order

    def _onset(self, key: str) -> Onset | None:
        one = self._assessed.get(key)
        return one.onset if one is not None else None


def _place(one: ServiceStatus) -> _Place:
    return RANK[one.state], one.tier, one.name, one.key
