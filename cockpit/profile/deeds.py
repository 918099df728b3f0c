"""What a profile declares that can be done, beside the verbs: calls, actions, and the checks that come last.

Nothing here is done but through the door: planned, previewed, confirmed, recorded, judged by the service's probes.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from cockpit.profile.declared import Declared
from cockpit.profile.words import (
    Argument,
    Body,
    Duration,
    File,
    Header,
    Name,
    Pattern,
    PortNumber,
    Prose,
    Relative,
    Replaced,
    Status,
    Url,
    UrlPath,
    Variable,
    Wait,
)

STAGE = "COCKPIT_STAGE"
"""In what a staged action sends and in the environment of what it runs: the stage's per cent."""

Percent = Annotated[int, Meta(ge=1, le=100, description="per cent, 1 to 100")]
Words = Annotated[tuple[Argument, ...], Meta(max_length=64)]


class Call(Declared, frozen=True, kw_only=True):
    """Ask an HTTP endpoint to change something: url, or a path on a workload's port that the backend resolves."""

    title: Prose = ""
    url: Url = ""
    port: PortNumber = 0
    path: UrlPath = "/"
    scheme: Literal["http", "https"] = "http"
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: Mapping[Header, Replaced] = {}
    body: Body = ""
    status: Annotated[tuple[Status, ...], Meta(min_length=1)] = ("200-299",)
    matches: Pattern = ""
    """The answer's body must match."""
    timeout: Wait = Duration(10)
    verify: bool = True
    """Check the server's certificate."""
    ca: File = ""
    danger: Literal["low", "high"] = "low"
    before: str = ""
    """A probe of the service that must be good before."""
    after: str = ""
    """The probe of the service that says whether it worked; left out: all of its critical ones."""
    hold: Wait = Duration(10)
    deadline: Wait = Duration(60)
    inverse: str = ""
    """The call or action that takes it back."""


class Doing(Declared, frozen=True, kw_only=True):
    """One thing that is done: exactly one of call, exec, command."""

    title: Prose = ""
    call: str = ""
    """A call of this service, by name."""
    exec: Words = ()
    """A command in a running instance of the service."""
    command: Words = ()
    """A command on this machine."""
    environment: Mapping[Variable, Replaced] = {}
    """For exec and command; the place for secrets."""
    matches: Pattern = ""
    """For exec and command: the output must match, besides exit 0."""
    timeout: Wait = Duration(30)


class Step(Doing, frozen=True, kw_only=True):
    """One step of an action: exactly one of call, exec, command, verb."""

    verb: str = ""
    """What the backend can do with the workload: restart, scale, ..."""
    arguments: Mapping[Name, Argument] = {}
    """Of the verb."""
    danger: Literal["low", "high"] = "low"
    before: str = ""
    """A probe of the service that must be good before."""
    after: str = ""
    """The probe that must be good before the next step; left out: all critical ones."""
    deadline: Wait = Duration(60)
    undo: Doing | None = None
    """What takes it back, when a later step fails; a call or verb knows its own."""


class Action(Declared, frozen=True, kw_only=True):
    """The team's own plan: steps in their order; when one fails, what was done is taken back, last first."""

    title: Prose = ""
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=50)]
    stages: Annotated[tuple[Percent, ...], Meta(max_length=10)] = ()
    """All steps once for each stage: [10, 25, 50, 100]. `${COCKPIT_STAGE}` says which; each is verified."""
    danger: Literal["low", "high"] = "low"
    hold: Wait = Duration(10)
    """So long everything must stay good at the end before it has worked."""
    deadline: Wait = Duration(120)
    inverse: str = ""
    """The call or action that takes it back."""


class HostCommand(Declared, frozen=True, kw_only=True):
    """A command on this machine that starts, stops or restarts a plain process."""

    argv: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    environment: Mapping[Variable, Replaced] = {}
    """The place for secrets."""
    timeout: Wait = Duration(30)
    """For the command itself; what it starts goes on."""
    deadline: Wait = Duration(60)
    """Until what it is to do must have been seen."""


class Commands(Declared, frozen=True, kw_only=True):
    """How what runs as a plain process is changed; what has no command here cannot be done to it."""

    restart: HostCommand | None = None
    start: HostCommand | None = None
    stop: HostCommand | None = None


class Repository(Declared, frozen=True, kw_only=True):
    """Files in a git working copy of this machine by which a service is configured; they can be put back."""

    path: File
    """The working copy, or a folder in it."""
    files: Annotated[tuple[Relative, ...], Meta(min_length=1, max_length=20)]
    """Put back together."""
    then: str = ""
    """What makes the service read them: a verb (restart), or a call of it; left out: it reads them by itself."""


class Verify(Declared, frozen=True, kw_only=True):
    """What must be seen after any change of the service before it has worked."""

    samples: Annotated[int, Meta(ge=1, le=20, description="1 to 20")] = 1
    """So many answers of each critical probe after the change."""
    traffic: str = ""
    """A number of the service that is above zero while it is used; without traffic it is not known whether it works."""
