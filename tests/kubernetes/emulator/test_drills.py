"""The drills of the sample shop: each breaks what it says, and ends as it says."""

import asyncio
import json
import sys
from pathlib import Path

import httpx
import pytest

from cockpit.demo.kubernetes import drills
from cockpit.demo.kubernetes.control import PREFIX, controlled
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.asking import client
from tests.kubernetes.emulator.waiting import Json, get, pods_of, rolled_out, until
from tests.program import CHECKOUT, clean_env


@pytest.fixture
def drilled(kubernetes: Kubernetes) -> Kubernetes:
    """The sample shop as the demo runs it."""
    drills.prepare(kubernetes.emulator)
    kubernetes.emulator.server.handler = controlled(kubernetes.emulator)
    return kubernetes


async def switch(asker: httpx.AsyncClient, name: str, on: bool) -> None:
    answer = await asker.post(f"{PREFIX}/{name}", params={"on": str(on).lower()})
    assert answer.json() == {"name": name, "active": on}


def words(kubernetes: Kubernetes, app: str) -> set[str]:
    """Everything that the containers of an application say of their states."""
    return {
        str(state.get("reason", ""))
        for pod in pods_of(kubernetes.cluster, app)
        for one in pod["status"].get("containerStatuses", ())
        for state in (*one["state"].values(), *one["lastState"].values())
    }


@pytest.mark.parametrize(
    ("name", "app", "shows"),
    [
        ("crash-loop", "payments", "CrashLoopBackOff"),
        ("out-of-memory", "catalog", "OOMKilled"),
        ("image-pull", "web", "ImagePullBackOff"),
    ],
)
async def test_a_drill_shows_what_it_says_and_ends(drilled: Kubernetes, name: str, app: str, shows: str) -> None:
    async with client(drilled.url) as asker:
        await switch(asker, name, True)
        await until(drilled.cluster, lambda: shows in words(drilled, app))
        await switch(asker, name, False)
        await until(drilled.cluster, lambda: rolled_out(drilled.cluster, app) and words(drilled, app) == {""})
    assert not drills.BY_NAME[name].active(drilled.emulator)


async def test_a_bad_release_never_becomes_ready_and_costs_nothing_yet(drilled: Kubernetes) -> None:
    async with client(drilled.url) as asker:
        await switch(asker, "bad-release", True)
        await until(drilled.cluster, lambda: len(pods_of(drilled.cluster, "checkout")) == 4)
        assert get(drilled.cluster, "deployments.apps", "checkout")["status"]["availableReplicas"] == 3
        await switch(asker, "bad-release", False)
    await until(drilled.cluster, lambda: rolled_out(drilled.cluster, "checkout"))


def status(kubernetes: Kubernetes) -> Json:
    """What the Deployment of web, which has a pod on every node, tells of itself."""
    return get(kubernetes.cluster, "deployments.apps", "web")["status"]


async def test_a_lost_node_comes_back_when_the_drill_ends(drilled: Kubernetes) -> None:
    async with client(drilled.url) as asker:
        await switch(asker, "node-lost", True)
        (told,) = [one for one in (await asker.get(PREFIX)).json()["drills"] if one["name"] == "node-lost"]
        assert told["active"] is True
        await until(drilled.cluster, lambda: status(drilled).get("availableReplicas", 0) < 3)
        # Nothing is rolled out because a machine is gone.
        assert {one["type"]: one["reason"] for one in status(drilled)["conditions"]}["Progressing"] == (
            "NewReplicaSetAvailable"
        )
        await switch(asker, "node-lost", False)
    assert "taints" not in get(drilled.cluster, "nodes", drills.NODE, "")["spec"]


async def test_what_is_no_drill_is_told(drilled: Kubernetes) -> None:
    async with client(drilled.url) as asker:
        answer = await asker.post(f"{PREFIX}/earthquake")
        refused = await asker.get(f"{PREFIX}/crash-loop")
    assert (answer.status_code, refused.status_code) == (404, 405)
    assert "there are bad-release, crash-loop" in answer.json()["message"]


async def test_an_emulator_of_its_own_ends_with_whoever_attends_it(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit.demo.kubernetes", "--attended", "--kubeconfig", str(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env=clean_env(tmp_path),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with client(url) as asker:
        pods = (await asker.get("/api/v1/namespaces/shop/pods")).json()["items"]
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    assert len(pods) == 10
    assert json.loads(config.read_text("utf-8"))["clusters"][0]["cluster"]["server"] == url
    assert config.stat().st_mode & 0o777 == 0o600
