"""What the demo host tells of its platform, typed. Times are seconds since 1970, None what is not so or not known."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from cockpit.demo.client import DemoError, Facts


class InstanceTold(Struct, frozen=True, kw_only=True):
    """One instance. state: starting, running, stopping, paused, exited or crash-looping.

    restart_at: it crashed and is started again then. health: none, starting, healthy or unhealthy.
    """

    name: str
    service: str
    state: str
    wanted: bool
    pid: int | None
    ports: Mapping[str, int]
    release: str
    restarts: int
    started_at: float | None
    finished_at: float | None
    restart_at: float | None
    exit_code: int | None
    oom_killed: bool
    health: str
    health_detail: str
    health_since: float | None
    memory_limit: int
    log_path: str = ""
    env: Mapping[str, str] = {}


class Rollout(Struct, frozen=True):
    """A release while it was rolled out; until None: it still is."""

    version: str
    since: float
    until: float | None
    note: str


class Need(Struct, frozen=True):
    """A service that another one calls."""

    service: str
    critical: bool


class ChangeTold(Struct, frozen=True):
    """When the definition of a service changed, and what of it."""

    at: float
    what: str


class ServiceTold(Struct, frozen=True, kw_only=True):
    """What the platform wants of a service. generation grows with each change; history is oldest first."""

    name: str
    needs: tuple[Need, ...]
    desired: int
    max_instances: int
    release: str
    history: tuple[Rollout, ...]
    env: Mapping[str, str]
    changes: tuple[ChangeTold, ...]
    generation: int
    rollout: str


class PlatformTold(Struct, frozen=True):
    """All of it."""

    services: tuple[ServiceTold, ...]
    instances: tuple[InstanceTold, ...]

    def service(self, name: str) -> ServiceTold | None:
        """A service by its name."""
        return next((one for one in self.services if one.name == name), None)

    def instances_of(self, service: str) -> tuple[InstanceTold, ...]:
        """The instances of a service, oldest first."""
        return tuple(one for one in self.instances if one.service == service)

    def instance(self, name: str) -> InstanceTold | None:
        """An instance by its name."""
        return next((one for one in self.instances if one.name == name), None)


class UsageTold(Struct, frozen=True):
    """cpu: seconds of processor time since its start; resident: bytes; read and written: bytes of storage I/O."""

    cpu: float
    resident: int
    read: int | None = None
    written: int | None = None


class StatsTold(Struct, frozen=True):
    """Usage by instance, and the host's monotonic seconds when it was measured."""

    monotonic: float
    instances: Mapping[str, UsageTold]


class FaultTold(Struct, frozen=True):
    """A fault that can be injected; line: what breaks, in one line."""

    name: str
    line: str
    service: str
    active: bool


Told = TypeVar("Told")


def read(facts: Facts | Any, kind: type[Told]) -> Told:
    """The host's JSON as a typed value. DemoError when it is something else: host and cockpit differ in version."""
    try:
        return msgspec.convert(facts, kind)
    except msgspec.ValidationError as error:
        raise DemoError("lost", f"the demo host's answer is not understood ({error}): start the demo again") from error
