"""What else passes over the wire: writes and their preconditions, patches, faults, logs, exec and port-forward."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websocket

from cockpit.demo.kubernetes.api import kubelets
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.asking import client, until, watching
from tests.kubernetes.emulator.waiting import get, pods_of
from tests.kubernetes.emulator.waiting import until as becomes

WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
MAPS = "/api/v1/namespaces/shop/configmaps"


async def patch(asker: httpx.AsyncClient, path: str, kind: str, body: object, **query: str) -> httpx.Response:
    headers = {"Content-Type": f"application/{kind}"}
    return await asker.patch(path, content=json.dumps(body), headers=headers, params=query)


async def test_a_strategic_patch_merges_lists_by_their_keys(kubernetes: Kubernetes) -> None:
    container = {"name": "web", "env": [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "NEW", "value": "1"}]}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    async with client(kubernetes.url) as asker:
        answer = await patch(asker, WEB, "strategic-merge-patch+json", body, dryRun="All")
    (made,) = answer.json()["spec"]["template"]["spec"]["containers"]
    env = {one["name"]: one.get("value") for one in made["env"]}
    assert (env["LOG_LEVEL"], env["NEW"], made["image"]) == ("debug", "1", "registry.example.com/shop/web:2.4.1")
    assert {"DATABASE_URL", "POD_NAME"} <= env.keys()


async def test_a_list_item_is_deleted_by_directive(kubernetes: Kubernetes) -> None:
    gone = {"name": "web", "env": [{"name": "LOG_LEVEL", "$patch": "delete"}]}
    body = {"spec": {"template": {"spec": {"containers": [gone]}}}}
    async with client(kubernetes.url) as asker:
        answer = await patch(asker, WEB, "strategic-merge-patch+json", body, dryRun="All")
    (made,) = answer.json()["spec"]["template"]["spec"]["containers"]
    assert "LOG_LEVEL" not in {one["name"] for one in made["env"]}


async def test_a_merge_patch_takes_away_and_a_json_patch_tests(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        body = {"metadata": {"labels": {"app.kubernetes.io/part-of": None, "team": "a"}}}
        merged = (await patch(asker, WEB, "merge-patch+json", body, dryRun="All")).json()
        steps = [{"op": "test", "path": "/kind", "value": "Deployment"}, {"op": "remove", "path": "/metadata/labels"}]
        stepped = await patch(asker, WEB, "json-patch+json", steps, dryRun="All")
    assert "app.kubernetes.io/part-of" not in merged["metadata"]["labels"]
    assert merged["metadata"]["labels"]["team"] == "a"
    assert (stepped.status_code, "labels" in stepped.json()["metadata"]) == (200, False)


async def test_a_dry_run_stores_nothing_and_a_spec_s_change_is_a_generation(kubernetes: Kubernetes) -> None:
    version = kubernetes.cluster.store.version
    before = get(kubernetes.cluster, "deployments.apps", "web")["metadata"]
    async with client(kubernetes.url) as asker:
        dry = (await patch(asker, WEB, "merge-patch+json", {"spec": {"paused": True}}, dryRun="All")).json()
        assert get(kubernetes.cluster, "deployments.apps", "web")["metadata"] == before
        labelled = (await patch(asker, WEB, "merge-patch+json", {"metadata": {"labels": {"a": "b"}}})).json()
    assert dry["metadata"]["generation"] == before["generation"] + 1
    assert labelled["metadata"]["generation"] == before["generation"]
    assert int(labelled["metadata"]["resourceVersion"]) > version


async def test_a_precondition_on_the_version_holds_for_update_patch_and_delete(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        whole = (await asker.get(f"{MAPS}/web-config")).json()
        old = {"metadata": {"resourceVersion": "1"}}
        whole["metadata"]["resourceVersion"] = "1"
        options = {"preconditions": {"resourceVersion": "1"}}
        answers = [
            await asker.put(f"{MAPS}/web-config", json=whole),
            await patch(asker, f"{MAPS}/web-config", "merge-patch+json", old),
            await asker.request("DELETE", f"{MAPS}/web-config", json=options),
        ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]


async def test_an_applier_gives_up_what_it_no_longer_names(kubernetes: Kubernetes) -> None:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "mine"},
        "data": {"a": "1", "b": "2"},
    }
    async with client(kubernetes.url) as asker:
        made = await patch(asker, f"{MAPS}/mine", "apply-patch+yaml", body, fieldManager="one")
        assert (made.status_code, made.json()["data"]) == (201, {"a": "1", "b": "2"})
        body["data"] = {"a": "1"}
        again = await patch(asker, f"{MAPS}/mine", "apply-patch+yaml", body, fieldManager="one")
        body["data"] = {"a": "9"}
        refused = await patch(asker, f"{MAPS}/mine", "apply-patch+yaml", body, fieldManager="two")
        forced = await patch(asker, f"{MAPS}/mine", "apply-patch+yaml", body, fieldManager="two", force="true")
    assert again.json()["data"] == {"a": "1"}
    assert (refused.status_code, forced.json()["data"]) == (409, {"a": "9"})


@pytest.mark.parametrize(
    "body",
    ["", "[]", '{"metadata": 5}', '{"metadata": {"name": "x"}, "spec": 5}', '{"kind": "Pod"}', "[" * 5000, "\xff"],
    ids=["nothing", "list", "metadata", "spec", "kind", "deep", "binary"],
)
async def test_a_body_of_any_shape_gets_one_clear_line(kubernetes: Kubernetes, body: str) -> None:
    async with client(kubernetes.url) as asker:
        headers = {"Content-Type": "application/json"}
        answer = await asker.post("/apis/apps/v1/namespaces/shop/deployments", content=body, headers=headers)
        assert answer.status_code in {400, 422}
        assert "\n" not in answer.json()["message"]
        assert (await asker.get("/healthz")).text == "ok"


async def test_faults_of_the_api_hold_as_often_as_asked(kubernetes: Kubernetes) -> None:
    faults = kubernetes.cluster.faults
    faults.add(Fault(429, "GET /api/v1/namespaces/shop/pods", retry_after=7, times=1))
    faults.add(Fault(503, "GET /api/v1/nodes"))
    async with client(kubernetes.url) as asker:
        limited = await asker.get("/api/v1/namespaces/shop/pods")
        again = await asker.get("/api/v1/namespaces/shop/pods")
        down = await asker.get("/api/v1/nodes")
        faults.clear()
        up = await asker.get("/api/v1/nodes")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert [answer.status_code for answer in (again, down, up)] == [200, 503, 200]


async def test_a_half_open_watch_says_nothing_until_it_moves_again(kubernetes: Kubernetes) -> None:
    watches, cluster = kubernetes.emulator.api.watches, kubernetes.cluster
    async with client(kubernetes.url) as asker, watching(asker, MAPS) as events:
        await until(events, "ADDED", "web-config")
        watches.moving.clear()
        cluster.objects.create(BY_SHELF["configmaps"], {"metadata": {"name": "late", "namespace": "shop"}})
        # Another client sees it, so the server has had the time to tell.
        assert (await asker.get(f"{MAPS}/late")).status_code == 200
        waiting = asyncio.ensure_future(until(events, "ADDED", "late"))
        assert (await asker.get("/healthz")).text == "ok"
        assert not waiting.done()
        watches.moving.set()
        assert (await waiting)["metadata"]["name"] == "late"


async def test_a_log_that_is_followed_ends_with_its_container(kubernetes: Kubernetes) -> None:
    cluster = kubernetes.cluster
    meta = pods_of(cluster, "web")[0]["metadata"]
    path = f"/api/v1/namespaces/shop/pods/{meta['name']}/log"
    async with (
        client(kubernetes.url) as asker,
        asker.stream("GET", path, params={"follow": "true", "tailLines": "1"}) as answer,
    ):
        lines = answer.aiter_lines()
        await anext(lines)
        kubernetes.emulator.kubelet.crash("shop", meta["name"])
        rest = [line async for line in lines]
    await becomes(cluster, lambda: get(cluster, "pods", meta["name"])["status"]["containerStatuses"][0]["restartCount"])
    async with client(kubernetes.url) as asker:
        previous = await asker.get(path, params={"previous": "true", "limitBytes": "40"})
        later = await asker.get(path, params={"sinceTime": "2090-01-01T00:00:00Z"})
    assert all(" GET /" in line for line in rest)
    assert (previous.status_code, len(previous.content)) == (200, 40)
    assert later.text == ""


async def test_a_silent_node_answers_for_no_pod_and_logs_go_on_when_it_is_back(
    kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubelets, "DIALS", 1.0)
    cluster, nodes = kubernetes.cluster, kubernetes.emulator.nodes
    pod = pods_of(cluster, "web")[0]
    name, uid, node = pod["metadata"]["name"], pod["metadata"]["uid"], pod["spec"]["nodeName"]
    path = f"/api/v1/namespaces/shop/pods/{name}"
    numbers = f"/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods/{name}"
    async with (
        client(kubernetes.url) as asker,
        asker.stream("GET", f"{path}/log", params={"follow": "true", "tailLines": "1"}) as followed,
    ):
        lines = followed.aiter_lines()
        await anext(lines)
        nodes.lose(node)
        cluster.logbook.say(uid, "web", cluster.now().timestamp(), "said unheard")
        waiting = asyncio.ensure_future(line_of(lines, "said unheard"))
        log, run = await asker.get(f"{path}/log"), await asker.post(f"{path}/exec?command=sh")
        assert (log.status_code, run.status_code, (await asker.get(numbers)).status_code) == (500, 500, 404)
        assert "/containerLogs/shop/" in log.json()["message"]
        where = pod["status"]["hostIP"]
        assert run.json()["message"] == f"error dialing backend: dial tcp {where}:10250: i/o timeout"
        assert not waiting.done()
        nodes.find(node)
        assert await waiting == "said unheard"
        assert (await asker.get(f"{path}/log")).status_code == 200


async def line_of(lines: AsyncIterator[str], wanted: str) -> str:
    """The first line that is it."""
    async for line in lines:
        if line == wanted:
            return line
    raise AssertionError(f"the log ended before {wanted!r}")


def exchanged(url: str, send: list[bytes], *protocols: str, frames: int = 0) -> list[bytes]:
    """Send messages, then read `frames` of them, or all there are. It blocks, so it belongs in a thread."""
    # The client that the kubernetes package uses.
    opened = websocket.create_connection(url.replace("http://", "ws://"), subprotocols=list(protocols), timeout=60)
    found: list[bytes] = []
    try:
        for message in send:
            opened.send_binary(message)
        while len(found) < (frames or 1000) and (data := opened.recv()):
            found.append(data if isinstance(data, bytes) else data.encode())
    finally:
        opened.shutdown()  # type: ignore[no-untyped-call]
    return found


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
async def test_exec_over_a_web_socket(kubernetes: Kubernetes, protocol: str) -> None:
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    url = f"{kubernetes.url}/api/v1/namespaces/shop/pods/{name}/exec?command=sh&command=-c&command=hostname%3Bexit+4"
    frames = await asyncio.to_thread(exchanged, f"{url}&stdout=true&stderr=true", [], protocol)
    assert frames[0] == b"\x01" + name.encode() + b"\n"
    status = json.loads(frames[-1][1:])
    assert (frames[-1][0], status["reason"]) == (3, "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "4"}]


async def test_attach_tells_what_is_written_from_now_on(kubernetes: Kubernetes) -> None:
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    url = f"{kubernetes.url}/api/v1/namespaces/shop/pods/{name}/attach?stdout=true"
    (told,) = await asyncio.to_thread(exchanged, url, [], "v4.channel.k8s.io", frames=1)
    assert told[0] == 1
    assert b" GET /" in told


async def test_port_forward_over_a_web_socket(kubernetes: Kubernetes) -> None:
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    url = f"{kubernetes.url}/api/v1/namespaces/shop/pods/{name}/portforward?ports=8080"
    ask = [b"\x00GET /readyz HTTP/1.1\r\nHost: web\r\n\r\n"]
    ports_0, ports_1, answer = await asyncio.to_thread(exchanged, url, ask, "v4.channel.k8s.io", frames=3)
    assert (ports_0, ports_1) == (b"\x00" + struct.pack("<H", 8080), b"\x01" + struct.pack("<H", 8080))
    assert answer.startswith(b"\x00HTTP/1.1 200 OK\r\n")


async def test_a_port_that_nobody_listens_on_is_told(kubernetes: Kubernetes) -> None:
    name = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    url = f"{kubernetes.url}/api/v1/namespaces/shop/pods/{name}/portforward?ports=81"
    *_, told = await asyncio.to_thread(exchanged, url, [b"\x00GET"], "v4.channel.k8s.io", frames=3)
    assert told == b"\x01failed to connect to localhost:81 inside namespace: connection refused"


async def test_a_body_above_the_limit_is_refused(kubernetes: Kubernetes) -> None:
    async with client(kubernetes.url) as asker:
        answer = await asker.post(MAPS, content=b" " * (4 << 20), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_who_changed_which_field_when_is_kept(kubernetes: Kubernetes) -> None:
    whole = {"metadata": {"name": "mine"}, "data": {"a": "1", "b": "2"}}

    def owners(answer: httpx.Response) -> dict[str, set[str]]:
        managed = answer.json()["metadata"]["managedFields"]
        assert all(one["time"] and one["operation"] == "Update" for one in managed)
        return {one["manager"]: set(one["fieldsV1"].get("f:data", {})) for one in managed}

    async with client(kubernetes.url) as asker:
        made = await asker.post(MAPS, json=whole, headers={"User-Agent": "kubectl/v1.33 (linux)"})
        assert owners(made) == {"kubectl": {"f:a", "f:b"}}
        merge = "merge-patch+json"
        changed = await patch(asker, f"{MAPS}/mine", merge, {"data": {"b": "3"}}, fieldManager="controller")
        assert owners(changed) == {"kubectl": {"f:a"}, "controller": {"f:b"}}
        same = await patch(asker, f"{MAPS}/mine", merge, {"data": {"a": "1"}}, fieldManager="third")
        assert owners(same) == owners(changed)


async def test_long_answers_are_compressed_for_whoever_asks_and_metrics_are_told(kubernetes: Kubernetes) -> None:
    big = {"metadata": {"name": "big"}, "data": {"a": "x" * 200_000}}
    async with client(kubernetes.url) as asker:
        assert (await asker.post(MAPS, json=big)).status_code == 201
        packed = await asker.get(f"{MAPS}/big", headers={"Accept-Encoding": "deflate, gzip;q=0.8"})
        plain = await asker.get(f"{MAPS}/big", headers={"Accept-Encoding": "identity"})
        told = await asker.get("/metrics")
    assert (packed.headers["content-encoding"], int(packed.headers["content-length"]) < 20_000) == ("gzip", True)
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert 'apiserver_storage_objects{resource="pods"} 10\n' in told.text
