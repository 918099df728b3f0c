"""The log of what is selected in a list of objects, also where no service of the profile runs on it."""

from collections.abc import Sequence

from cockpit.board.model import Identity, Workload
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import ObjectKind, ObjectRef, ObjectRow
from cockpit.ui.screens.base import CockpitScreen

PODS = "pods"
OF_PODS = frozenset(
    {
        PODS, "services", "replicationcontrollers", "deployments.apps", "replicasets.apps", "statefulsets.apps",
        "daemonsets.apps", "jobs.batch",
    }
)  # fmt: skip
"""Kinds whose objects are pods, or select some."""

Found = tuple[ServiceStatus, Workload] | None
"""The service that runs on an object, and the workload that it is part of."""


def begin(screen: CockpitScreen, source: str, kind: ObjectKind, rows: Sequence[tuple[ObjectRow, Found]]) -> None:
    """Open the log of some rows, merged: pods of the board as it knows them, all others by their names."""
    from cockpit.ui.screens.log import LogScreen

    services: dict[str, None] = {}
    instances: list[Identity] = []
    objects: list[ObjectRef] = []
    for row, found in rows:
        pod = _instance(row, found) if kind.qualified == PODS else None
        if found is not None and pod is not None:
            services[found[0].key] = None
            instances.append(pod)
        else:
            objects.append(ObjectRef(source, kind.qualified, row.space, row.name))
    names = [row.name for row, _ in rows]
    label = " + ".join(names[:3]) + (f" + {len(names) - 3}" if len(names) > 3 else "")
    screen.app.push_screen(LogScreen(tuple(services), label, tuple(instances), objects=tuple(objects)))


def _instance(row: ObjectRow, found: Found) -> Identity | None:
    pods = found[1].instances if found else ()
    return next((one.id for one in pods if one.id.instance == row.uid), None)
