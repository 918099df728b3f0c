"""What an engine answers, as much of it as is used (API 1.40 to 1.52). Fields that may be null are said so.

Decoding straight from bytes into these costs a fifth of decoding everything.
"""

from collections.abc import Mapping

from msgspec import Struct, field


class Wire(Struct, frozen=True, rename="pascal"):
    """Base: names as Go writes them."""


class Info(Wire, frozen=True):
    """GET /info."""

    id: str = field(name="ID", default="")
    name: str = ""
    server_version: str = ""
    ncpu: int = field(name="NCPU", default=0)
    mem_total: int = 0
    cgroup_version: str = "1"
    operating_system: str = ""
    swarm: "SwarmInfo | None" = None


class SwarmInfo(Wire, frozen=True):
    """The engine's part in a swarm. control_available: it is a manager."""

    node_id: str = field(name="NodeID", default="")
    local_node_state: str = "inactive"
    control_available: bool = False


class PortRow(Wire, frozen=True):
    """A port in the list of containers; public_port is 0 when it is not published."""

    private_port: int
    type: str = "tcp"
    ip: str = field(name="IP", default="")
    public_port: int = 0


class Network(Wire, frozen=True):
    """One network of a container."""

    ip_address: str = field(name="IPAddress", default="")
    ipv6: str = field(name="GlobalIPv6Address", default="")


class RowNetworks(Wire, frozen=True):
    """Networks in the list of containers."""

    networks: Mapping[str, Network | None] | None = None


class RowHealth(Wire, frozen=True):
    """Health in the list of containers, from API 1.52 on."""

    status: str = ""
    failing_streak: int = 0


class RowHost(Wire, frozen=True):
    """How a container is attached to networks: "host" is the engine's own."""

    network_mode: str = ""


class ContainerRow(Wire, frozen=True):
    """One of GET /containers/json."""

    id: str
    names: list[str] | None = None
    image: str = ""
    image_id: str = field(name="ImageID", default="")
    created: int = 0
    ports: list[PortRow] | None = None
    labels: dict[str, str] | None = None
    state: str = ""
    status: str = ""
    network_settings: RowNetworks | None = None
    host_config: RowHost | None = None
    health: RowHealth | None = None


class HealthResult(Wire, frozen=True):
    """One run of a health check."""

    start: str = ""
    end: str = ""
    exit_code: int = 0
    output: str = ""


class HealthState(Wire, frozen=True):
    """Health of one container; the log holds its last five results, oldest first."""

    status: str = ""
    failing_streak: int = 0
    log: list[HealthResult] | None = None


class ContainerState(Wire, frozen=True):
    """State of one container. Times are RFC 3339; year 1 means never."""

    status: str = ""
    running: bool = False
    paused: bool = False
    restarting: bool = False
    oom_killed: bool = field(name="OOMKilled", default=False)
    dead: bool = False
    exit_code: int = 0
    error: str = ""
    started_at: str = ""
    finished_at: str = ""
    health: HealthState | None = None


class RestartPolicy(Wire, frozen=True):
    """What the engine does when a container ends."""

    name: str = ""
    maximum_retry_count: int = 0


class HostConfig(Wire, frozen=True):
    """Limits and policies of a container; 0 means none."""

    nano_cpus: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    memory: int = 0
    memory_swap: int = 0
    """Memory and swap together; -1 is no limit."""
    restart_policy: RestartPolicy | None = None
    network_mode: str = ""
    auto_remove: bool = False


class Healthcheck(Wire, frozen=True):
    """How health is checked; times in nanoseconds, 0 for the engine's default (30 s, 30 s, 0 s, 3 times)."""

    test: list[str] | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    retries: int = 0


class Config(Wire, frozen=True):
    """How a container was declared."""

    healthcheck: Healthcheck | None = None
    image: str = ""
    tty: bool = False
    labels: dict[str, str] | None = None
    stop_timeout: int | None = None
    stop_signal: str = ""


class Binding(Wire, frozen=True):
    """Where a port is published."""

    host_ip: str = ""
    host_port: str = ""


class NetworkSettings(Wire, frozen=True):
    """Addresses and ports of one container; {"80/tcp": null} is a port that is not published."""

    ports: Mapping[str, list[Binding] | None] | None = None
    networks: Mapping[str, Network | None] | None = None


class Container(Wire, frozen=True):
    """GET /containers/{id}/json."""

    id: str
    name: str = ""
    created: str = ""
    image: str = ""
    """The image's id."""
    restart_count: int = 0
    state: ContainerState = ContainerState()
    host_config: HostConfig | None = None
    config: Config | None = None
    network_settings: NetworkSettings | None = None


class Actor(Wire, frozen=True):
    """What an event is about."""

    id: str = field(name="ID", default="")
    attributes: dict[str, str] | None = None


class Event(Wire, frozen=True):
    """One line of GET /events. API 1.52 dropped the older top-level fields; these exist in all."""

    type: str = ""
    action: str = ""
    actor: Actor = Actor()
    time_nano: int = field(name="timeNano", default=0)


class CpuUsage(Struct, frozen=True):
    """CPU time in nanoseconds."""

    total_usage: int = 0


class CpuStats(Struct, frozen=True):
    """As GET /containers/{id}/stats has it; these structs are in Go's snake case."""

    cpu_usage: CpuUsage = CpuUsage()


class MemoryStats(Struct, frozen=True):
    """usage counts the page cache too; stats are those of the control group, v1 or v2."""

    usage: int = 0
    stats: dict[str, int] | None = None


class NetworkStats(Struct, frozen=True):
    """Bytes through one interface."""

    rx_bytes: int = 0
    tx_bytes: int = 0


class BlockEntry(Struct, frozen=True):
    """Bytes of one kind ("Read", "write", ...) to one device."""

    op: str = ""
    value: int = 0


class BlockStats(Struct, frozen=True):
    """Null where the control group gives none."""

    io_service_bytes_recursive: list[BlockEntry] | None = None


class Stats(Struct, frozen=True):
    """One sample. read is year 1 for a container that does not run."""

    read: str = ""
    cpu_stats: CpuStats = CpuStats()
    memory_stats: MemoryStats = MemoryStats()
    networks: dict[str, NetworkStats] | None = None
    blkio_stats: BlockStats = BlockStats()


class ExecCreated(Wire, frozen=True):
    """POST /containers/{id}/exec."""

    id: str


class ExecState(Wire, frozen=True):
    """GET /exec/{id}/json; the exit code is null while it runs."""

    running: bool = False
    exit_code: int | None = None
