"""What is true now: folds updates into workloads, readings and services, and hands out whole immutable snapshots.

A change costs what it touches: updates mark services as dirty, `snapshot()` assesses those and whoever depends on them,
and everything else stays the same object.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from cockpit.board import probes
from cockpit.board.assess import World
from cockpit.board.changes import Changes
from cockpit.board.clock import Clock
from cockpit.board.freshness import Sources
from cockpit.board.machine import HostFacts
from cockpit.board.model import Identity, ReadingState, Workload
from cockpit.board.roster import Roster
from cockpit.board.snapshot import Series, Snapshot, SourceStatus
from cockpit.board.statuses import Statuses
from cockpit.board.store import Store
from cockpit.board.update import (
    Changed,
    Counted,
    Declared,
    Gone,
    Heard,
    HostSeen,
    Listed,
    Lost,
    Noted,
    Probed,
    Sampled,
    Tick,
    Update,
)
from cockpit.board.waiting import Waiting
from cockpit.board.why import silence
from cockpit.profile.schema import Profile

_CROSSING = timedelta(seconds=5)


class Board:
    """One writer (the engine's loop) applies updates and takes snapshots; a snapshot may be read from any thread."""

    def __init__(self, profile: Profile, clock: Clock, *, profile_name: str = "") -> None:
        self._clock = clock
        self._now = clock.now()
        self._store = Store()
        self._sources = Sources()
        self._roster = Roster(profile, self._now)
        self._changes = Changes()
        self._statuses = Statuses(self._roster, self._changes)
        self._dirty: set[str] = set(self._roster.slots)
        self._host: HostFacts | None = None
        self._host_at: datetime | None = None
        self._stale = True
        self._snapshot = Snapshot(version=0, at=self._now, profile=profile_name or profile.name)
        self._waiting = Waiting(self.snapshot)

    def apply(self, update: Update) -> None:
        """Take in one update. Cheap: services are assessed when a snapshot is taken."""
        # Moments of several sources cross by milliseconds; a clock that is set back goes back further.
        if update.at > self._now or self._now - update.at > _CROSSING:
            self._now = update.at
        self._APPLY[type(update)](self, update)
        self._waiting.wake()

    def tick(self, now: datetime) -> None:
        """Time passed: what has been silent for too long is stale, grace ends."""
        self.apply(Tick(at=now))

    def snapshot(self) -> Snapshot:
        """The board as it is; the same object while nothing changed."""
        changed = self._refresh() if self._dirty else frozenset[bool]()
        if changed or self._stale:
            self._stale, old = False, self._snapshot
            self._snapshot = Snapshot(
                version=old.version + 1,
                at=self._now,
                profile=old.profile,
                # The same tuple while no service changed: who only looks at services sees so at once.
                services=self._statuses.services() if False in changed else old.services,
                nodes=self._statuses.nodes() if True in changed else old.nodes,
                sources=self._sources.statuses(),
                host=self._host,
                host_at=self._host_at,
            )
        return self._snapshot

    async def until(self, predicate: Callable[[Snapshot], bool], within: float) -> Snapshot:
        """The first snapshot of which `predicate` is true, looked at whenever the board changes.

        TimeoutError after `within` seconds of the board's clock. What `predicate` raises is raised here.
        Updates that come in the same turn of the loop are judged together.
        """
        snapshot = self.snapshot()
        if predicate(snapshot):
            return snapshot
        with self._waiting.expect(predicate) as future:
            async with self._clock.timeout(within):
                return await future

    def workloads(self) -> Mapping[Identity, Workload]:
        """Every workload that is known, by identity; a view that follows the board."""
        return MappingProxyType(self._store.workloads)

    def services_of(self, identity: Identity) -> tuple[str, ...]:
        """Keys of the services that a workload (or an instance's) runs."""
        return self._roster.services_of(identity.workload)

    def source(self, name: str) -> SourceStatus | None:
        """How far a source may be believed; None when it has not been declared."""
        return self._sources.get(name)

    def rings(self, service: str) -> Mapping[str, Series]:
        """The last 60 values of each metric of a service; empty when there are none."""
        slot = self._roster.slots.get(service)
        return slot.numbers.series if slot else {}

    def _refresh(self) -> frozenset[bool]:
        """Whether a node's status changed (True), a service's (False), both or neither."""
        dirty, self._dirty = self._dirty, set()
        return self._statuses.refresh(dirty, World(self._now, self._sources, self._store.workloads, self._store.pasts))

    # What each update does.

    def _declared(self, update: Declared) -> None:
        if self._sources.declare(update.source, update.at, update.label, update.kind, update.interval):
            self._stale = True
            self._touch_source(update.source)

    def _listed(self, update: Listed) -> None:
        self._heard(update.source, update.at, listed=True)
        self._stale |= self._sources.detailed(update.source, rough=update.rough)
        for identity in self._store.others(update.source, update.workloads):
            self._remove(identity)
        for workload in update.workloads:
            self._put(workload, update.at)

    def _changed(self, update: Changed) -> None:
        self._heard(update.source, update.at)
        self._put(update.workload, update.at)

    def _gone(self, update: Gone) -> None:
        self._heard(update.source, update.at)
        self._remove(update.id)

    def _alive(self, update: Heard) -> None:
        self._heard(update.source, update.at)
        self._stale |= self._sources.limited(update.source, update.partly, update.aside)

    def _lost(self, update: Lost) -> None:
        self._stale |= self._sources.lost(update.source, update.at, update.why)
        self._touch_source(update.source)

    def _sampled(self, update: Sampled) -> None:
        # Numbers of probes come under a name that is no source of workloads.
        if update.source in self._sources:
            self._heard(update.source, update.at)
        slots = self._roster.slots
        touched: set[str] = set()
        target: Identity | str | None = None
        keys: tuple[str, ...] = ()
        for sample in update.samples:
            # An instance's numbers come one after the other: its services are looked up once.
            if sample.target is not target:
                target = sample.target
                found = (target,) if isinstance(target, str) else self._roster.services_of(target.workload)
                keys = tuple(key for key in found if key in slots)
                touched.update(keys)
            for key in keys:
                slots[key].put(sample, update.at)
        for key in touched:
            slots[key].settle(update.at)
        self._dirty |= touched

    def _probed(self, update: Probed) -> None:
        reading = update.reading
        slot = self._roster.slots.get(reading.service)
        if slot is not None:
            slot.probes[reading.probe] = probes.take(slot.probes.get(reading.probe), reading)
            if reading.state is not ReadingState.UNKNOWN:
                slot.rates.probed(reading.state is not ReadingState.OK, update.at)
            self._dirty.add(reading.service)

    def _host_seen(self, update: HostSeen) -> None:
        self._host, self._host_at, self._stale = update.facts, update.at, True

    def _noted(self, update: Noted) -> None:
        self._changes.note(update.service, update.changes, self._now)
        if self._statuses.knows(update.service):
            self._dirty.add(update.service)

    def _counted(self, update: Counted) -> None:
        slot = self._roster.slots.get(update.service)
        if slot is not None and slot.rates.logged(update.minutes, update.partly):
            self._dirty.add(update.service)

    def _ticked(self, update: Tick) -> None:
        for name in self._sources.tick(update.at):
            self._stale = True
            self._touch_source(name)
        self._dirty.update(self._statuses.due(update.at))

    _APPLY: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        Declared: _declared, Listed: _listed, Changed: _changed, Gone: _gone, Heard: _alive, Lost: _lost,
        Sampled: _sampled, Probed: _probed, HostSeen: _host_seen, Noted: _noted, Counted: _counted, Tick: _ticked,
    }  # fmt: skip

    def _heard(self, name: str, at: datetime, *, listed: bool = False) -> None:
        before = self._silence(name)
        self._stale |= self._sources.heard(name, at, listed=listed)
        # A source that is listed page by page is heard for each: nothing that rests on it differs by that.
        if self._silence(name) != before:
            self._touch_source(name)

    def _silence(self, name: str) -> str:
        """What is said of a source that may not be believed; empty of one that may."""
        return "" if self._sources.is_live(name) else silence(self._sources.get(name), name)

    def _touch_source(self, name: str) -> None:
        self._dirty |= self._roster.of_source(name, self._store.workloads.values())

    def _put(self, workload: Workload, at: datetime) -> None:
        change = self._store.put(workload, at)
        if change is not None:
            self._changes.take(*change, at)
            keys = self._roster.place(*change, at)
            self._dirty |= keys
            for key in keys & self._roster.slots.keys():
                self._roster.slots[key].follow(self._store.workloads)

    def _remove(self, identity: Identity) -> None:
        if self._store.remove(identity):
            self._changes.gone(identity)
            self._dirty |= self._roster.remove(identity)
