"""The real kubectl on what takes its time or fails: rollouts that stick, conditions, events, Jobs; and raw paths."""

import json

import pytest

from cockpit.demo.kubernetes import drills
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get, pods_of, until
from tests.parts.kubectl import Kubectl

IMAGE = "registry.example.com/shop"


async def test_the_status_of_a_rollout_that_sticks_is_a_failure(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    drills.prepare(kubernetes.emulator)
    stuck = 'error: deployment "web" exceeded its progress deadline'
    deadline = '{"spec":{"progressDeadlineSeconds":%d}}'
    await kubectl.ask("patch", "deployment", "web", "-p", deadline % 3600)
    await kubectl.ask("set", "image", "deployment/web", f"web={IMAGE}/web:2.5.0")
    async with kubectl.following("rollout", "status", "deployment/web") as lines:
        while "1 out of 3 new replicas have been updated" not in await anext(lines):
            pass
        # It watches by now, however slowly it began.
        await kubectl.ask("patch", "deployment", "web", "-p", deadline % 1)
        while await anext(lines) != stuck:
            pass
    ran = await kubectl.run("rollout", "status", "deployment/web")
    assert (ran.code, ran.err) == (1, f"{stuck}\n")
    await until(kubernetes.cluster, lambda: "Error: ImagePullBackOff" in messages(kubernetes))
    told = await kubectl.ask("get", "events", "--field-selector", "type=Warning", "--no-headers")
    assert f'Failed to pull image "{IMAGE}/web:2.5.0"' in told
    assert "Error: ImagePullBackOff" in told


def messages(kubernetes: Kubernetes) -> set[str]:
    """What the events of the shop say."""
    return {event["message"] for event in kubernetes.cluster.store.each("events", "shop")}


async def test_a_condition_is_waited_for(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    assert await kubectl.ask("wait", "--for=condition=available", "deployment/web") == (
        "deployment.apps/web condition met\n"
    )
    pod = pods_of(kubernetes.cluster, "catalog")[0]["metadata"]["name"]
    await kubectl.ask("delete", "pod", pod, "--wait=false")
    await kubectl.ask("wait", "--for=delete", f"pod/{pod}", "--timeout=60s")
    assert kubernetes.cluster.store.get("pods", "shop", pod) is None


async def test_pods_are_watched_with_the_servers_columns(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    first = pods_of(kubernetes.cluster, "catalog")[0]["metadata"]["name"]
    async with kubectl.following("get", "pods", "-w", "--server-print=true", "--no-headers") as lines:
        seen = [(await anext(lines)).split()[:3] for _ in range(10)]
        assert [first, "1/1", "Running"] in seen
        await kubectl.ask("delete", "pod", first, "--wait=false")
        while (await anext(lines)).split()[:3] != [first, "1/1", "Terminating"]:
            pass


async def test_a_job_is_made_from_a_cron_job(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    image = f"--image={IMAGE}/report:1.0.0-done"
    await kubectl.ask("create", "cronjob", "nightly", image, "--schedule=0 3 * * *")
    row = (await kubectl.ask("get", "cronjob", "nightly", "--no-headers")).split()
    assert row[0] == "nightly"
    assert "False" in row
    await kubectl.ask("create", "job", "once", "--from=cronjob/nightly")
    assert await kubectl.ask("wait", "--for=condition=complete", "job/once", "--timeout=60s") == (
        "job.batch/once condition met\n"
    )
    await until(
        kubernetes.cluster, lambda: "active" not in get(kubernetes.cluster, "cronjobs.batch", "nightly")["status"]
    )
    assert "Saw completed job" in await kubectl.ask("describe", "cronjob", "nightly")


@pytest.mark.parametrize(
    ("path", "words"),
    [("/metrics", 'apiserver_storage_objects{resource="pods"}'), ("/livez", "ok"), ("/readyz", "ok")],
)
async def test_what_the_server_tells_of_itself(path: str, words: str, kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    assert words in await kubectl.ask("get", "--raw", path)
    version = json.loads(await kubectl.ask("get", "--raw", "/version"))
    assert (version["major"], version["minor"]) == ("1", "33")
