"""Rows of a list of objects: their order, what a filter leaves of them, which service of the board each belongs to."""

import re
from collections.abc import Sequence

from cockpit.board.model import Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.port import ObjectKind, ObjectRow
from cockpit.ui.narrow import keeper

_AGE = re.compile(r"(?:\d+[ydhms])+(?![a-z])")
_PART = re.compile(r"(\d+)([ydhms])")
_SECONDS = {"y": 31_536_000, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORKLOADS = frozenset({"", "apps", "batch"})
"""Groups whose kinds run services."""

Order = tuple[int, float, str]


def order(cell: str) -> Order:
    """Where a cell stands in its column: numbers and ages by what they mean, then words, what is absent last."""
    if found := _AGE.match(cell):
        return (0, float(sum(int(n) * _SECONDS[unit] for n, unit in _PART.findall(found[0]))), cell)
    if found := _NUMBER.match(cell):
        return (0, float(found[0]), cell)
    return (2 if cell in ("", "-", "<none>", "<unset>") else 1, 0.0, cell.lower())


def arranged(
    rows: Sequence[ObjectRow], filter_text: str, faults: bool, by: int | None, backwards: bool
) -> list[ObjectRow]:
    """The rows that stay, in their order. by: a column; None: as the cluster gives them."""
    keep = keeper(filter_text)
    kept = [row for row in rows if not (faults and row.fault is not True)]
    if filter_text.strip():
        kept = [row for row in kept if keep(f"{row.space} {' '.join(row.cells)}")]
    if by is not None:
        kept.sort(key=lambda row: order(row.cells[by]) if by < len(row.cells) else (3, 0.0, ""), reverse=backwards)
    return kept


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
