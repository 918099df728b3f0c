"""One container as a plan sees it: its facts, what must still hold when it is carried out, how long things take."""

import msgspec
from msgspec import Struct

from cockpit.backends.change import Facts
from cockpit.backends.docker import shape
from cockpit.backends.docker.wire import Container, ContainerRow, Healthcheck
from cockpit.board.model import Health, Identity, Instance, Phase
from cockpit.board.text import safe

STOP_GRACE = 10.0
"""Seconds between TERM and KILL when a container does not say otherwise."""
START_GRACE = 60.0
_SECOND = 1e9


class Mark(Struct, frozen=True, omit_defaults=True):
    """What a plan was made for. loops: it crashes and starts again, so state and start time change by themselves."""

    id: str
    phase: str
    started: str
    loops: bool = False


def to_instance(container: Container, identity: Identity) -> Instance:
    """As the board would have it."""
    return shape.from_inspect(container, ContainerRow(id=container.id), identity, oom_seen=False)


def name_of(container: Container) -> str:
    """Without its slash."""
    return container.name.lstrip("/")


def mark_of(container: Container) -> Mark:
    """What must still be so."""
    policy = (
        container.host_config.restart_policy.name
        if container.host_config and container.host_config.restart_policy
        else ""
    )
    loops = container.state.restarting or (container.restart_count > 0 and policy not in ("", "no"))
    return Mark(id=container.id, phase=container.state.status, started=container.state.started_at, loops=loops)


def precondition(container: Container) -> str:
    """The mark as it stands in an operation."""
    return msgspec.json.encode(mark_of(container)).decode()


def difference(planned: str, container: Container) -> str:
    """What is other than planned, in one line; empty when nothing is."""
    then, now = msgspec.json.decode(planned, type=Mark), mark_of(container)
    name = safe(name_of(container), 255)
    if then.id != now.id:
        return f"{name} is another container now ({now.id[:12]}, was {then.id[:12]})"
    if then.phase == now.phase and then.started == now.started:
        return ""
    if then.loops and {then.phase, now.phase} <= {"running", "restarting", "exited"}:
        return ""
    if then.phase != now.phase:
        return f"{name} is {now.phase} now (was {then.phase})"
    return f"{name} was started anew at {now.started[11:19]}Z"


def before(instance: Instance) -> Facts:
    """How it is now, for the preview."""
    facts = [("state", safe(state_words(instance)))]
    if instance.image:
        facts.append(("image", instance.image))
    if instance.started_at is not None and instance.phase is Phase.RUNNING:
        facts.append(("running since", safe(f"{instance.started_at:%Y-%m-%d %H:%M:%S}Z")))
    if instance.restarts:
        facts.append(("restarts", safe(str(instance.restarts))))
    return tuple(facts)


def state_words(instance: Instance) -> str:
    """ "exited 137 (OOM killed)", "running, unhealthy"."""
    words = str(instance.phase)
    if instance.exit_code is not None:
        words += f" {instance.exit_code}"
    if instance.oom_killed:
        words += " (OOM killed)"
    if instance.health is not Health.NONE:
        words += f", {instance.health}"
    return words


def is_ready(instance: Instance) -> bool:
    """Whether it serves, as far as the engine knows."""
    return instance.phase is Phase.RUNNING and instance.health in (Health.NONE, Health.HEALTHY)


def stop_time(container: Container) -> float:
    """Seconds that a stop may take: the container's own grace period."""
    declared = container.config.stop_timeout if container.config else None
    return STOP_GRACE if declared is None else float(max(0, declared))


def start_time(container: Container) -> float:
    """Seconds after which a start has failed: its health check must have had the time to turn."""
    check = container.config.healthcheck if container.config else None
    if check is None or not check.test or check.test[0] == "NONE":
        return START_GRACE
    return max(START_GRACE, _start_period(check))


def _start_period(check: Healthcheck) -> float:
    interval, timeout = check.interval or 30 * _SECOND, check.timeout or 30 * _SECOND
    return (check.start_period + (interval + min(timeout, interval)) * ((check.retries or 3) + 1)) / _SECOND
