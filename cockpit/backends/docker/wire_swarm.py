"""What a Swarm manager answers about services and tasks, as much of it as is used."""

from msgspec import field

from cockpit.backends.docker.wire import Wire


class Replicated(Wire, frozen=True):
    """So many tasks; null is one."""

    replicas: int | None = None


class Mode(Wire, frozen=True):
    """How many tasks a service has: as many as it says, one on each node, or those of a job."""

    replicated: Replicated | None = None
    global_: dict[str, object] | None = field(name="Global", default=None)
    replicated_job: dict[str, object] | None = None
    global_job: dict[str, object] | None = None


class ContainerSpec(Wire, frozen=True):
    """What a task runs; the image may end in "@sha256:..."."""

    image: str = ""
    stop_grace_period: int | None = None


class Limit(Wire, frozen=True):
    """0 is none."""

    nano_cpus: int = field(name="NanoCPUs", default=0)
    memory_bytes: int = 0


class Resources(Wire, frozen=True):
    """Limits of a task."""

    limits: Limit | None = None


class TaskRestart(Wire, frozen=True):
    """When a task that ended is replaced: "none", "on-failure", "any"."""

    condition: str = ""


class TaskSpec(Wire, frozen=True):
    """A task as declared."""

    container_spec: ContainerSpec | None = None
    resources: Resources | None = None
    restart_policy: TaskRestart | None = None


class ServiceSpec(Wire, frozen=True):
    """A service as declared."""

    name: str = ""
    labels: dict[str, str] | None = None
    mode: Mode | None = None
    task_template: TaskSpec | None = None


class EndpointPort(Wire, frozen=True):
    """A port published by the swarm: on every node (ingress), or where the task runs (host)."""

    protocol: str = "tcp"
    target_port: int = 0
    published_port: int = 0
    publish_mode: str = "ingress"


class Endpoint(Wire, frozen=True):
    """Ports of a service."""

    ports: list[EndpointPort] | None = None


class UpdateStatus(Wire, frozen=True):
    """How the last update went: updating, paused, completed, rollback_started, rollback_paused, rollback_completed."""

    state: str = ""
    started_at: str = ""
    message: str = ""


class ServiceCount(Wire, frozen=True):
    """Counts with ?status=true, from API 1.41 on."""

    running_tasks: int = 0
    desired_tasks: int = 0


class Index(Wire, frozen=True):
    """The version that an update must name."""

    index: int = 0


class Service(Wire, frozen=True):
    """One of GET /services."""

    id: str = field(name="ID")
    version: Index = Index()
    created_at: str = ""
    updated_at: str = ""
    spec: ServiceSpec = ServiceSpec()
    previous_spec: ServiceSpec | None = None
    endpoint: Endpoint | None = None
    update_status: UpdateStatus | None = None
    service_status: ServiceCount | None = None


class TaskContainer(Wire, frozen=True):
    """The container of a task, once there is one."""

    container_id: str = field(name="ContainerID", default="")
    exit_code: int = 0


class TaskStatus(Wire, frozen=True):
    """What became of a task; err says why it could not run or how it ended."""

    timestamp: str = ""
    state: str = ""
    message: str = ""
    err: str = ""
    container_status: TaskContainer | None = None


class Task(Wire, frozen=True):
    """One of GET /tasks. slot: 0 for a task of a global service, which is told by its node."""

    id: str = field(name="ID")
    created_at: str = ""
    spec: TaskSpec = TaskSpec()
    service_id: str = field(name="ServiceID", default="")
    slot: int = 0
    node_id: str = field(name="NodeID", default="")
    status: TaskStatus = TaskStatus()
    desired_state: str = ""
