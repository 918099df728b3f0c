"""Kinds and tables as a real API server told them, and a discovery that means harm."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.discovery import AGAIN, KINDS_MOST, REMEMBERED, Discovery
from cockpit.backends.kubernetes.table import NAME, Answer, columns_of, rows_of
from cockpit.board.clock import ManualClock
from tests.kubernetes.backend.recorded import body, decoded, exchanges

NOW = datetime(2026, 3, 1, 14, 32, tzinfo=UTC)


class Server:
    """Stands for a client: answers by path, and counts what it is asked."""

    where = "Kubernetes main"

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.asked, self.clock = answers, [""], ManualClock()
        self.asked.clear()

    async def get(self, path: str, kind: type[Any], *, timeout: float, accept: str = "") -> Any:
        self.asked.append(path)
        if path not in self.answers:
            raise SourceError(f"no {path}")
        return decoded(self.answers[path], kind)


def discovery(server: Server) -> Discovery:
    return Discovery(server)  # type: ignore[arg-type]


def recorded(number: int) -> Any:
    return exchanges("kubectl-discovery")[number]["response"]["body"]


async def test_the_recorded_aggregated_form() -> None:
    server = Server({"/api": recorded(2), "/apis": recorded(3)})
    found = discovery(server)
    kinds = {one.qualified: one for one in await found.kinds()}
    deployments = kinds["deployments.apps"]
    assert (deployments.kind, deployments.version, deployments.namespaced) == ("Deployment", "v1", True)
    assert "deploy" in deployments.short
    assert not kinds["nodes"].namespaced
    assert not [name for name in kinds if "/" in name], "subresources are no kinds"
    assert (await found.find("po")).qualified == "pods"
    assert server.asked == ["/api", "/apis"]


async def test_the_recorded_form_of_one_group() -> None:
    groups = {"kind": "APIGroupList", "groups": [{"name": "gone", "preferredVersion": {"version": "v1"}}]}
    server = Server({"/api": {"kind": "APIVersions", "versions": ["v1"]}, "/apis": groups, "/api/v1": recorded(1)})
    kinds = {one.qualified for one in await discovery(server).kinds()}
    assert kinds == {
        one["name"] for one in recorded(1)["resources"] if "/" not in one["name"] and "list" in one["verbs"]
    }
    assert "/apis/gone/v1" in server.asked


async def test_it_is_asked_again_when_it_is_old_or_a_name_is_missing() -> None:
    server = Server({"/api": recorded(2), "/apis": {"kind": "APIGroupDiscoveryList"}})
    found = discovery(server)
    await found.kinds()
    with pytest.raises(SourceError, match="has no kind deployments"):
        await found.find("deployments")
    assert len(server.asked) == 2, "a name that is missing in a young answer is missing"
    server.answers["/apis"] = recorded(3)
    await server.clock.advance(AGAIN)
    assert (await found.find("deployments")).qualified == "deployments.apps"
    await server.clock.advance(REMEMBERED)
    await found.kinds()
    assert len(server.asked) == 6


async def test_a_hostile_discovery_is_bounded_and_safe() -> None:
    verbs = ["list"]
    hostile = {"resource": "\x1b[2Jpods", "responseKind": None, "scope": "Namespaced", "verbs": verbs}
    many = [{"resource": f"kind{number}", "verbs": verbs} for number in range(KINDS_MOST)]
    thief = {"resource": "secrets", "singularResource": "pod", "shortNames": ["po"] * 99, "verbs": verbs}
    groups = [
        {"metadata": {"name": "evil.example"}, "versions": [{"version": "v1", "resources": [thief, hostile, *many]}]},
        {"metadata": {"name": "odd"}, "versions": None},
    ]
    server = Server({"/api": recorded(2), "/apis": {"kind": "APIGroupDiscoveryList", "items": groups}})
    found = discovery(server)
    kinds = await found.kinds()
    assert len(kinds) <= KINDS_MOST
    assert not [one for one in kinds if "\x1b" in one.qualified or len(one.short) > 10 or len(one.plural) > NAME]
    # What the core serves keeps its names.
    assert [(await found.find(word)).qualified for word in ("po", "pod", "secrets")] == ["pods", "pods", "secrets"]


async def test_what_is_no_discovery_is_one_line() -> None:
    with pytest.raises(SourceError, match="no /api"):
        await discovery(Server({})).kinds()


@pytest.mark.parametrize("name", ["pods-table", "namespaces-table"])
def test_a_recorded_table(name: str) -> None:
    told = exchanges(name)[0]["response"]["body"]
    answer = body(name, Answer)
    columns = columns_of(answer)
    rows, left = rows_of(answer, columns, NOW)
    assert left == 0
    assert [one.title for one in columns] == [one["name"] for one in told["columnDefinitions"]]
    assert [one.wide for one in columns] == [one["priority"] > 0 for one in told["columnDefinitions"]]
    assert [row.cells for row in rows] == [tuple(map(str, one["cells"])) for one in told["rows"]]
    metas = [one["object"]["metadata"] for one in told["rows"]]
    assert [(row.space, row.name, row.uid) for row in rows] == [
        (meta.get("namespace", ""), meta["name"], meta["uid"]) for meta in metas
    ]


def test_recorded_metadata_alone() -> None:
    told = exchanges("pods-partial-metadata")[0]["response"]["body"]
    answer = body("pods-partial-metadata", Answer)
    rows, _ = rows_of(answer, columns_of(answer), NOW)
    assert [row.name for row in rows] == [one["metadata"]["name"] for one in told["items"]]
    assert all(row.owner and row.owner.kind == "replicaset.apps" and row.at == NOW for row in rows)
