"""Tables of a server that means harm, or is only odd; which rows tell of a fault."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.backends.kubernetes.table import CELL, COLUMNS_MOST, ROWS_MOST, Answer, columns_of, rows_of
from tests.kubernetes.backend.recorded import decoded

NOW = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)
NAME = {"name": "Name", "type": "string", "format": "name"}


def table(columns: list[Any], rows: list[Any]) -> Answer:
    return decoded({"kind": "Table", "columnDefinitions": columns, "rows": rows}, Answer)


def titled(*titles: str) -> list[Any]:
    return [NAME, *({"name": title, "type": "string"} for title in titles)]


def row(*cells: Any, **meta: Any) -> dict[str, Any]:
    return {"cells": list(cells), "object": {"metadata": {"name": str(cells[0]) if cells else "", **meta}}}


def fault(titles: tuple[str, ...], *cells: Any) -> bool | None:
    answer = table(titled(*titles), [row("web", *cells)])
    return rows_of(answer, columns_of(answer), NOW)[0][0].fault


def test_cells_are_made_safe_and_bounded() -> None:
    hostile = ["\x1b]0;owned\x07\x1b[2Jweb", "x" * 1_000_000, None, True, 3, 2.5, {"a": ["\x1b[31m"]}]
    answer = table(titled(*"abcdef"), [row(*hostile, namespace="sh\u202eop")])
    (made,), left = rows_of(answer, columns_of(answer), NOW)
    assert left == 0
    assert made.space == "shop"
    assert made.cells[0] == "web"
    assert len(made.cells[1]) <= CELL
    assert made.cells[1].endswith("… +999810")
    assert made.cells[2:6] == ("-", "true", "3", "2.5")
    assert "\x1b" not in "".join(made.cells)


def test_rows_have_as_many_cells_as_there_are_columns() -> None:
    answer = table(titled("Status"), [row("a"), row("b", "Running", "more", "and more"), row(), {"cells": None}, {}])
    rows, _ = rows_of(answer, columns_of(answer), NOW)
    assert [one.cells for one in rows] == [("a", "-"), ("b", "Running"), ("-", "-"), ("-", "-"), ("-", "-")]


def test_rows_and_columns_are_bounded_and_what_is_left_out_is_counted() -> None:
    answer = table(titled(*map(str, range(500))), [row(f"pod-{number}") for number in range(10_000)])
    columns = columns_of(answer)
    rows, left = rows_of(answer, columns, NOW)
    assert len(columns) == COLUMNS_MOST
    assert (len(rows), left) == (ROWS_MOST, 10_000 - ROWS_MOST)
    assert len({one.key for one in rows}) == ROWS_MOST


def test_a_table_without_objects_is_named_by_its_column() -> None:
    columns = [{"name": "Last Seen", "type": "string"}, NAME]
    answer = table(columns, [{"cells": ["3s", "web"]}, {"cells": ["4s"]}])
    assert [one.name for one in rows_of(answer, columns_of(answer), NOW)[0]] == ["web", ""]


@pytest.mark.parametrize("items", [[], None, [{"metadata": {"name": "one", "creationTimestamp": "soon"}}]])
def test_a_list_of_metadata_is_rows_too(items: Any) -> None:
    answer = decoded({"kind": "PartialObjectMetadataList", "items": items}, Answer)
    rows, _ = rows_of(answer, columns_of(answer), NOW)
    assert [one.cells for one in rows] == [("one", "soon") for _ in items or ()]
    assert [one.at for one in rows] == [NOW for _ in items or ()]


@pytest.mark.parametrize(
    ("titles", "cells", "told"),
    [
        (("Ready", "Status"), ("1/1", "Running"), False),
        (("Ready", "Status"), ("0/1", "Running"), True),
        (("Ready", "Status"), ("1/1", "CrashLoopBackOff"), True),
        (("Ready", "Status"), ("0/1", "Completed"), False),
        (("Ready", "Status"), ("0/1", "Pending"), True),
        (("Ready", "Up-to-date"), ("2/3", "1"), True),
        (("Desired", "Ready"), (3, 2), True),
        (("Desired", "Ready"), (3, 3), None),
        (("Status",), ("Ready,SchedulingDisabled",), False),
        (("Status",), ("NotReady",), True),
        (("Status",), ("Terminating",), True),
        (("Ready", "Reason"), ("Unknown", ""), True),
        (("Ready",), ("False",), True),
        (("Synced", "Healthy"), ("True", "True"), False),
        (("Type", "Reason"), ("Warning", "BackOff"), True),
        (("Type", "Reason"), ("Normal", "Pulled"), False),
        (("Type", "Data"), ("Opaque", "3"), None),
        (("Status",), ("",), None),
        (("Hosts",), ("shop.example.com",), None),
    ],
)
def test_a_row_tells_of_a_fault_or_nothing(titles: tuple[str, ...], cells: tuple[Any, ...], told: bool | None) -> None:
    assert fault(titles, *cells) is told


def test_the_controller_is_the_owner() -> None:
    owners = [
        {"apiVersion": "v1", "kind": "Node", "name": "n"},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "controller": True},
    ]
    answer = table(titled(), [row("web-1-a", ownerReferences=owners), row("b", ownerReferences=owners[:1]), row("c")])
    found = [one.owner for one in rows_of(answer, columns_of(answer), NOW)[0]]
    assert [(one.kind, one.name) if one else None for one in found] == [
        ("replicaset.apps", "web-1"),
        ("node", "n"),
        None,
    ]


def test_no_label_and_no_annotation_is_kept() -> None:
    meta = {"labels": {"a": "label-value"}, "annotations": {"applied": json.dumps({"data": "value-of-secret"})}}
    answer = table(titled(), [row("web-db", **meta)])
    assert "value" not in repr(rows_of(answer, columns_of(answer), NOW))
