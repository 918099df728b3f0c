"""What makes pods and keeps them as they are: Deployments and their like, jobs; and what limits them."""

from msgspec import Struct, field

from cockpit.backends.kubernetes.wire import Condition, EditedMeta, LabelledMeta, LabelSelector, Meta, Wire
from cockpit.backends.kubernetes.wire_templates import Template


class ControllerSpec(Wire, frozen=True, kw_only=True, gc=False):
    """Of Deployments, StatefulSets, DaemonSets and ReplicaSets together: each has some of these."""

    replicas: int | None = None
    paused: bool = False
    template: Template = Template()


class ControllerStatus(Wire, frozen=True, kw_only=True, gc=False):
    """Counts as the controller last wrote them."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0


class Controller(Wire, frozen=True, kw_only=True, gc=False):
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet."""

    metadata: EditedMeta = EditedMeta()
    spec: ControllerSpec = ControllerSpec()
    status: ControllerStatus = ControllerStatus()


class JobSpec(Wire, frozen=True, kw_only=True, gc=False):
    """How many pods of a job run at once."""

    parallelism: int | None = None
    suspend: bool | None = None


class JobStatus(Wire, frozen=True, kw_only=True, gc=False):
    """Whether it failed."""

    conditions: list[Condition] | None = None


class Job(Wire, frozen=True, kw_only=True, gc=False):
    """One of batch/v1 jobs."""

    metadata: LabelledMeta = LabelledMeta()
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(Wire, frozen=True, gc=False):
    """Whether it runs at all."""

    suspend: bool | None = None


class CronJob(Wire, frozen=True, kw_only=True, gc=False):
    """One of batch/v1 cronjobs."""

    metadata: LabelledMeta = LabelledMeta()
    spec: CronJobSpec = CronJobSpec()


class TargetRef(Wire, frozen=True, gc=False):
    """What is scaled."""

    kind: str = ""
    name: str = ""


class MetricTarget(Wire, frozen=True, gc=False):
    """What is aimed at: % of what is requested."""

    average_utilization: int | None = None


class ResourceMetric(Wire, frozen=True, gc=False):
    """CPU or memory."""

    name: str = ""
    target: MetricTarget = MetricTarget()


class HpaMetric(Wire, frozen=True, gc=False):
    """One of the numbers that it goes by. resource: None of a number that is not of the pods themselves."""

    resource: ResourceMetric | None = None


class HpaSpec(Wire, frozen=True, kw_only=True, gc=False):
    """The bounds, and what it goes by."""

    scale_target_ref: TargetRef = TargetRef()
    min_replicas: int | None = None
    max_replicas: int = 0
    metrics: list[HpaMetric] | None = None


class HpaStatus(Wire, frozen=True, kw_only=True, gc=False):
    """What it wants now."""

    desired_replicas: int = 0
    last_scale_time: str | None = None
    conditions: list[Condition] | None = None


class Hpa(Wire, frozen=True, kw_only=True, gc=False):
    """One of autoscaling/v2 horizontalpodautoscalers."""

    metadata: Meta = Meta()
    spec: HpaSpec = HpaSpec()
    status: HpaStatus = HpaStatus()


class PdbSpec(Wire, frozen=True, kw_only=True, gc=False):
    """Whose pods are guarded."""

    selector: LabelSelector | None = None


class PdbStatus(Wire, frozen=True, kw_only=True, gc=False):
    """How many may go now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0


class Pdb(Wire, frozen=True, kw_only=True, gc=False):
    """One of policy/v1 poddisruptionbudgets."""

    metadata: Meta = Meta()
    spec: PdbSpec = PdbSpec()
    status: PdbStatus = PdbStatus()


class Isolated(Struct, frozen=True, gc=False):
    """The annotation of a network policy that the cockpit made: whom it isolates, as "deployment/web"."""

    target: str = field(name="incident-cockpit/target", default="")


class IsolationMeta(Meta, frozen=True, kw_only=True, gc=False):
    """Its metadata."""

    annotations: Isolated | None = None


class Isolation(Wire, frozen=True, kw_only=True, gc=False):
    """The metadata of one of networking.k8s.io/v1 networkpolicies."""

    metadata: IsolationMeta = IsolationMeta()


class ObjectRef(Wire, frozen=True, gc=False):
    """What an event is about."""

    uid: str = ""
    name: str = ""


class EventSeries(Wire, frozen=True, gc=False):
    """An event that came again."""

    count: int = 0
    last_observed_time: str | None = None


class Event(Wire, frozen=True, kw_only=True, gc=False):
    """One of /api/v1/events. type: Normal or Warning."""

    metadata: Meta = Meta()
    involved_object: ObjectRef = ObjectRef()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: EventSeries | None = None


class Usage(Struct, frozen=True, gc=False):
    """CPU ("142524741n") and memory ("169742Ki") in use."""

    cpu: str = ""
    memory: str = ""


class ContainerUsage(Struct, frozen=True, gc=False):
    """Of one container."""

    name: str = ""
    usage: Usage = Usage()


class PodMetrics(Wire, frozen=True, kw_only=True, gc=False):
    """One of metrics.k8s.io/v1beta1 pods; timestamp: the end of the window that was measured."""

    metadata: Meta = Meta()
    timestamp: str | None = None
    containers: list[ContainerUsage] | None = None
