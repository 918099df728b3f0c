"""All services of a Compose project, those first that others depend on."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import msgspec

from cockpit.backends.change import PlanRefused
from cockpit.backends.docker import shape
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Target, targets
from cockpit.backends.docker.shape import Owner, row_name
from cockpit.backends.docker.wire import ContainerRow
from cockpit.board.model import Workload

MOST = 100
"""Containers that are replaced by one plan."""


async def whole_project(hands: Hands, workload: Workload) -> list[tuple[Workload, tuple[Target, ...]]]:
    """(service, its containers) of every service of a workload's project, dependencies first. PlanRefused."""
    project = workload.id.space
    query: dict[str, str | int] = {
        "all": 1,
        "filters": msgspec.json.encode({"label": [f"{shape.PROJECT}={project}"]}).decode(),
    }
    rows = [
        row
        for row in await hands.client.get("/containers/json", list[ContainerRow], query)
        if not shape.is_one_off(row.labels or {}) and (row.labels or {}).get(shape.SERVICE)
    ]
    if len(rows) > MOST:
        raise PlanRefused(f"{project} has {len(rows)} containers; at most {MOST} are replaced by one plan")
    by_service: dict[str, list[ContainerRow]] = {}
    for row in rows:
        by_service.setdefault((row.labels or {})[shape.SERVICE], []).append(row)
    found = []
    for service in in_order(by_service):
        seen = _workload(workload, sorted(by_service[service], key=_number))
        found.append((seen, targets(seen, await hands.containers(seen))))
    return found


def in_order(by_service: Mapping[str, Sequence[ContainerRow]]) -> list[str]:
    """Names of the services, dependencies first, else in the order of their names. PlanRefused for a circle."""
    graph = {
        service: sorted(
            {other for row in rows for other in shape.depends_on(row.labels or {})} & (by_service.keys() - {service})
        )
        for service, rows in sorted(by_service.items())
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise PlanRefused(f"these services depend on each other: {', '.join(error.args[1])}") from None


def _workload(like: Workload, rows: Sequence[ContainerRow]) -> Workload:
    owner: Owner = shape.owner(row_name(rows[0]), rows[0].labels or {})
    return Workload(
        id=owner.identity(like.id.scope), source=like.source, where=like.where,
        instances=tuple(shape.from_row(row, owner.identity(like.id.scope, row.id)) for row in rows),
    )  # fmt: skip


def _number(row: ContainerRow) -> tuple[int, str]:
    return shape.number_of(row.labels or {}), row_name(row)
