"""The emulator answers as the recorded API server did: the same status, the same shape, the same words of refusal."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.demo.kubernetes.cluster.access import READ_ONLY
from cockpit.demo.kubernetes.emulator import Emulator
from tests.kubernetes.emulator.asking import client
from tests.kubernetes.emulator.recordings import Json, body_of, differences, exchanges, load

READS = [
    ("version", 0),
    ("pods-list-paged", 0),
    ("pods-table", 0),
    ("kubectl-get-wide", 0),
    ("pods-partial-metadata", 0),
    ("namespaces-table", 0),
    ("nodes-list", 0),
    ("deployment", 0),
    ("events-list", 0),
    ("metrics", 0),
    ("metrics", 1),
    ("pdb-hpa", 0),
    ("pdb-hpa", 1),
    ("access-review", 0),
    ("kubectl-discovery", 1),
    ("kubectl-discovery", 2),
    ("discovery-aggregated", 0),
    ("patch-dry-run", 0),
    ("kubectl-drain", 2),
]
REFUSALS = [
    ("errors", 0),
    ("errors", 3),
    ("pods-continue-garbled", 0),
    ("delete-with-precondition", 0),
    ("eviction-429", 0),
    ("patch-dry-run", 1),
    ("patch-dry-run", 2),
    ("patch-dry-run", 3),
    ("logs", 1),
    ("logs", 2),
]


@pytest.fixture
async def recorded() -> AsyncIterator[Emulator]:
    """The recorded objects behind the emulator's API, with nothing that moves them."""
    async with Emulator(moving=False) as emulator:
        load(emulator.cluster)
        yield emulator


async def again(emulator: Emulator, exchange: Json, **headers: str) -> httpx.Response:
    """Ask what was asked when it was recorded."""
    asked = exchange["request"]
    body = asked["body"] if isinstance(asked["body"], str) else json.dumps(asked["body"])
    sent = {"Accept": asked["headers"].get("Accept", "*/*"), **headers}
    if asked["body"] is not None:
        sent["Content-Type"] = asked["headers"].get("Content-Type", "application/json")
    async with client(emulator.url) as asker:
        content = None if asked["body"] is None else body
        return await asker.request(asked["method"], asked["path"], headers=sent, content=content)


@pytest.mark.parametrize(("name", "number"), READS)
async def test_an_answer_has_the_recorded_status_and_shape(recorded: Emulator, name: str, number: int) -> None:
    exchange = exchanges(name)[number]
    if name == "kubectl-drain":
        exchange["request"]["path"] = "/api/v1/namespaces/payments-prod/pods/api-5fb74b46c4-86n9h/eviction"
    answer = await again(recorded, exchange)
    assert answer.status_code == exchange["response"]["status"]
    assert answer.headers["content-type"].partition(";")[0] == "application/json"
    assert list(differences(body_of(exchange), answer.json())) == []


@pytest.mark.parametrize(("name", "number"), REFUSALS)
async def test_a_refusal_has_the_recorded_status_and_words(recorded: Emulator, name: str, number: int) -> None:
    if name == "eviction-429":
        budget = recorded.cluster.store.get("poddisruptionbudgets.policy", "payments-prod", "api")
        assert budget is not None
        status = {**budget["status"], "disruptionsAllowed": 0, "desiredHealthy": 20}
        recorded.cluster.objects.set_status("poddisruptionbudgets.policy", budget, status)
    exchange = exchanges(name)[number]
    answer = await again(recorded, exchange)
    assert answer.status_code == exchange["response"]["status"]
    wanted, found = body_of(exchange), answer.json()
    assert list(differences(wanted, found)) == []
    assert (found["reason"], found["code"]) == (wanted["reason"], wanted["code"])
    if name != "pods-continue-garbled":  # its words end in what a decoder in another language says
        assert (found["message"], found.get("details")) == (wanted["message"], wanted.get("details"))


@pytest.mark.parametrize("number", [0, 1])
async def test_who_may_not_is_refused_in_the_recorded_words(recorded: Emulator, number: int) -> None:
    recorded.cluster.policy.grants["viewer"] = (READ_ONLY,)
    exchange = exchanges("error-403")[number]
    answer = await again(recorded, exchange, **{"Impersonate-User": "viewer"})
    assert (answer.status_code, answer.json()) == (403, body_of(exchange))


async def test_a_review_of_what_is_not_allowed_says_no(recorded: Emulator) -> None:
    recorded.cluster.policy.grants["viewer"] = (READ_ONLY,)
    exchange = exchanges("access-review")[1]
    answer = await again(recorded, exchange, **{"Impersonate-User": "viewer"})
    assert answer.json()["status"] == body_of(exchange)["status"] == {"allowed": False}


async def test_an_unknown_token_is_refused_as_recorded(recorded: Emulator) -> None:
    recorded.cluster.policy.tokens["known"] = "admin"
    exchange = exchanges("error-401")[0]
    answer = await again(recorded, exchange, Authorization="Bearer unknown")
    assert (answer.status_code, answer.json()) == (401, body_of(exchange))


async def test_a_path_that_is_not_there_lists_those_that_are(recorded: Emulator) -> None:
    answer = await again(recorded, exchanges("errors")[1])
    assert answer.status_code == 404
    assert {"/api/v1", "/apis/apps/v1", "/apis/policy/v1", "/version"} <= set(answer.json()["paths"])


async def test_what_is_too_old_is_told_as_recorded(recorded: Emulator) -> None:
    token, watch, exact = exchanges("error-410")
    async with client(recorded.url) as asker:
        first = (await asker.get("/api/v1/pods", params={"limit": "2"})).json()
        recorded.cluster.objects.set_status("pods", next(recorded.cluster.store.each("pods")), {"phase": "Running"})
        recorded.api.compact()
        told = await asker.get("/api/v1/pods", params={"limit": "2", "continue": first["metadata"]["continue"]})
    assert (told.status_code, told.json()["message"]) == (410, body_of(token)["message"])
    assert list(differences(body_of(token), told.json())) == []
    answer = await again(recorded, watch)
    event, wanted = json.loads(answer.text), body_of(watch)["stream"][0]
    assert answer.status_code == 200
    assert (event["type"], event["object"]["reason"]) == (wanted["type"], wanted["object"]["reason"])
    answer = await again(recorded, exact)
    assert (answer.status_code, answer.json()) == (410, body_of(exact))


async def test_lines_of_a_log_carry_their_time_as_recorded(recorded: Emulator) -> None:
    exchange = exchanges("logs")[0]
    answer = await again(recorded, exchange)
    assert answer.headers["content-type"] == exchange["response"]["headers"]["Content-Type"]
    lines, wanted = answer.text.splitlines(), body_of(exchange).splitlines()
    assert len(lines) == len(wanted) == 3
    assert all(line.partition("Z ")[2].startswith("time=") for line in (*lines, *wanted))


async def test_a_watch_tells_events_in_the_recorded_shape(recorded: Emulator) -> None:
    recording = exchanges("watch-during-rollout")[0]
    recording["request"]["path"] = recording["request"]["path"].replace("timeoutSeconds=22", "timeoutSeconds=1")
    answer = await again(recorded, recording)
    found = [json.loads(line) for line in answer.text.splitlines()]
    wanted = body_of(recording)["stream"]
    assert [event["type"] for event in found] == ["ADDED"] * 4 + ["BOOKMARK"] * 2
    assert list(differences(wanted[0], found[0])) == []
    marks = [[event for event in events if event["type"] == "BOOKMARK"] for events in (wanted, found)]
    assert [sorted(mark["object"]["metadata"].get("annotations", {})) for mark in marks[1]] == [
        ["k8s.io/initial-events-end"],
        [],
    ]
    assert marks[0][-1]["object"]["kind"] == marks[1][-1]["object"]["kind"] == "Pod"
