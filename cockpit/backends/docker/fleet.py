"""What is known of one engine's containers, and what of it is new. No I/O: lists, events and inspections come in.

Truth comes in three sorts: a list says what exists, an event what just happened, an inspection all of one container.
An event is believed at once, and the container is inspected after it; an inspection that began before the container's
last event is not believed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from cockpit.backends.docker import shape
from cockpit.backends.docker.group import Known, Place, from_containers, from_view
from cockpit.backends.docker.health import health_word
from cockpit.backends.docker.shape import Owner
from cockpit.backends.docker.swarm_shape import Slot, View
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.wire import Container, ContainerRow, RowHost
from cockpit.board.model import Health, Identity, Instance, Phase, SafeText, Workload
from cockpit.board.text import safe

HOLD = 0.3
"""Seconds that an event waits to be told for the inspection that follows it: "exited" alone would be told 20 ms before
"restarting" or "OOM killed", with times that are a little off. An inspection that hangs delays it no longer."""

DESTROYED_MOST = 2_000
"""Ids of removed containers that are remembered: no id is ever given again, and no answer is that late."""

Mask = Callable[[str], SafeText]

_SAYS_NOTHING = frozenset({"kill", "restart"})
"""A signal was sent; "start" came just before. What follows from them has events of its own."""


class Fleet:
    """The containers of one engine, grouped into workloads.

    project: only those of this project or stack. mask: takes secrets out of what checks and engines say.
    """

    def __init__(self, place: Place, project: str = "", mask: Mask = SafeText) -> None:
        self._place, self._project, self._mask = place, project, mask
        self.swarm: Mapping[Owner, View] | None = None
        """Swarm services; None when the engine is no manager."""
        self._known: dict[str, Known] = {}
        self._destroyed: dict[str, None] = {}
        self._told: dict[Identity, Workload] = {}
        self._dirty: set[Owner] = set()

    def __contains__(self, container: str) -> bool:
        return container in self._known

    def __len__(self) -> int:
        return len(self._known)

    @property
    def scope(self) -> str:
        """The engine's id."""
        return self._place.scope

    def get(self, container: str) -> Known | None:
        """What is known of a container."""
        return self._known.get(container)

    def known(self) -> Iterable[Known]:
        """Every container."""
        return self._known.values()

    def listed(self, rows: Iterable[ContainerRow]) -> set[str]:
        """Take in a whole list. The containers that are new or other than they were: they should be inspected."""
        wanted = {row.id: row for row in rows if row.id not in self._destroyed and self._wants(row.labels or {})}
        for container in [one for one in self._known if one not in wanted]:
            self.forget(container)
        return {container for container, row in wanted.items() if self._is_news(container, row)}

    def _is_news(self, container: str, row: ContainerRow) -> bool:
        known = self._known.get(container)
        name = shape.row_name(row)
        owner = shape.owner(name, row.labels or {})
        fresh = shape.from_row(row, owner.identity(self._place.scope, container))
        if known is None or known.owner != owner:
            self._set(container, Known(row, owner, fresh, stamp=known.stamp + 1 if known else 0))
            return True
        known.row = row
        old = known.instance
        same = (old.phase, old.name, old.health) == (fresh.phase, fresh.name, fresh.health)
        if same and (fresh.exit_code is None or old.exit_code == fresh.exit_code):
            return not known.detailed
        self._put(
            known, replace(old, phase=fresh.phase, name=fresh.name, health=fresh.health, exit_code=fresh.exit_code)
        )
        known.stamp += 1
        known.detailed = False
        return True

    def happened(
        self, action: str, container: str, attributes: Mapping[str, str], at: datetime | None, now: float = 0.0
    ) -> bool:
        """Take in one event; now: monotonic. True: the container should be inspected."""
        word, _, detail = action.partition(":")
        known = self._known.get(container)
        if word == "destroy" or container in self._destroyed:
            self.destroyed(container)
            return False
        if known is None:
            return self._wants(attributes)
        if word in _SAYS_NOTHING:
            return False
        known.stamp += 1
        known.detailed = False
        if word == "oom":
            known.oom_seen = True
        known.held = known.held or now + HOLD
        self._put(known, _after(known.instance, word, detail.strip(), attributes, at))
        return True

    def inspected(self, container: Container, stamp: int) -> bool:
        """Take in an inspection that began when the container's stamp was `stamp`. False: it came too late."""
        labels = (container.config.labels if container.config else None) or {}
        known = self._known.get(container.id)
        if known is not None and known.stamp != stamp:
            return False
        if container.id in self._destroyed or (known is None and not self._wants(labels)):
            return True
        name = container.name.lstrip("/")
        row = known.row if known else _row_of(container, name, labels)
        owner = shape.owner(name, labels)
        oom = known.oom_seen if known else False
        instance = shape.from_inspect(container, row, owner.identity(self._place.scope, container.id), oom_seen=oom)
        instance = self._masked(instance)
        if instance.phase is Phase.RUNNING:
            oom = False
        self._set(container.id, Known(row, owner, instance, stamp=stamp, detailed=True, oom_seen=oom))
        return True

    def destroyed(self, container: str) -> None:
        """It was removed, whatever lists and inspections say that began before: they would bring it back "removing"."""
        self.forget(container)
        self._destroyed[container] = None
        if len(self._destroyed) > DESTROYED_MOST:
            del self._destroyed[next(iter(self._destroyed))]

    def forget(self, container: str) -> None:
        """It is not listed any more."""
        known = self._known.pop(container, None)
        if known is not None:
            self._dirty.add(known.owner)

    def distrust(self) -> None:
        """Events may have been missed: everything should be inspected again."""
        for known in self._known.values():
            known.stamp += 1
            known.detailed = False

    @property
    def waits(self) -> bool:
        """Whether something is held back."""
        return bool(self._dirty)

    def news(self, now: float = 0.0) -> Iterator[Workload | Identity]:
        """Workloads that are other than last told, and identities of those that are gone. now: monotonic."""
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, set()
        members = self._members(dirty)
        for owner in dirty:
            identity = owner.identity(self._place.scope)
            found = members.get(owner)
            if found and any(known.held > now for known in found):
                self._dirty.add(owner)
                continue
            workload = self._workload(owner, found or [])
            if workload is None:
                if self._told.pop(identity, None) is not None:
                    yield identity
            elif self._told.get(identity) != workload:
                self._told[identity] = workload
                yield workload

    def everything(self) -> tuple[Workload, ...]:
        """Every workload; nothing of it is news any more."""
        self._dirty.clear()
        members = self._members(None)
        found = (self._workload(owner, members.get(owner, [])) for owner in {**members, **(self.swarm or {})})
        self._told = {workload.id: workload for workload in found if workload is not None}
        return tuple(self._told.values())

    def set_swarm(self, views: Mapping[Owner, View] | None) -> None:
        """What the swarm's manager says now; None when the engine is no manager."""
        old, new = self.swarm or {}, views or {}
        wanted = {owner: self._seen(view) for owner, view in new.items() if self._project in ("", owner.space)}
        self._dirty |= {owner for owner in {**wanted, **old} if wanted.get(owner) != old.get(owner)}
        if (self.swarm is None) is not (views is None):
            self._dirty |= {known.owner for known in self._known.values() if known.owner.kind == "swarm"}
        self.swarm = None if views is None else wanted

    def slot(self, instance: Identity) -> Slot | None:
        """The place of a Swarm service's instance; None for what no manager told of."""
        view = (self.swarm or {}).get(Owner(instance.kind, instance.space, instance.name))
        return next((slot for slot in view.slots if slot.instance.id == instance), None) if view else None

    def paths(self, workload: Identity) -> list[str]:
        """Where the engine is asked about a workload."""
        view = (self.swarm or {}).get(Owner(workload.kind, workload.space, workload.name))
        containers = [key for key, known in self._known.items() if known.instance.id.workload == workload]
        return [*([f"/services/{view.service}"] if view else []), *(f"/containers/{key}" for key in containers)]

    def swarm_lost(self, why: str) -> None:
        """The manager does not answer: what runs on other nodes is not known. Before it ever did, containers tell."""
        if self.swarm:
            self.set_swarm({owner: _unknown(view, safe(why, 300)) for owner, view in self.swarm.items()})

    def _members(self, owners: set[Owner] | None) -> dict[Owner, list[Known]]:
        members: dict[Owner, list[Known]] = {}
        for known in self._known.values():
            if owners is None or known.owner in owners:
                members.setdefault(known.owner, []).append(known)
        return members

    def _workload(self, owner: Owner, members: list[Known]) -> Workload | None:
        if self.swarm is not None and owner.kind == "swarm":
            # Containers of a service that the manager no longer has are on their way out.
            view = self.swarm.get(owner)
            return from_view(owner, view, self._known, self._place) if view else None
        return from_containers(owner, members, self._place) if members else None

    def _wants(self, labels: Mapping[str, str]) -> bool:
        return not self._project or self._project in (labels.get(shape.PROJECT), labels.get(shape.STACK))

    def _seen(self, view: View) -> View:
        slots = (replace(slot, instance=self._masked(slot.instance)) for slot in view.slots)
        return replace(view, rollout=self._mask(view.rollout), slots=tuple(slots))

    def _masked(self, instance: Instance) -> Instance:
        if not (instance.error or instance.health_detail):
            return instance
        return replace(instance, error=self._mask(instance.error), health_detail=self._mask(instance.health_detail))

    def _set(self, container: str, known: Known) -> None:
        old = self._known.get(container)
        if old is None or old.owner != known.owner or old.instance != known.instance:
            self._dirty.add(known.owner)
            if old is not None:
                self._dirty.add(old.owner)
        self._known[container] = known

    def _put(self, known: Known, instance: Instance) -> None:
        if instance != known.instance:
            known.instance = instance
            self._dirty.add(known.owner)


def _unknown(view: View, why: SafeText) -> View:
    slots = (replace(slot, instance=replace(slot.instance, phase=Phase.UNKNOWN, error=why)) for slot in view.slots)
    return replace(view, slots=tuple(slots))


def _row_of(container: Container, name: str, labels: dict[str, str]) -> ContainerRow:
    """What a list will say of a container that was met in an event."""
    mode = container.host_config.network_mode if container.host_config else ""
    made = moment(container.created)
    return ContainerRow(
        id=container.id,
        names=[name],
        labels=labels,
        created=int(made.timestamp()) if made else 0,
        host_config=RowHost(network_mode=mode),
    )


def _after(old: Instance, word: str, detail: str, attributes: Mapping[str, str], at: datetime | None) -> Instance:
    """An instance as an event leaves it."""
    match word:
        case "die":
            code = attributes.get("exitCode", "")
            return replace(
                old, phase=Phase.EXITED, exit_code=int(code) if code.lstrip("-").isdecimal() else None, finished_at=at,
                health=Health.NONE, health_since=None, health_detail=SafeText(""), oom_killed=None,
            )  # fmt: skip
        case "start":
            return replace(
                old, phase=Phase.RUNNING, exit_code=None, started_at=at, error=SafeText(""), oom_killed=False
            )
        case "pause":
            return replace(old, phase=Phase.PAUSED)
        case "unpause":
            return replace(old, phase=Phase.RUNNING)
        case "health_status":
            return replace(old, health=health_word(detail), health_since=at)
    return old
