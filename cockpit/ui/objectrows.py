"""Rows of a list of objects: their order, what a filter leaves of them, which service of the board each belongs to."""

import re
from collections.abc import Sequence

from cockpit.board.ages import seconds_of
from cockpit.board.model import Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.port import ObjectKind, ObjectRow
from cockpit.ui.narrow import keeper

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORKLOADS = frozenset({"", "apps", "batch"})
"""Groups whose kinds run services."""

Order = tuple[int, float, str]


def order(cell: str) -> Order:
    """Where a cell stands in its column: numbers and ages by what they mean, then words, what is absent last."""
    if (seconds := seconds_of(cell)) is not None:
        return (0, seconds, cell)
    if found := _NUMBER.match(cell):
        return (0, float(found[0]), cell)
    return (2 if cell in ("", "-", "<none>", "<unset>") else 1, 0.0, cell.lower())


def arranged(
    rows: Sequence[ObjectRow], filter_text: str, faults: bool, by: int | None, backwards: bool, aged: bool = False
) -> list[ObjectRow]:
    """The rows that stay, in their order. by: a column, `aged` when its cells are ages; None: as the cluster gives."""
    keep = keeper(filter_text)
    kept = [row for row in rows if not (faults and row.fault is not True)]
    if filter_text.strip():
        kept = [row for row in kept if keep(f"{row.space} {' '.join(row.cells)}")]
    if by is not None:
        kept.sort(key=lambda row: _place(row, by, aged), reverse=backwards)
    return kept


def _place(row: ObjectRow, by: int, aged: bool) -> Order:
    if by >= len(row.cells):
        return (3, 0.0, "")
    group, value, cell = order(row.cells[by])
    # An age counts from when its row was read: 5s read a minute ago is older than 30s read now.
    return (group, value - row.at.timestamp(), cell) if aged and row.at else (group, value, cell)


def on_board(
    snapshot: Snapshot, source: str, kind: ObjectKind, row: ObjectRow
) -> tuple[ServiceStatus, Workload] | None:
    """The service that an object runs, or is part of, and the workload that it is: itself, its owner, its pod's."""
    if kind.group not in _WORKLOADS:
        return None
    for service in snapshot.services:
        for workload in service.workloads:
            if workload.source == source and _is_of(workload, kind, row):
                return service, workload
    return None


def _is_of(workload: Workload, kind: ObjectKind, row: ObjectRow) -> bool:
    one = workload.id
    if one.space != row.space:
        return False
    if (one.kind, one.name) == (kind.singular, row.name):
        return True
    if row.owner and (one.kind, one.name) == (row.owner.kind.partition(".")[0], row.owner.name):
        return True
    return kind.plural == "pods" and any(instance.id.instance == row.uid for instance in workload.instances)
