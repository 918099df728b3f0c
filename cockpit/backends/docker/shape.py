"""From what the engine answers to the board's values. Pure: tests put recorded answers of any version through it."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.backends.docker.health import health_of, row_health
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.wire import Container, ContainerRow, HostConfig, Network, NetworkSettings, PortRow
from cockpit.board.model import Identity, Instance, Phase, Port, SafeText
from cockpit.board.text import safe

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONE_OFF = "com.docker.compose.oneoff"
DEPENDS_ON = "com.docker.compose.depends_on"
STACK = "com.docker.stack.namespace"
SWARM_SERVICE = "com.docker.swarm.service.name"
SWARM_TASK = "com.docker.swarm.task.id"
VERSION = "org.opencontainers.image.version"

_PHASES: Mapping[str, Phase] = {
    "created": Phase.CREATED,
    "running": Phase.RUNNING,
    "restarting": Phase.RESTARTING,
    "paused": Phase.PAUSED,
    "removing": Phase.STOPPING,
    "stopping": Phase.STOPPING,
    "exited": Phase.EXITED,
    "dead": Phase.DEAD,
}
_EXIT = re.compile(r"^(?:Exited|Restarting) \((-?\d{1,10})\)")
_DEFAULT_PERIOD = 100_000
OTHERS = ("host", "none", "container:")
"""Ways to be attached that no network is joined or left by."""
ENDED = frozenset({Phase.EXITED, Phase.DEAD, Phase.RESTARTING})
ALIVE = frozenset({Phase.RUNNING, Phase.PAUSED})


class Owner(Struct, frozen=True):
    """What a container belongs to: kind, space and name of its workload's identity."""

    kind: str
    space: str
    name: str

    def identity(self, scope: str, instance: str = "") -> Identity:
        """As an identity on one engine."""
        return Identity("docker", scope, self.space, self.kind, self.name, instance)


def owner(name: str, labels: Mapping[str, str]) -> Owner:
    """The workload of a container, by its labels; without any the container is its own."""
    service = labels.get(SWARM_SERVICE)
    if service:
        return swarm_owner(service, labels)
    if labels.get(PROJECT) and labels.get(SERVICE):
        return Owner("compose", safe(labels[PROJECT], 255), safe(labels[SERVICE], 255))
    return Owner("container", "", safe(name, 255))


def swarm_owner(service: str, labels: Mapping[str, str]) -> Owner:
    """The workload of a Swarm service; a stack's name is its space and no longer part of its name."""
    stack = labels.get(STACK, "")
    if stack and service.startswith(f"{stack}_"):
        service = service[len(stack) + 1 :]
    return Owner("swarm", safe(stack, 255), safe(service, 255))


def row_name(row: ContainerRow) -> str:
    """The container's own name: links of others ("/other/alias") stand in the list too."""
    names = [name.lstrip("/") for name in row.names or ()]
    return next((name for name in names if "/" not in name), names[0] if names else row.id[:12])


def phase_of(state: str) -> Phase:
    """What a state is called on the board."""
    return _PHASES.get(state, Phase.UNKNOWN)


def from_row(row: ContainerRow, identity: Identity) -> Instance:
    """A container as the list tells it; what only inspect knows is None."""
    labels = row.labels or {}
    phase = phase_of(row.state)
    found = _EXIT.match(row.status)
    return Instance(
        id=identity,
        name=safe(row_name(row), 255),
        phase=phase,
        health=row_health(row),
        exit_code=int(found[1]) if found and phase in ENDED else None,
        created_at=datetime.fromtimestamp(row.created, UTC) if row.created > 0 else None,
        image=safe(row.image, 512),
        image_id=row.image_id,
        version=_version(row.image, labels),
        ports=row_ports(row.ports or ()),
        addresses=_addresses(row.network_settings.networks if row.network_settings else None),
    )


def from_inspect(container: Container, row: ContainerRow, identity: Identity, *, oom_seen: bool) -> Instance:
    """A container as inspect tells it. oom_seen: an event said that memory ran out in this run."""
    state, config, host = container.state, container.config, container.host_config or HostConfig()
    labels = (config.labels if config else None) or row.labels or {}
    phase = phase_of(state.status)
    ended = phase in ENDED
    health, detail, since = health_of(state, container.config)
    image = (config.image if config else "") or row.image
    return Instance(
        id=identity,
        name=safe(container.name.lstrip("/") or row_name(row), 255),
        phase=phase,
        health=health,
        health_detail=detail,
        health_since=since,
        exit_code=state.exit_code if ended else None,
        oom_killed=(state.oom_killed or (oom_seen and state.exit_code == 137)) if ended else False,
        error=safe(state.error, 500),
        restarts=container.restart_count,
        created_at=moment(container.created),
        started_at=moment(state.started_at),
        finished_at=moment(state.finished_at),
        image=safe(image, 512),
        image_id=container.image,
        version=_version(image, labels),
        ports=inspected_ports(container.network_settings),
        addresses=_addresses(container.network_settings.networks if container.network_settings else None),
        cpu_limit=cpu_limit(host),
        memory_limit=host.memory or None,
        restart_policy=host.restart_policy.name if host.restart_policy else "",
        tty=bool(config and config.tty),
    )


def cpu_limit(host: HostConfig) -> float | None:
    """The limit in per cent of one core."""
    if host.nano_cpus > 0:
        return host.nano_cpus / 1e7
    if host.cpu_quota > 0:
        return 100.0 * host.cpu_quota / (host.cpu_period or _DEFAULT_PERIOD)
    return None


def row_ports(ports: Iterable[PortRow]) -> tuple[Port, ...]:
    """Ports as the list gives them, in order, each once (IPv4 and IPv6 publish the same)."""
    found = {Port(port.private_port, port.type, port.ip, port.public_port or None) for port in ports}
    return _tidy(found)


def inspected_ports(settings: NetworkSettings | None) -> tuple[Port, ...]:
    """Ports as inspect gives them."""
    found: set[Port] = set()
    for name, bindings in ((settings.ports if settings else None) or {}).items():
        number, _, protocol = name.partition("/")
        if not number.isdecimal():
            continue
        for binding in bindings or ():
            public = int(binding.host_port) if binding.host_port.isdecimal() else None
            found.add(Port(int(number), protocol or "tcp", binding.host_ip, public))
        if not bindings:
            found.add(Port(int(number), protocol or "tcp"))
    return _tidy(found)


def depends_on(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Names from Compose's label "db:service_healthy:false,cache:service_started:true"."""
    parts = (part.partition(":")[0].strip() for part in labels.get(DEPENDS_ON, "").split(","))
    return tuple(dict.fromkeys(safe(part, 255) for part in parts if part))


def is_one_off(labels: Mapping[str, str]) -> bool:
    """Whether `docker compose run` made it."""
    return labels.get(ONE_OFF, "").lower() == "true"


def number_of(labels: Mapping[str, str]) -> int:
    """Which of its service's containers it is; 0 when it does not say."""
    words = labels.get(NUMBER, "")
    return int(words) if words.isdecimal() else 0


def _tidy(ports: set[Port]) -> tuple[Port, ...]:
    """In order; a wildcard of IPv6 beside the same of IPv4 says nothing new."""
    kept = {
        port
        for port in ports
        if not (port.host_ip == "::" and Port(port.number, port.protocol, "0.0.0.0", port.host_port) in ports)
    }
    return tuple(sorted(kept, key=lambda port: (port.number, port.protocol, port.host_port or 0, port.host_ip)))


def _addresses(networks: Mapping[str, Network | None] | None) -> tuple[str, ...]:
    found = [network.ip_address or network.ipv6 for _, network in sorted((networks or {}).items()) if network]
    return tuple(dict.fromkeys(address for address in found if address))


def _version(image: str, labels: Mapping[str, str]) -> SafeText:
    """The tag, else what the image says of itself."""
    last = image.partition("@")[0].rpartition("/")[2]
    # An image whose tag went to another is named by its id alone.
    tag = "" if image.startswith("sha256:") else last.partition(":")[2]
    if tag in ("", "latest"):
        return safe(labels.get(VERSION, "") or tag, 128)
    return safe(tag, 128)
