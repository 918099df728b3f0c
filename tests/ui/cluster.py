"""A cluster with a service on it and lists of objects, made by hand."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from cockpit.backends.catalogue import ObjectColumn, ObjectKind, ObjectOwner, ObjectPage, ObjectRow
from cockpit.board.model import Freshness, Identity, Instance, Phase, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus
from cockpit.engine.port import Command, ListObjects, ObjectChanges, WatchObjects
from tests.ui import scene
from tests.ui.fakeport import AT, FakePort

SOURCE = "prod"


def kind(plural: str, name: str, group: str = "", *short: str, namespaced: bool = True) -> ObjectKind:
    return ObjectKind(
        group=SafeText(group),
        version=SafeText("v1"),
        plural=SafeText(plural),
        singular=SafeText(name.lower()),
        kind=SafeText(name),
        namespaced=namespaced,
        short=tuple(map(SafeText, short)),
    )


PODS = kind("pods", "Pod", "", "po")
DEPLOYMENTS = kind("deployments", "Deployment", "apps", "deploy")
REPLICASETS = kind("replicasets", "ReplicaSet", "apps", "rs")
NAMESPACES = kind("namespaces", "Namespace", "", "ns", namespaced=False)
CLAIMS = kind("persistentvolumeclaims", "PersistentVolumeClaim", "", "pvc")
EVENTS = kind("events", "Event", "", "ev")
KINDS = (PODS, NAMESPACES, CLAIMS, DEPLOYMENTS, REPLICASETS, kind("pods", "PodMetrics", "metrics.k8s.io"), EVENTS)

COLUMNS = tuple(
    ObjectColumn(SafeText(title), wide, name=title == "Name")
    for title, wide in (
        ("Name", False), ("Ready", False), ("Status", False), ("Restarts", False), ("Age", False), ("IP", True),
        ("Node", True),
    )
)  # fmt: skip


EVENT_COLUMNS = tuple(
    ObjectColumn(SafeText(title), title == "Name", name=title == "Name")
    for title in ("Last Seen", "Type", "Reason", "Object", "Message", "Name")
)


def row(name: str, *cells: str, uid: str = "", space: str = "shop", **more: Any) -> ObjectRow:
    return ObjectRow(
        SafeText(space), SafeText(name), SafeText(uid or f"uid-{name}"), tuple(map(SafeText, cells)), **more
    )


def pod(name: str, ready: str, status: str, restarts: str, age: str, **more: Any) -> ObjectRow:
    owner = ObjectOwner("replicaset.apps", name.rpartition("-")[0])
    cells = (name, ready, status, restarts, age, "10.244.0.9", "node-001")
    told: dict[str, Any] = {"owner": owner, "fault": status != "Running" or ready[0] == "0"}
    return row(name, *cells, **told | more)


def event(seen: str, kind: str, reason: str, about: str, message: str) -> ObjectRow:
    name = f"{about.partition('/')[2]}.{seen}"
    return row(name, seen, kind, reason, about, message, name, fault=kind == "Warning", at=AT)


ROWS = (
    pod("checkout-7d9f8b6c54-2xk8p", "1/1", "Running", "0", "3d"),
    pod("checkout-7d9f8b6c54-q9w4z", "0/1", "CrashLoopBackOff", "14 (2m ago)", "47m"),
    pod("web-5c6d7e8f9a-mmp2l", "1/1", "Running", "2 (5h ago)", "12d"),
    pod("[/]-[red]odd[/red]", "1/1", "Running", "0", "9s"),
)


def page(*rows: ObjectRow, of: ObjectKind = PODS, columns: Sequence[ObjectColumn] = COLUMNS, **more: Any) -> ObjectPage:
    spaces = (SafeText("shop"),) if of.namespaced else ()
    return ObjectPage(kind=of, at=AT, columns=tuple(columns), rows=rows, **{"spaces": spaces} | more)


def service() -> ServiceStatus:
    """`checkout`, on the board: a Deployment with the two pods of the list."""
    owner = Identity("kubernetes", "cluster-1", "shop", "deployment", "checkout")
    pods = tuple(
        Instance(id=Identity(*owner_parts(owner), f"uid-{one.name}"), name=one.name, phase=Phase.RUNNING)
        for one in ROWS[:2]
    )
    work = Workload(id=owner, source=SOURCE, instances=pods, desired=2)
    return scene.service("checkout", 1, State.DEGRADED, 240, ready=1, desired=2, workloads=(work,))


def owner_parts(owner: Identity) -> tuple[str, str, str, str, str]:
    return owner.backend, owner.scope, owner.space, owner.kind, owner.name


def source(name: str) -> SourceStatus:
    label = SafeText(f"kubernetes:{name}")
    return SourceStatus(name=name, label=label, kind="kubernetes", freshness=Freshness.LIVE, since=AT, heard_at=AT)


def snapshot(*names: str) -> Snapshot:
    """The service on clusters of these names."""
    return scene.snapshot(profile="shop", services=(service(),), sources=tuple(map(source, names or (SOURCE,))))


def watched(*rows: ObjectRow, **more: Any) -> ObjectPage:
    """The pods, of which it can be told what happens to them."""
    return page(*rows, of=replace(PODS, watched=True), since=(0, "7"), **more)


class ClusterPort(FakePort):
    """Answers lists with `pages`, by the word that was asked for; those in `held` only once the test answers."""

    def __init__(self, *clusters: str, **pages: Sequence[ObjectPage]) -> None:
        super().__init__(snapshot(*clusters))
        self.pages: dict[str, Sequence[ObjectPage]] = {"pods": (page(*ROWS),), **pages}
        self.holding = False
        self.held: list[asyncio.Future[Any]] = []
        self.watches: list[tuple[WatchObjects, asyncio.Future[Any]]] = []
        """Each that was asked for, and what ends it."""
        self.answers |= {"ListKinds": KINDS, "ListObjects": self._listed}

    @property
    def asked(self) -> list[ListObjects]:
        """The lists that were asked for."""
        return [one for one in self.sent if isinstance(one, ListObjects)]

    def submit(self, command: Command) -> "asyncio.Future[Any]":
        if isinstance(command, WatchObjects):
            self.watches.append((command, asyncio.get_running_loop().create_future()))
            return self.watches[-1][1]
        if self.holding and isinstance(command, ListObjects):
            self.sent.append(command)
            self.held.append(asyncio.get_running_loop().create_future())
            return self.held[-1]
        return super().submit(command)

    def happen(
        self, *rows: ObjectRow, gone: Sequence[ObjectRow] = (), columns: Sequence[ObjectColumn] = COLUMNS
    ) -> None:
        """The newest watch tells of it; of nothing: that it stands."""
        keys = tuple(one.key for one in gone)
        changes = ObjectChanges(at=AT, since=(0, "9"), columns=tuple(columns) if rows else (), rows=rows, gone=keys)
        self.watches[-1][0].take(changes)

    def _listed(self, command: ListObjects) -> ObjectPage:
        pages = self.pages[command.query.kind.partition(".")[0]]
        return pages[int(command.query.token or 0)]
