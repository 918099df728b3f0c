"""How containers become workloads. Pure."""

import re
from collections.abc import Mapping

from msgspec import Struct

from cockpit.backends.docker import shape
from cockpit.backends.docker.shape import Owner
from cockpit.backends.docker.swarm_shape import Slot, View
from cockpit.backends.docker.wire import ContainerRow
from cockpit.board.model import Instance, Phase, Port, ReadingState, Remark, SafeText, Workload
from cockpit.board.text import safe

_TASK_NAME = re.compile(r"^(.*)\.[a-z0-9]{25}$")
TASK_NAME = "com.docker.swarm.task.name"


class Known(Struct):
    """One container. stamp grows with each event; detailed: it was inspected since its last event.

    held: monotonic time until which an event waits for its inspection before it is told; 0 when nothing waits.
    """

    row: ContainerRow
    owner: Owner
    instance: Instance
    stamp: int = 0
    detailed: bool = False
    oom_seen: bool = False
    held: float = 0.0

    @property
    def labels(self) -> Mapping[str, str]:
        """The container's labels."""
        return self.row.labels or {}


class Place(Struct, frozen=True):
    """Where workloads are: the source's name, the engine's id, and its names for display."""

    source: str
    scope: str
    where: tuple[tuple[str, SafeText], ...]

    def around(self, owner: Owner) -> tuple[tuple[str, SafeText], ...]:
        """Names for display of a workload's place."""
        if not owner.space:
            return self.where
        return (*self.where, ("stack" if owner.kind == "swarm" else "project", safe(owner.space, 255)))


def from_containers(owner: Owner, members: list[Known], place: Place) -> Workload:
    """A workload that only its containers tell of, in order of their numbers."""
    if owner.kind == "swarm":
        members = _newest_of_each_slot(members)
    members = sorted(members, key=lambda known: (shape.number_of(known.labels), known.instance.name))
    newest = max(members, key=lambda known: known.row.created)
    alone = _isolated(members)
    created = [known.instance.created_at for known in members if known.instance.created_at]
    return Workload(
        id=owner.identity(place.scope),
        source=place.source,
        where=place.around(owner),
        instances=tuple(known.instance for known in members),
        image=newest.instance.image,
        changed_at=max(created, default=None),
        depends_on=shape.depends_on(newest.labels),
        remarks=alone,
        isolated=bool(alone),
    )


def _isolated(members: list[Known]) -> tuple[Remark, ...]:
    """What runs and was taken off each network that it was made with. Just after an event nobody knows its address."""
    running = [one for one in members if one.instance.phase is Phase.RUNNING]
    alone = [
        one
        for one in running
        if (one.detailed or not one.stamp) and not one.instance.addresses and _has_own_network(one.row)
    ]
    if not alone:
        return ()
    count = "" if len(alone) == len(running) else f"{len(alone)} of {len(running)} "
    return (Remark(safe(f"{count}isolated: on no network", 300), ReadingState.OK, standing=True),)


def _has_own_network(row: ContainerRow) -> bool:
    mode = row.host_config.network_mode if row.host_config else ""
    return bool(mode) and not mode.startswith(shape.OTHERS)


def from_view(owner: Owner, view: View, known: Mapping[str, Known], place: Place) -> Workload:
    """A Swarm service as its manager tells it, with what is known of the containers on this engine."""
    return Workload(
        id=owner.identity(place.scope),
        source=place.source,
        where=place.around(owner),
        instances=tuple(_with_details(slot, known.get(slot.container)) for slot in view.slots),
        desired=view.desired,
        image=view.image,
        rollout=view.rollout,
        changed_at=view.changed_at,
    )


def _with_details(slot: Slot, known: Known | None) -> Instance:
    """The container tells more than the task, and sooner; the task knows attempts and what the swarm publishes."""
    task = slot.instance
    if known is None:
        return task
    seen = known.instance
    ports: tuple[Port, ...] = tuple(dict.fromkeys((*task.ports, *(port for port in seen.ports if port.host_port))))
    return Instance(
        id=seen.id,
        name=task.name,
        phase=seen.phase,
        health=seen.health,
        health_detail=seen.health_detail,
        health_since=seen.health_since,
        exit_code=seen.exit_code,
        oom_killed=seen.oom_killed,
        error=seen.error or (task.error if seen.phase not in shape.ALIVE else SafeText("")),
        restarts=task.restarts,
        created_at=seen.created_at,
        started_at=seen.started_at,
        finished_at=seen.finished_at,
        image=task.image,
        image_id=seen.image_id,
        version=task.version,
        ports=ports or seen.ports,
        addresses=seen.addresses,
        cpu_limit=task.cpu_limit,
        memory_limit=task.memory_limit,
        restart_policy=task.restart_policy,
        tty=seen.tty,
    )


def _newest_of_each_slot(members: list[Known]) -> list[Known]:
    """A swarm keeps the containers of earlier attempts: "web.1.<task>" stands beside its replacement."""
    newest: dict[str, Known] = {}
    for known in sorted(members, key=lambda one: one.row.created):
        found = _TASK_NAME.match(known.labels.get(TASK_NAME, "") or str(known.instance.name))
        newest[found[1] if found else known.row.id] = known
    return list(newest.values())
