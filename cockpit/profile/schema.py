"""The types of a profile, version 1. `load` reads them from YAML, `cockpit schema` prints them as JSON Schema.

Durations are seconds, written as a number or as "500ms", "30s", "5m", "2h", "1d". `${NAME}` in what a probe sends (URL,
path, address, headers, body, environment) is taken from the environment when it is used, never stored.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from cockpit.profile.captures import Capture
from cockpit.profile.declared import Declared
from cockpit.profile.deeds import Action, Call, Commands, Doing, Repository, Verify
from cockpit.profile.policy import PolicyRule
from cockpit.profile.words import (
    Address,
    Argument,
    Body,
    Count,
    Due,
    Duration,
    Escalation,
    Every,
    File,
    Header,
    JsonPath,
    Label,
    Link,
    Metric,
    Name,
    Pattern,
    PortNumber,
    Prose,
    Query,
    Replaced,
    Status,
    Tier,
    Url,
    UrlPath,
    Variable,
    Wait,
)


class Backend(Declared, frozen=True, kw_only=True):
    """Where workloads are looked for. Two backends may be of the same kind (several engines, several clusters)."""

    kind: Literal["docker", "kubernetes", "systemd", "process", "demo"]
    host: str = ""
    """Docker: unix:///path, tcp://host:port, ssh://user@host. Empty: the environment and the current context."""
    context: str = ""
    """Docker or Kubernetes: a context by name, instead of host."""
    project: str = ""
    """Docker: only this Compose project or Swarm stack."""
    namespace: str = ""
    """Kubernetes: only this namespace."""
    tls_ca: File = ""
    tls_cert: File = ""
    tls_key: File = ""


class Selector(Declared, frozen=True, kw_only=True):
    """Which workloads run a service: by exactly one name of a workload, or pidfile, port or command of a process."""

    backend: str = ""
    """Name of a backend. Left out: every backend of the kind that fits."""
    compose: str = ""
    """A Compose service by name."""
    container: str = ""
    """A container by name."""
    swarm: str = ""
    """A Swarm service by name."""
    project: str = ""
    """The Compose project or Swarm stack; overrides the backend's."""
    deployment: str = ""
    """A Kubernetes Deployment by name; and so on for the other kinds."""
    statefulset: str = ""
    daemonset: str = ""
    cronjob: str = ""
    job: str = ""
    pod: str = ""
    """A pod that nothing keeps."""
    node: str = ""
    """A Kubernetes node: a service that is that machine."""
    namespace: str = ""
    """The Kubernetes namespace; overrides the backend's."""
    service: str = ""
    """A service of the demo."""
    pidfile: File = ""
    """A process by the file that holds its id."""
    port: PortNumber = 0
    """A process listening on this TCP port of this machine."""
    command: Pattern = ""
    """A process whose command line matches."""


class Threshold(Declared, frozen=True, kw_only=True):
    """When a number is bad. warn makes the service degraded; bad too, and the card shows it as such."""

    warn_above: float | None = None
    bad_above: float | None = None
    warn_below: float | None = None
    bad_below: float | None = None


class SampleSpec(Declared, frozen=True, kw_only=True):
    """A number read from a probe's answer: exactly one of metric (OpenMetrics name), json (path), pattern (group 1)."""

    metric: Metric = ""
    """Series of this name are added up."""
    labels: Mapping[str, str] = {}
    """Only series with these labels."""
    json: JsonPath = ""
    """A path in a JSON answer: queue.depth, nodes[0].load."""
    pattern: Pattern = ""
    """Group 1 of the first match is the number (the whole match without a group)."""
    unit: Prose = ""
    rate: bool = False
    """Show its increase a second; "/s" is added to the unit."""
    threshold: Threshold = Threshold()


class MetricSpec(SampleSpec, frozen=True, kw_only=True):
    """A number of a service, read from the answer of one of its probes as a sample is."""

    probe: str
    """Name of a probe of this service."""


class Probe(Declared, frozen=True, kw_only=True, tag_field="kind"):
    """What every probe has."""

    every: Every = Duration(10)
    timeout: Wait = Duration(3)
    critical: bool = True
    """False: a failure makes the service degraded, not down."""
    bad_after: Count = 2
    """So many bad answers in a row before it counts."""
    good_after: Count = 1
    slow: Wait | None = None
    """Slower than this is degraded."""
    samples: Mapping[Label, SampleSpec] = {}
    """Numbers read from the answer, by name."""


class HttpProbe(Probe, frozen=True, kw_only=True, tag="http"):
    """GET (or another method) a URL, or a path on a workload's port that the backend resolves: url or port."""

    url: Url = ""
    port: PortNumber = 0
    """The port inside the workload; the backend finds where it is reached."""
    path: UrlPath = "/"
    scheme: Literal["http", "https"] = "http"
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = "GET"
    headers: Mapping[Header, Replaced] = {}
    body: Body = ""
    status: Annotated[tuple[Status, ...], Meta(min_length=1)] = ("200-299",)
    json: Mapping[JsonPath, str | int | float | bool | None] = {}
    """Paths in the JSON answer and what must stand there: {"status": "ok"}."""
    matches: Pattern = ""
    """The answer's body must match."""
    components: JsonPath = ""
    """Path of an object or list in the JSON answer whose members are listed; found by itself when empty."""
    verify: bool = True
    """Check the server's certificate."""
    ca: File = ""
    redirects: Annotated[int, Meta(ge=0, le=10)] = 3
    """Followed on the same host only."""


class TcpProbe(Probe, frozen=True, kw_only=True, tag="tcp"):
    """Connect to host:port, or to a workload's port; optionally send a text and expect another."""

    address: Address = ""
    port: PortNumber = 0
    """The port inside the workload; the backend finds where it is reached."""
    send: Body = ""
    expect: Pattern = ""


class ExecProbe(Probe, frozen=True, kw_only=True, tag="exec"):
    """Run a command in an instance of the service."""

    argv: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    environment: Mapping[Variable, Replaced] = {}
    """Added to the instance's own; the place for secrets."""
    exit: Annotated[int, Meta(ge=0, le=255)] = 0
    matches: Pattern = ""
    """The output must match."""


class CommandProbe(Probe, frozen=True, kw_only=True, tag="command"):
    """Run a command on this machine."""

    argv: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    environment: Mapping[Variable, Replaced] = {}
    """Added to a small environment of its own; the place for secrets."""
    exit: Annotated[int, Meta(ge=0, le=255)] = 0
    matches: Pattern = ""
    """The output must match."""


class PromqlProbe(Probe, frozen=True, kw_only=True, tag="promql"):
    """Ask a Prometheus server; shown as unknown until a server is declared."""

    query: Query
    threshold: Threshold = Threshold()
    unit: Prose = ""


AnyProbe = HttpProbe | TcpProbe | ExecProbe | CommandProbe | PromqlProbe


class LogSource(Declared, frozen=True, kw_only=True):
    """A log beside the instances' own output: a file on this machine."""

    file: File


class Service(Declared, frozen=True, kw_only=True):
    """What people are paged about. Without workloads and probes it is shown as "not watched"."""

    tier: Tier = 3
    owner: Prose = ""
    description: Prose = ""
    depends_on: tuple[str, ...] = ()
    """Names of services that this one needs."""
    workloads: tuple[Selector, ...] = ()
    probes: Mapping[Name, AnyProbe] = {}
    logs: Mapping[Name, LogSource] = {}
    metrics: Mapping[Label, MetricSpec] = {}
    """Numbers beside CPU and memory. A loaded profile has them among the samples of their probes."""
    thresholds: Mapping[str, Threshold] = {}
    """By metric: "cpu" (% of one core), "memory" (% of the limit), or a probe's sample."""
    calls: Mapping[Name, Call] = {}
    """HTTP endpoints that change something: failover, warm-up, maintenance."""
    actions: Mapping[Name, Action] = {}
    """The team's own plans, of several steps."""
    commands: Commands = Commands()
    """How it is restarted, started and stopped where it runs as a plain process."""
    repository: Repository | None = None
    """Its configuration under git: rolled back to an earlier revision."""
    smoke: tuple[Doing, ...] = ()
    """Asked in this order when a change seems to have worked; they only read."""
    verify: Verify = Verify()
    captures: Mapping[Name, Capture] = {}
    """Kept, beside its log and description, of every instance that is about to be removed, and on request."""
    links: Mapping[str, Link] = {}
    notes: Prose = ""


class Severity(Declared, frozen=True, kw_only=True):
    """One level of the team's scale, most severe first in the profile. Times count from the declaration."""

    description: Prose = ""
    examples: tuple[Prose, ...] = ()
    acknowledge: Due | None = None
    update: Due | None = None
    """Between two messages to those who wait."""
    escalate: Escalation | None = None
    escalate_to: Prose = ""
    """A role, not a person."""
    resolve: Due | None = None
    stable: Due | None = None
    """Watched for so long after the repair before it counts as resolved."""
    review: Due | None = None
    """The post-mortem is held within."""


class HostThresholds(Declared, frozen=True, kw_only=True):
    """Limits of this machine's resources, in per cent; load per core."""

    cpu: Threshold = Threshold(warn_above=85, bad_above=95)
    memory: Threshold = Threshold(warn_above=85, bad_above=95)
    swap: Threshold = Threshold(warn_above=50, bad_above=80)
    disk: Threshold = Threshold(warn_above=85, bad_above=95)
    inodes: Threshold = Threshold(warn_above=85, bad_above=95)
    load: Threshold = Threshold(warn_above=2, bad_above=4)


class Profile(Declared, frozen=True, kw_only=True):
    """Everything a team declares about one platform."""

    version: Literal[1]
    name: Name
    description: Prose = ""
    environment: Prose = ""
    """What it is part of: production, staging."""
    read_only: bool = False
    """Nothing may be changed from here."""
    discover: bool = False
    """Also show workloads of the backends that no service selects."""
    state: File = ""
    """A shared directory for the journal, instead of the user's own."""
    backends: Mapping[Name, Backend] = {}
    services: Mapping[Name, Service] = {}
    severities: Mapping[Name, Severity] = {}
    policy: tuple[PolicyRule, ...] = ()
    """Who may change what."""
    thresholds: Mapping[str, Threshold] = {}
    """For every service that does not say otherwise: "cpu", "memory", or a sample's name."""
    host: HostThresholds = HostThresholds()
    links: Mapping[str, Link] = {}
    notes: Prose = ""
