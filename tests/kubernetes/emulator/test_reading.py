"""Lists in pages, watches, and what a selector or a version means for them."""

import json

import pytest

from cockpit.demo.kubernetes.api.selectors import everything
from cockpit.demo.kubernetes.api.views import WholeView
from cockpit.demo.kubernetes.api.watch import Wanted
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.asking import Json, client, until, watching

PODS = "/api/v1/namespaces/shop/pods"
MAPS = "/api/v1/namespaces/shop/configmaps"
"""Nothing moves these but the test."""


def names(body: Json) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


async def test_pages_show_one_moment_even_when_objects_go(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        whole = names((await asker.get(MAPS)).json())
        first = (await asker.get(MAPS, params={"limit": "2"})).json()
        gone = whole[-1]
        kubernetes.cluster.store.remove("configmaps", "shop", gone)
        rest = (await asker.get(MAPS, params={"limit": "500", "continue": first["metadata"]["continue"]})).json()
    assert first["metadata"]["remainingItemCount"] == len(whole) - 2
    assert names(first) + names(rest) == whole
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_token_from_before_a_compaction_is_expired_and_offers_the_present(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        whole = names((await asker.get(MAPS)).json())
        first = (await asker.get(MAPS, params={"limit": "2"})).json()
        kubernetes.cluster.store.remove("configmaps", "shop", whole[-1])
        kubernetes.emulator.api.compact()
        answer = await asker.get(MAPS, params={"limit": "2", "continue": first["metadata"]["continue"]})
        assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")
        token = answer.json()["metadata"]["continue"]
        rest = (await asker.get(MAPS, params={"continue": token})).json()
    assert names(rest) == whole[2:-1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"labelSelector": "app.kubernetes.io/name=web"}, 3),
        ({"labelSelector": "app.kubernetes.io/name in (web, catalog),!nothing"}, 5),
        ({"labelSelector": "app.kubernetes.io/name notin (web),app.kubernetes.io/part-of!=other"}, 7),
        ({"fieldSelector": "status.phase=Pending"}, 0),
        ({"fieldSelector": "spec.nodeName!=none,status.phase=Running"}, 10),
    ],
)
async def test_selectors_choose(kubernetes: Kubernetes, query: dict[str, str], count: int) -> None:
    async with client(kubernetes.url) as asker:
        assert len((await asker.get(PODS, params=query)).json()["items"]) == count


async def test_a_field_that_is_no_selector_is_told(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        answer = await asker.get(PODS, params={"fieldSelector": "spec.colour=red"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "field label not supported: spec.colour"


async def test_a_watch_tells_what_happens_after_a_version(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    async with client(kubernetes.url) as asker:
        version = (await asker.get(MAPS)).json()["metadata"]["resourceVersion"]
        made = {"metadata": {"name": "one", "namespace": "shop", "labels": {"a": "1"}}}
        stored = cluster.objects.create(BY_SHELF["configmaps"], made)
        async with watching(asker, MAPS, resourceVersion=version) as events:
            assert (await until(events, "ADDED", "one"))["metadata"]["uid"] == stored["metadata"]["uid"]
            cluster.store.put("configmaps", {**stored, "data": {"b": "2"}})
            assert (await until(events, "MODIFIED", "one"))["data"] == {"b": "2"}
            cluster.store.remove("configmaps", "shop", "one")
            assert (await until(events, "DELETED", "one"))["kind"] == "ConfigMap"


async def test_an_object_comes_and_goes_as_it_starts_and_ceases_to_match(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    made = {"metadata": {"name": "one", "namespace": "shop", "labels": {"a": "1"}}}
    async with client(kubernetes.url) as asker, watching(asker, MAPS, labelSelector="a=2") as events:
        stored = cluster.objects.create(BY_SHELF["configmaps"], made)
        stored = cluster.store.put("configmaps", {**stored, "metadata": {**stored["metadata"], "labels": {"a": "2"}}})
        assert (await until(events, "ADDED", "one"))["metadata"]["labels"] == {"a": "2"}
        cluster.store.put("configmaps", {**stored, "metadata": {**stored["metadata"], "labels": {"a": "3"}}})
        await until(events, "DELETED", "one")


async def test_a_watch_from_a_forgotten_version_is_told_so_in_its_stream(kubernetes: Kubernetes) -> None:
    kubernetes.emulator.api.compact()
    async with client(kubernetes.url) as asker, watching(asker, MAPS, resourceVersion="2") as events:
        told = [event async for event in events]
    assert [event["type"] for event in told] == ["ERROR"]
    assert told[0]["object"]["code"] == 410


async def test_a_watch_that_is_cut_ends_without_a_bookmark(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker, watching(asker, MAPS, allowWatchBookmarks="true") as events:
        await until(events, "ADDED", "web-config")
        kubernetes.emulator.api.watches.cut()
        rest = [event["type"] async for event in events]
    # The bookmark behind the objects that were there, and no other.
    assert rest == ["BOOKMARK"]


async def test_a_watch_ends_at_its_time_with_a_bookmark(kubernetes: Kubernetes) -> None:
    await kubernetes.emulator.manager.stop()  # so that no version comes after the bookmark's
    query = {"resourceVersion": str(kubernetes.cluster.store.version), "timeoutSeconds": "1"}
    async with (
        client(kubernetes.url) as asker,
        watching(asker, MAPS, allowWatchBookmarks="true", **query) as events,
    ):
        told = [event async for event in events]
    assert [event["type"] for event in told] == ["BOOKMARK"]
    assert told[0]["object"]["metadata"]["resourceVersion"] == str(kubernetes.cluster.store.version)


async def test_what_a_table_and_bare_metadata_look_like(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        table = (await asker.get(PODS, headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})).json()
        bare = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        metadata = (await asker.get(PODS, headers={"Accept": bare})).json()
    assert [column["name"] for column in table["columnDefinitions"]][:4] == ["Name", "Ready", "Status", "Restarts"]
    assert {row["cells"][2] for row in table["rows"]} == {"Running"}
    assert {frozenset(item) for item in metadata["items"]} == {frozenset({"kind", "apiVersion", "metadata"})}


async def test_what_changes_while_the_beginning_is_read_comes_after_it(kubernetes: Kubernetes) -> None:
    store, api = kubernetes.cluster.store, kubernetes.emulator.api
    kind = BY_SHELF["configmaps"]
    stream = api.watches.stream(Wanted(kind, "shop", everything, WholeView(), None, False, 60.0, False))
    first = (await anext(stream)).splitlines()
    store.remove("configmaps", "shop", "web-config")
    then = json.loads(await anext(stream))
    await stream.aclose()
    assert len(first) == 4
    assert (then["type"], then["object"]["metadata"]["name"]) == ("DELETED", "web-config")
