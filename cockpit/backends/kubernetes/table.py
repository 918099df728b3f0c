"""Lists as the server prints them: its Table form, else metadata alone, as rows of safe and bounded cells. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from cockpit.backends.catalogue import ObjectColumn, ObjectOwner, ObjectRow
from cockpit.backends.kubernetes.wire import ListMeta, Wire
from cockpit.board.model import SafeText
from cockpit.board.text import safe

ACCEPT = ",".join(
    (
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "application/json",
    )
)
ACCEPT_ONE = ACCEPT.replace("PartialObjectMetadataList", "PartialObjectMetadata")
"""What a list, and one object of it, is asked for as. Whole objects come only from servers that know nothing else, and
are not kept."""
CELL, TITLE, NAME = 200, 40, 253
"""Characters of a cell, of a column's title, of a name at most."""
COLUMNS_MOST, ROWS_MOST = 40, 5_000
ABSENT = SafeText("-")


class _Owner(Wire, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class _Meta(Wire, frozen=True, kw_only=True):
    """metadata: neither labels nor annotations are kept, which may hold a copy of what a Secret holds."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    owner_references: list[_Owner] | None = None


class _Object(Wire, frozen=True):
    metadata: _Meta | None = None


class _Column(Wire, frozen=True):
    name: str = ""
    type: str = ""
    format: str = ""
    priority: int = 0


class _Row(Wire, frozen=True):
    cells: list[Any] | None = None
    object: _Object | None = None


class Answer(Wire, frozen=True):
    """A Table, or a list of objects of which the metadata is read."""

    kind: str = ""
    metadata: ListMeta = ListMeta()
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None
    items: list[_Object] | None = None


class _Change(Wire, frozen=True):
    """The object of a watch's line: a Table of one row, or an object itself."""

    kind: str = ""
    metadata: _Meta = _Meta()
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None


def changed_of(line: bytes) -> tuple[Answer, str]:
    """What a watch's line is about, as a list of one, and the version that it leads to. msgspec.MsgspecError."""
    told = msgspec.json.decode(line, type=_Change)
    if told.kind == "Table":
        answer = Answer(kind="Table", column_definitions=told.column_definitions, rows=told.rows)
        objects = [row.object.metadata for row in told.rows or () if row.object and row.object.metadata]
        return answer, told.metadata.resource_version or next((one.resource_version for one in objects), "")
    return Answer(items=[_Object(told.metadata)]), told.metadata.resource_version


def columns_of(answer: Answer) -> tuple[ObjectColumn, ...]:
    """The columns, the name's among them."""
    if answer.kind != "Table":
        return (ObjectColumn(SafeText("Name"), name=True), ObjectColumn(SafeText("Created At")))
    return tuple(
        ObjectColumn(safe(one.name, TITLE), one.priority > 0, one.type in ("integer", "number"), one.format == "name")
        for one in (answer.column_definitions or ())[:COLUMNS_MOST]
    )


def rows_of(answer: Answer, columns: Sequence[ObjectColumn], at: datetime) -> tuple[tuple[ObjectRow, ...], int]:
    """A row for each object, with as many cells as there are columns; and how many beyond ROWS_MOST are left out.

    at: now, which the ages in the cells count from.
    """
    if answer.kind != "Table":
        items = answer.items or []
        metas = [one.metadata or _Meta() for one in items[:ROWS_MOST]]
        rows = tuple(_row(meta, [meta.name, meta.creation_timestamp], columns, {}, at) for meta in metas)
        return rows, len(items) - len(rows)
    judges, counts = _judges(columns), _counts(columns)
    place = next((index for index, one in enumerate(columns) if one.name), 0)
    found = []
    told = answer.rows or []
    for row in told[:ROWS_MOST]:
        cells = row.cells or []
        meta = row.object.metadata if row.object else None
        if meta is None:
            # A server that gives no object: the column of the name has to do.
            meta = _Meta(name=str(cells[place]) if place < len(cells) else "")
        made = _row(meta, cells, columns, judges, at)
        found.append(replace(made, fault=True) if _too_few(made.cells, counts) else made)
    return tuple(found), len(told) - len(found)


def _row(
    meta: _Meta, cells: Sequence[Any], columns: Sequence[ObjectColumn], judges: Mapping[int, "Judge"], at: datetime
) -> ObjectRow:
    texts = tuple(_text(cells[index]) if index < len(cells) else ABSENT for index in range(len(columns)))
    return ObjectRow(
        space=safe(meta.namespace, NAME),
        name=safe(meta.name, NAME),
        uid=safe(meta.uid, NAME),
        cells=texts,
        fault=_fault(texts, judges),
        at=at,
        owner=_owner(meta),
    )


def _text(value: Any) -> SafeText:
    if isinstance(value, str):
        return safe(value, CELL)
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return SafeText(str(value).lower())
    if isinstance(value, int | float):
        return safe(f"{value:g}" if isinstance(value, float) else str(value), CELL)
    return safe(msgspec.json.encode(value).decode(), CELL)


def _owner(meta: _Meta) -> ObjectOwner | None:
    """The controller, else the first of those that it belongs to."""
    owners = (meta.owner_references or [])[:10]
    one = next((owner for owner in owners if owner.controller), owners[0] if owners else None)
    if one is None:
        return None
    return ObjectOwner(safe(f"{one.kind.lower()}.{_group(one.api_version)}".rstrip("."), NAME), safe(one.name, NAME))


def _group(api_version: str) -> str:
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


# What a row says of itself

Judge = Callable[[str], bool | None]
"""Whether a cell tells of something that is not well; None: it tells nothing."""

_WELL = frozenset(
    {
        "active", "available", "bound", "complete", "completed", "established", "healthy", "normal", "ok", "ready",
        "running", "succeeded", "synced", "true",
    }
)  # fmt: skip
_ENDED = frozenset({"complete", "completed", "succeeded"})
_NOTHING = frozenset({"", "-", "<none>", "<unset>"})


def _status(cell: str) -> bool | None:
    # "Ready,SchedulingDisabled": the first word is the state.
    word = cell.lower().partition(",")[0]
    return None if word in _NOTHING else word not in _WELL


def _share(cell: str) -> bool | None:
    """ "2/3" and "False" are not well; a number alone tells nothing."""
    ready, slash, wanted = cell.partition("/")
    if slash and ready.isdecimal() and wanted.isdecimal():
        return int(ready) < int(wanted)
    return {"true": False, "false": True, "unknown": True}.get(cell.lower())


_JUDGES: Mapping[str, Judge] = {
    "status": _status,
    "phase": _status,
    "state": _status,
    "health": _status,
    "ready": _share,
    "available": _share,
    "healthy": _share,
    "synced": _share,
}


def _event(cell: str) -> bool | None:
    return {"normal": False, "warning": True}.get(cell.lower())


def _judges(columns: Sequence[ObjectColumn]) -> dict[int, Judge]:
    found = {index: _JUDGES[one.title.lower()] for index, one in enumerate(columns) if one.title.lower() in _JUDGES}
    titles = [one.title.lower() for one in columns]
    if "type" in titles and "reason" in titles:
        found[titles.index("type")] = _event
    return found


def _counts(columns: Sequence[ObjectColumn]) -> tuple[int, int] | None:
    """Where a list counts what is desired and what is ready of it."""
    titles = [one.title.lower() for one in columns]
    return (titles.index("desired"), titles.index("ready")) if {"desired", "ready"} <= set(titles) else None


def _too_few(cells: Sequence[str], counts: tuple[int, int] | None) -> bool:
    if counts is None:
        return False
    desired, ready = (cells[index] for index in counts)
    return desired.isdecimal() and ready.isdecimal() and int(ready) < int(desired)


def _fault(cells: Sequence[str], judges: Mapping[int, Judge]) -> bool | None:
    """Whether any of its cells is not well. Of a pod that has ended none is ready, and that is well."""
    if any(judge is _status and cells[index].lower() in _ENDED for index, judge in judges.items()):
        return False
    told = [judge(cells[index]) for index, judge in judges.items()]
    said = [one for one in told if one is not None]
    return any(said) if said else None
