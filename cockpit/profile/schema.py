"""The types of a profile, version 1. `load` reads them from YAML, `cockpit schema` prints them as JSON Schema.

Durations are seconds, written as a number or as "500ms", "30s", "5m", "2h", "1d". `${NAME}` in what a probe sends (URL,
path, address, headers, body, environment) is taken from the environment when it is used, never stored.
"""

from collections.abc import Mapping
from typing import Literal

from cockpit.profile.captures import Capture
from cockpit.profile.declared import Declared
from cockpit.profile.deeds import Action, Call, Commands, Doing, Repository, Verify
from cockpit.profile.policy import PolicyRule
from cockpit.profile.probes import AnyProbe, MetricSpec, Threshold
from cockpit.profile.words import (
    Due,
    Escalation,
    File,
    Label,
    Link,
    Name,
    Pattern,
    PortNumber,
    Prose,
    Tier,
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
