"""Pods, as much of them as is used: of a pod of 7 kB some 600 bytes are kept."""

from collections.abc import Mapping

from msgspec import field

from cockpit.backends.kubernetes.wire import Condition, LabelledMeta, Wire


class ContainerPort(Wire, frozen=True, gc=False):
    """A port that a container declares."""

    container_port: int = 0
    protocol: str = "TCP"


class Resources(Wire, frozen=True, gc=False):
    """Limits by resource: "500m", "512Mi"."""

    limits: Mapping[str, str | int | float] | None = None


class ContainerSpec(Wire, frozen=True, gc=False):
    """A container as it is wanted. restart_policy "Always" of an init container makes it a sidecar."""

    name: str = ""
    image: str = ""
    ports: list[ContainerPort] | None = None
    resources: Resources | None = None
    restart_policy: str = ""
    tty: bool = False


class PodSpec(Wire, frozen=True, kw_only=True, gc=False):
    """A pod as it is wanted."""

    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None
    node_name: str = ""
    restart_policy: str = ""


class Waiting(Wire, frozen=True, gc=False):
    """Why a container does not run yet, or not again."""

    reason: str = ""
    message: str = ""


class Running(Wire, frozen=True, gc=False):
    """Since when it runs."""

    started_at: str | None = None


class Terminated(Wire, frozen=True, kw_only=True, gc=False):
    """How a run ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


class ContainerState(Wire, frozen=True, gc=False):
    """Exactly one of them; none means waiting."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire, frozen=True, kw_only=True, gc=False):
    """A container as it is."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodIp(Wire, frozen=True, gc=False):
    """One address of a pod."""

    ip: str = ""


class PodStatus(Wire, frozen=True, kw_only=True, gc=False):
    """A pod as it is. phase: Pending, Running, Succeeded, Failed, Unknown."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    pod_ip: str = field(name="podIP", default="")


class Pod(Wire, frozen=True, kw_only=True, gc=False):
    """One of /api/v1/pods."""

    metadata: LabelledMeta = LabelledMeta()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
