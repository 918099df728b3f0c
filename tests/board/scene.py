"""A small platform to tell the board about, step by step."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.model import (
    Health,
    Identity,
    Instance,
    Phase,
    Reading,
    ReadingState,
    SafeText,
    Sample,
    State,
    Workload,
)
from cockpit.board.snapshot import ServiceStatus
from cockpit.board.update import Changed, Declared, Gone, Heard, Listed, Lost, Probed, Sampled, Update
from cockpit.profile.probes import AnyProbe, TcpProbe, Threshold
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.board.fleet import START

LONG_AGO = START - timedelta(days=3)
SOURCE = "main"


def identity(
    name: str, instance: str = "", *, space: str = "shop", kind: str = "compose", scope: str = "E1"
) -> Identity:
    return Identity("docker", scope, space, kind, name, instance)


def instance(owner: Identity, number: int = 1, **fields: Any) -> Instance:
    """A container that runs well since three days, unless `fields` say otherwise."""
    values: dict[str, Any] = {
        "phase": Phase.RUNNING, "started_at": LONG_AGO, "restarts": 0, "restart_policy": "unless-stopped",
        "name": SafeText(f"{owner.name}-{number}"), "id": identity_of(owner, f"{owner.name}{number}"),
    } | fields  # fmt: skip
    return Instance(**values)


def identity_of(owner: Identity, instance_id: str) -> Identity:
    return Identity(owner.backend, owner.scope, owner.space, owner.kind, owner.name, instance_id)


def workload(name: str, *instances: Mapping[str, Any], owner: Identity | None = None, **fields: Any) -> Workload:
    """A Compose service; each mapping makes one container (`{}`: one that runs well)."""
    owner = owner or identity(name)
    made = tuple(instance(owner, number, **one) for number, one in enumerate(instances or ({},), 1))
    values: dict[str, Any] = {"id": owner, "source": SOURCE, "instances": made}
    return Workload(**(values | fields))


def service(
    name: str, *, needs: tuple[str, ...] = (), probes: Mapping[str, AnyProbe] | None = None, **fields: Any
) -> Service:
    values: dict[str, Any] = {"workloads": (Selector(compose=name),), "depends_on": needs, "probes": probes or {}}
    return Service(**(values | fields))


def profile(services: Mapping[str, Service] | None = None, **fields: Any) -> Profile:
    values: dict[str, Any] = {
        "version": 1, "name": "shop", "services": services if services is not None else {"web": service("web")},
        "backends": {SOURCE: Backend(kind="docker")},
    }  # fmt: skip
    return Profile(**(values | fields))


class Scene:
    """A board and a hand on its clock. Every method applies one update at the present moment."""

    def __init__(self, made: Profile | None = None) -> None:
        self.at = START
        self.clock = ManualClock(START)
        self.board = Board(made or profile(), self.clock)

    def declared(self, source: str = SOURCE, interval: float = 10.0) -> "Scene":
        label = SafeText(f"docker:{source}")
        return self.tell(Declared(source=source, at=self.at, label=label, kind="docker", interval=interval))

    def listed(self, *workloads: Workload, source: str = SOURCE) -> "Scene":
        if self.board.source(source) is None:
            self.declared(source)
        return self.tell(Listed(source=source, at=self.at, workloads=workloads))

    def changed(self, workload: Workload) -> "Scene":
        return self.tell(Changed(source=workload.source, at=self.at, workload=workload))

    def gone(self, identity: Identity, source: str = SOURCE) -> "Scene":
        return self.tell(Gone(source=source, at=self.at, id=identity))

    def heard(self, source: str = SOURCE) -> "Scene":
        return self.tell(Heard(source=source, at=self.at))

    def lost(self, why: str = "connection refused", source: str = SOURCE) -> "Scene":
        return self.tell(Lost(source=source, at=self.at, why=SafeText(why)))

    def sampled(self, *samples: Sample, source: str = SOURCE) -> "Scene":
        return self.tell(Sampled(source=source, at=self.at, samples=samples))

    def probed(self, name: str, state: ReadingState, detail: str = "", *, probe: str = "tcp", **fields: Any) -> "Scene":
        values: dict[str, Any] = {
            "service": name, "probe": probe, "kind": "tcp", "state": state, "at": self.at,
            "detail": SafeText(detail), "target": SafeText(f"{name}:5432"),
        }  # fmt: skip
        reading = Reading(**(values | fields))
        return self.tell(Probed(at=self.at, reading=reading))

    def tell(self, update: Update) -> "Scene":
        self.board.apply(update)
        return self

    def later(self, seconds: float, *, heard: bool = True) -> "Scene":
        """Time passes in steps of a second; the source speaks every 5 s unless `heard` is False."""
        for _ in range(int(seconds)):
            self.at += timedelta(seconds=1)
            if heard and self.at.second % 5 == 0:
                self.heard()
            self.board.tick(self.at)
            self.board.snapshot()
        return self

    def __getitem__(self, key: str) -> ServiceStatus:
        return next(one for one in self.board.snapshot().services if one.key == key)

    def state(self, key: str) -> State:
        return self[key].state

    def cpu(self, key: str) -> float | None:
        return self[key].cpu

    def needs(self, key: str) -> tuple[str, ...]:
        return self[key].depends_on

    def why(self, key: str) -> str:
        return self[key].why

    @property
    def keys(self) -> list[str]:
        return sorted(one.key for one in self.board.snapshot().services)


def cpu(name: str, value: float, number: int = 1) -> Sample:
    return Sample(identity(name, f"{name}{number}"), "cpu", value, "%")


def memory(name: str, value: float, number: int = 1) -> Sample:
    return Sample(identity(name, f"{name}{number}"), "memory", value, "B")


def exited(code: int = 1, ago: float = 0.0, at: datetime = START, **fields: Any) -> dict[str, Any]:
    """Fields of a container that ended `ago` seconds before `at`."""
    return {"phase": Phase.EXITED, "exit_code": code, "finished_at": at - timedelta(seconds=ago)} | fields


def unhealthy(detail: str = "refused", ago: float = 0.0) -> dict[str, Any]:
    return {
        "health": Health.UNHEALTHY,
        "health_detail": SafeText(detail),
        "health_since": START - timedelta(seconds=ago),
    }


TCP = {"tcp": TcpProbe(port=5432)}
HOT = {"cpu": Threshold(warn_above=85, bad_above=95), "memory": Threshold(warn_above=85)}
