"""What a profile declares of probes: how a service is asked, what is read from the answers, and when that is bad."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from cockpit.profile.declared import Declared
from cockpit.profile.words import (
    Address,
    Argument,
    Body,
    Count,
    Duration,
    Every,
    File,
    Header,
    JsonPath,
    Label,
    Metric,
    Pattern,
    PortNumber,
    Prose,
    Query,
    Replaced,
    Status,
    Url,
    UrlPath,
    Variable,
    Wait,
)


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
