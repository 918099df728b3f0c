"""From a swarm's services and tasks to what the board shows of them. Pure.

A slot (replica 3 of web, or web on one node) has one instance: its newest task that is meant to run. The tasks before
it tell why it does not: each attempt is a task of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.backends.docker.shape import Owner, swarm_owner
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.wire_swarm import EndpointPort, Service, Task
from cockpit.board.model import Instance, Phase, Port, SafeText
from cockpit.board.text import safe

_PHASES: Mapping[str, Phase] = {
    "new": Phase.PENDING,
    "allocated": Phase.PENDING,
    "pending": Phase.PENDING,
    "assigned": Phase.PENDING,
    "accepted": Phase.PENDING,
    "preparing": Phase.STARTING,
    "ready": Phase.STARTING,
    "starting": Phase.STARTING,
    "running": Phase.RUNNING,
    "complete": Phase.EXITED,
    "shutdown": Phase.EXITED,
    "failed": Phase.EXITED,
    "rejected": Phase.DEAD,
    "orphaned": Phase.UNKNOWN,
    "remove": Phase.STOPPING,
}
_FAILED = frozenset({"failed", "rejected"})
_MEANT = frozenset({"running", "ready", "accepted"})
_ROLLING = {
    "updating": "update in progress",
    "paused": "update paused",
    "rollback_started": "rolling back",
    "rollback_paused": "roll back paused",
}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Slot(Struct, frozen=True):
    """One replica. container: empty while it has none; local: whether it is on the engine that is observed."""

    instance: Instance
    task: str
    container: str
    local: bool


class View(Struct, frozen=True):
    """One Swarm service as its manager tells it."""

    service: str
    desired: int | None
    image: SafeText
    rollout: SafeText
    changed_at: datetime | None
    slots: tuple[Slot, ...]


def views(
    services: Iterable[Service], tasks: Iterable[Task], nodes: Mapping[str, str], node: str, scope: str
) -> dict[Owner, View]:
    """Every service. nodes: names by id; node: the id of the engine that is observed."""
    of_service: dict[str, list[Task]] = {}
    for task in tasks:
        of_service.setdefault(task.service_id, []).append(task)
    found = {}
    for service in services:
        owner = swarm_owner(service.spec.name, service.spec.labels or {})
        slots = _slots(service, of_service.get(service.id, []), nodes, node, owner, scope)
        template = service.spec.task_template
        image = template.container_spec.image if template and template.container_spec else ""
        found[owner] = View(
            service=service.id,
            desired=desired(service, slots),
            image=image_name(image),
            rollout=rollout(service),
            changed_at=moment(service.updated_at),
            slots=slots,
        )
    return found


def desired(service: Service, slots: tuple[Slot, ...] = ()) -> int | None:
    """How many tasks should run; None for jobs."""
    mode = service.spec.mode
    if mode is not None and mode.replicated is not None:
        return 1 if mode.replicated.replicas is None else mode.replicated.replicas
    if mode is not None and mode.global_ is not None:
        return service.service_status.desired_tasks if service.service_status else len(slots)
    return None


def image_name(image: str) -> SafeText:
    """Without the digest that a manager adds."""
    return safe(image.partition("@")[0], 512)


def rollout(service: Service) -> SafeText:
    """What an update that is not over says of itself."""
    status = service.update_status
    words = _ROLLING.get(status.state, "") if status else ""
    if not status or not words:
        return SafeText("")
    return safe(words if status.message in ("", words) else f"{words}: {status.message}", 300)


def _slots(
    service: Service, tasks: list[Task], nodes: Mapping[str, str], node: str, owner: Owner, scope: str
) -> tuple[Slot, ...]:
    grouped: dict[tuple[int, str], list[Task]] = {}
    for task in tasks:
        grouped.setdefault((task.slot, "" if task.slot else task.node_id), []).append(task)
    ports = (service.endpoint.ports if service.endpoint else None) or []
    slots = []
    for (number, node_id), attempts in sorted(grouped.items()):
        attempts.sort(key=lambda task: moment(task.created_at) or _LONG_AGO, reverse=True)
        current = next((task for task in attempts if task.desired_state in _MEANT), None)
        if current is None:
            continue
        name = f"{service.spec.name}.{number or nodes.get(node_id, node_id[:12])}"
        instance = _instance(current, attempts, owner, scope, name, ports)
        container = current.status.container_status.container_id if current.status.container_status else ""
        slots.append(Slot(instance, current.id, container, current.node_id == node))
    return tuple(slots)


def _instance(
    task: Task, attempts: list[Task], owner: Owner, scope: str, name: str, ports: list[EndpointPort]
) -> Instance:
    status = task.status
    phase = _PHASES.get(status.state, Phase.UNKNOWN)
    failed = [one for one in attempts if one.status.state in _FAILED]
    last = failed[0] if failed else None
    error = status.err
    if not error and phase is not Phase.RUNNING and last is not None:
        error = last.status.err
    container = status.container_status
    since = moment(status.timestamp)
    ended = phase in (Phase.EXITED, Phase.DEAD)
    image = task.spec.container_spec.image if task.spec.container_spec else ""
    limits = task.spec.resources.limits if task.spec.resources else None
    policy = task.spec.restart_policy
    key = container.container_id if container and container.container_id else f"task:{task.id}"
    return Instance(
        id=owner.identity(scope, key),
        name=safe(name, 255),
        phase=phase,
        exit_code=container.exit_code if ended and container and container.container_id else None,
        error=safe(error, 500),
        restarts=len(failed),
        created_at=moment(task.created_at),
        started_at=since if phase is Phase.RUNNING else None,
        finished_at=since if ended else None,
        image=image_name(image),
        version=safe(_tag(image), 128),
        ports=tuple(
            Port(port.target_port, port.protocol, "", port.published_port or None)
            for port in ports
            if port.publish_mode == "ingress" and port.target_port
        ),
        cpu_limit=limits.nano_cpus / 1e7 if limits and limits.nano_cpus else None,
        memory_limit=(limits.memory_bytes or None) if limits else None,
        restart_policy=policy.condition if policy else "any",
    )


def _tag(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
