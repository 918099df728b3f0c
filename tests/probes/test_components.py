"""Components of health answers in the shapes that frameworks give them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.model import ReadingState, SafeText
from cockpit.board.text import safe
from cockpit.probes import components

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN

SPRING = {
    "status": "DOWN",
    "components": {
        "db": {"status": "UP", "details": {"database": "PostgreSQL"}},
        "redis": {"status": "DOWN", "details": {"error": "connection refused"}},
        "diskSpace": {"status": "OUT_OF_SERVICE"},
    },
}
ASP_NET = {
    "status": "Degraded",
    "entries": {"sql": {"status": "Healthy", "data": {}}, "bus": {"status": "Degraded", "description": "slow queue"}},
}
MICROPROFILE = {"status": "UP", "checks": [{"name": "db", "status": "UP"}, {"name": "mq", "state": "DOWN"}]}
HEALTH_JSON = {"status": "pass", "checks": {"db:time": [{"status": "pass"}, {"status": "warn", "output": "12 s"}]}}
TERMINUS = {
    "status": "error",
    "info": {},
    "details": {"db": {"status": "up"}, "s3": {"status": "down", "message": "no"}},
}
PLAIN = {"status": "ok", "database": "ok", "cache": "disconnected", "version": "1.2.3"}
FLAGS = {"services": {"kafka": True, "consul": {"healthy": False}, "vault": "sealed"}}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (SPRING, [("db", OK, ""), ("redis", DOWN, "connection refused"), ("diskSpace", DOWN, "")]),
        (ASP_NET, [("sql", OK, ""), ("bus", DEGRADED, "slow queue")]),
        (MICROPROFILE, [("db", OK, ""), ("mq", DOWN, "")]),
        (HEALTH_JSON, [("db:time", DEGRADED, "12 s")]),
        (TERMINUS, [("db", OK, ""), ("s3", DOWN, "no")]),
        (PLAIN, [("database", OK, ""), ("cache", DOWN, "")]),
        (FLAGS, [("kafka", OK, ""), ("consul", DOWN, ""), ("vault", UNKNOWN, "")]),
        ({"data": [{"id": "gpt", "object": "model"}]}, []),
        ({"items": [1, 2], "user": {"status": "active"}, "page": {}}, []),
        ({"status": "ok"}, []),
        ([{"name": "db", "status": "up"}], []),
        ("ok", []),
        (None, []),
    ],
)
def test_shapes(document: Any, wanted: list[tuple[str, ReadingState, str]]) -> None:
    found = components.found(document, safe)
    assert [(part.name, part.state, part.detail) for part in found] == wanted


def test_a_named_list_is_read_whatever_it_is_called() -> None:
    nodes = [{"id": "a", "state": "running"}, {"state": "failed"}, "no object"]
    assert [(part.name, part.state) for part in components.listed(nodes, safe)] == [("a", OK), ("[1]", DOWN)]


def test_a_thousand_components_are_cut() -> None:
    document = {"checks": {f"check{count}": "ok" for count in range(1000)}}
    assert len(components.found(document, safe)) == components.MOST


@pytest.mark.parametrize(
    ("document", "state"),
    [({"status": "DOWN"}, DOWN), ({"healthy": True}, OK), ({"status": "v3"}, UNKNOWN), ("OK", OK), ([], None)],
)
def test_overall(document: Any, state: ReadingState | None) -> None:
    assert components.overall(document) is state


_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20) | st.sampled_from(["ok", "down"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["status", "checks", "components", "details", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_values)
def test_any_json_gives_bounded_safe_components(document: Any) -> None:
    def clean(text: str, limit: int) -> SafeText:
        return safe(text, limit)

    for part in components.found(document, clean):
        assert part.name.isprintable()
        assert part.state in ReadingState
        assert len(part.detail) <= 140
    components.overall(json.loads(json.dumps(document)))
