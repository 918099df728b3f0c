"""What runs in the demo, as workloads of the board: the host's facts folded, text made safe, lives told apart."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.board.model import Health, Identity, Instance, Phase, Port, SafeText, Workload
from cockpit.board.text import safe
from cockpit.demo.told import InstanceTold, PlatformTold, ServiceTold

PORTS: Mapping[int, str] = {80: "http", 5432: "db"}
"""What profiles call a service's ports; where each listens changes from instance to instance."""
LABEL = SafeText("demo:shop")
WHERE = (("demo", SafeText("shop")),)

_PHASES = {
    "starting": Phase.STARTING,
    "running": Phase.RUNNING,
    "stopping": Phase.STOPPING,
    "paused": Phase.PAUSED,
    "exited": Phase.EXITED,
    "crash-looping": Phase.RESTARTING,
}
_HEALTH = {"starting": Health.STARTING, "healthy": Health.HEALTHY, "unhealthy": Health.UNHEALTHY}
_ENDED = frozenset({Phase.EXITED, Phase.RESTARTING})


class Life(Struct, frozen=True):
    """Which run of an instance is told. held: a start after a crash that has come to nothing so far."""

    told: InstanceTold
    started_at: float | None
    held: bool = False


def next_life(before: Life | None, now: InstanceTold) -> Life:
    """The run to tell. A crashed process that is started again is still "restarting" until it listens: a crash loop
    would else look like a start for the 50 ms of each attempt. What was ordered (a restart) is a start at once."""
    if before is None:
        return Life(now, now.started_at)
    waited = before.told.restart_at is not None
    same = before.held and before.told.state == "starting"
    held = (now.state == "starting" and (waited or same)) or (
        now.state in ("stopping", "exited") and before.held and now.restart_at is None
    )
    return Life(now, before.started_at if held else now.started_at, held)


class Fleet:
    """The platform as it was told last. scope: names this demo among all that ever ran."""

    def __init__(self, source: str, scope: str, mask: Callable[[str], SafeText] = SafeText) -> None:
        self._source, self._scope, self._mask = source, scope, mask
        self._services: dict[str, ServiceTold] = {}
        self._lives: dict[str, Life] = {}

    def listed(self, platform: PlatformTold) -> tuple[Workload, ...]:
        """Take in everything; what it does not name is gone."""
        self._services = {one.name: one for one in platform.services}
        lives = {one.name: next_life(self._lives.get(one.name), one) for one in platform.instances}
        self._lives = lives
        return self.workloads()

    def took_service(self, told: ServiceTold) -> Workload:
        """Take in a service's definition."""
        self._services[told.name] = told
        return self._workload(told)

    def took_instance(self, told: InstanceTold) -> Workload | None:
        """Take in an instance; None when its service is not known."""
        self._lives[told.name] = next_life(self._lives.get(told.name), told)
        return self.of(told.service)

    def removed(self, instance: str, service: str) -> Workload | None:
        """An instance is gone."""
        self._lives.pop(instance, None)
        return self.of(service)

    def workloads(self) -> tuple[Workload, ...]:
        """Every service."""
        return tuple(self._workload(service) for service in self._services.values())

    def of(self, service: str) -> Workload | None:
        """One service as a workload."""
        found = self._services.get(service)
        return self._workload(found) if found else None

    def told(self, instance: str) -> InstanceTold | None:
        """An instance as the host told it."""
        life = self._lives.get(instance)
        return life.told if life else None

    def identity(self, service: str, instance: str = "") -> Identity:
        """The identity of a service, or of an instance of it."""
        return Identity("demo", self._scope, "", "service", service, instance)

    def _workload(self, service: ServiceTold) -> Workload:
        lives = [life for life in self._lives.values() if life.told.service == service.name]
        return Workload(
            id=self.identity(service.name),
            source=self._source,
            where=WHERE,
            instances=tuple(self._instance(life) for life in lives),
            desired=service.desired,
            rollout=safe(f"rollout: {service.rollout}" if service.rollout else "", 200),
            changed_at=moment(service.changes[-1].at) if service.changes else None,
            depends_on=tuple(need.service for need in service.needs),
        )

    def _instance(self, life: Life) -> Instance:
        told = life.told
        phase = _PHASES.get(told.state, Phase.UNKNOWN)
        if life.held and phase is Phase.STARTING:
            phase = Phase.RESTARTING
        ended = phase in _ENDED
        return Instance(
            id=self.identity(told.service, told.name),
            name=safe(told.name, 64),
            phase=phase,
            health=_HEALTH.get(told.health, Health.NONE),
            health_detail=self._mask(safe(told.health_detail, 300)),
            health_since=moment(told.health_since),
            exit_code=told.exit_code if ended else None,
            oom_killed=told.oom_killed if ended else None,
            restarts=told.restarts,
            created_at=None,
            started_at=moment(life.started_at),
            finished_at=moment(told.finished_at) if ended else None,
            version=safe(told.release, 64),
            ports=tuple(
                Port(number, "tcp", "127.0.0.1", told.ports[name])
                for number, name in PORTS.items()
                if name in told.ports
            ),
            addresses=("127.0.0.1",),
            memory_limit=told.memory_limit,
            restart_policy="always",
        )


def moment(seconds: float | None) -> datetime | None:
    """The host's time as the board's."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
