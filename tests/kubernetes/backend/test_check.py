"""`cockpit check` on the emulated cluster says what `kubectl get` says."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cockpit.demo.kubernetes import drills
from cockpit.demo.kubernetes.cluster.sample import SHOP
from tests.kubernetes.backend.made import condition, status, terminated, waiting
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get, pods_of, until
from tests.parts.kubectl import why_not
from tests.parts.need import missing
from tests.program import clean_env

TRIES = 10
GET = ("kubectl", "-n", "shop", "get", "-o", "json")
BROKEN = {"bad-release": {"checkout"}, "crash-loop": {"payments"}, "out-of-memory": {"catalog"}, "image-pull": {"web"}}
PROFILE = """\
version: 1
name: shop
discover: true
backends:
  prod: {kind: kubernetes, namespace: shop}
services:
  payments:
    tier: 1
    workloads: [{deployment: payments}]
"""


async def printed(kubernetes: Kubernetes, folder: Path, *argv: str) -> tuple[int, Any]:
    """(exit status, JSON) of a program that is asked about the cluster."""
    environ = clean_env(folder) | {"KUBECONFIG": str(kubernetes.kubeconfig)}
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environ, cwd=folder
    )
    out, errors = await process.communicate()
    assert out, errors.decode()
    return process.returncode or 0, json.loads(out)


async def check(
    kubernetes: Kubernetes,
    folder: Path,
    text: str = PROFILE,
    settled: Callable[[int, Any], bool] = lambda code, _: code != 2,
) -> tuple[int, Any]:
    """`cockpit check`, asked again while a busy machine is too slow for an answer within its patience."""
    (folder / "shop.yaml").write_text(text, "utf-8")
    report: Any = None
    for _ in range(TRIES):
        code, report = await printed(
            kubernetes, folder, sys.executable, "-m", "cockpit", "check", "shop.yaml", "--json"
        )
        if settled(code, report):
            return code, report
    raise AssertionError(f"not within {TRIES} tries: {report}")


async def test_check_and_kubectl_agree(still: Kubernetes, tmp_path: Path) -> None:
    if reason := why_not():
        missing(reason)
    pods = [one for one in still.cluster.store.each("pods", "shop") if one["metadata"]["name"].startswith("payments")]
    for bad in pods:
        told = status("payments", waiting("CrashLoopBackOff"), restarts=4, last=terminated(137, "OOMKilled"))
        state = {**bad["status"], "containerStatuses": [told], "conditions": [condition("Ready", "False")]}
        still.cluster.store.put("pods", {**bad, "status": state})
    code, report = await check(still, tmp_path)
    assert (code, report["verdict"]) == (1, "failing")
    _, listed = await printed(still, tmp_path, "kubectl", "-n", "shop", "get", "pods", "-o", "json")
    theirs = {
        one["metadata"]["name"]: sum(status["restartCount"] for status in one["status"]["containerStatuses"])
        for one in listed["items"]
    }
    ours = {one["name"]: one["restarts"] for service in report["services"] for one in service["instances"]}
    assert ours == theirs
    states = {
        service["name"]: (service["state"], service["ready"], service["desired"]) for service in report["services"]
    }
    assert states == {
        "payments": ("down", 0, 2),
        "web": ("ok", 3, 3),
        "checkout": ("ok", 3, 3),
        "catalog": ("ok", 2, 2),
    }
    (payments,) = [service for service in report["services"] if service["name"] == "payments"]
    assert payments["why"].startswith("OOM killed, 137, restarted 4x")
    assert {one["exit_code"] for one in payments["instances"]} == {137}


def reasons(kubernetes: Kubernetes, app: str) -> set[str]:
    """Everything that the containers of an application say of their states."""
    return {
        str(state.get("reason", ""))
        for pod in pods_of(kubernetes.cluster, app)
        for one in pod["status"].get("containerStatuses", ())
        for state in (*one["state"].values(), *one["lastState"].values())
    }


def ready(kubernetes: Kubernetes, app: str) -> int:
    return int(get(kubernetes.cluster, "deployments.apps", app)["status"].get("readyReplicas", 0))


def on_lost_node(kubernetes: Kubernetes) -> set[str]:
    """The applications that have a pod on it."""
    pods = kubernetes.cluster.store.each("pods", "shop")
    lost = [one for one in pods if one["spec"].get("nodeName") == drills.NODE]
    return {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in lost}


# What a drill has come to when the cluster is held still.
REACHED: Mapping[str, Callable[[Kubernetes], object]] = {
    "bad-release": lambda one: "ProgressDeadlineExceeded" in str(get(one.cluster, "deployments.apps", "checkout")),
    "crash-loop": lambda one: "CrashLoopBackOff" in reasons(one, "payments"),
    "out-of-memory": lambda one: "OOMKilled" in reasons(one, "catalog"),
    "image-pull": lambda one: "ImagePullBackOff" in reasons(one, "web"),
    "node-lost": lambda one: all(ready(one, app) < count for app, count, _ in SHOP if app in on_lost_node(one)),
}


@pytest.mark.emulated("be held still in the middle of a drill")
@pytest.mark.parametrize("drill", drills.BY_NAME)
async def test_in_each_drill_check_counts_what_kubectl_counts(
    drill: str, kubernetes: Kubernetes, tmp_path: Path
) -> None:
    if reason := why_not():
        missing(reason)
    emulator = kubernetes.emulator
    drills.prepare(emulator)
    drills.BY_NAME[drill].inject(emulator)
    await until(kubernetes.cluster, lambda: REACHED[drill](kubernetes))
    await emulator.manager.stop()
    # What the pods have come to, their Deployments count too.
    emulator.manager.loop.settle()
    # As long as a source is not live, it has not told all of what there is.
    code, report = await check(
        kubernetes, tmp_path, settled=lambda _, told: {one["freshness"] for one in told["sources"]} == {"live"}
    )
    _, pods = await printed(kubernetes, tmp_path, *GET, "pods")
    _, deployments = await printed(kubernetes, tmp_path, *GET, "deployments")
    told = {
        service["name"]: (
            service["ready"],
            service["desired"],
            {one["name"]: one["restarts"] for one in service["instances"]},
        )
        for service in report["services"]
    }
    assert told == {
        one["metadata"]["name"]: (
            one["status"].get("readyReplicas", 0),
            one["spec"]["replicas"],
            {
                pod["metadata"]["name"]: sum(
                    each["restartCount"] for each in pod["status"].get("containerStatuses", ())
                )
                for pod in pods["items"]
                if pod["metadata"]["labels"]["app.kubernetes.io/name"] == one["metadata"]["name"]
            },
        )
        for one in deployments["items"]
    }
    broken = {service["name"] for service in report["services"] if service["state"] != "ok"}
    assert broken == BROKEN.get(drill, on_lost_node(kubernetes))
    assert code == 1


async def test_a_cluster_that_does_not_answer_is_not_well(kubernetes: Kubernetes, tmp_path: Path) -> None:
    kubernetes.cluster.policy.tokens = {"good": "ops"}
    code, report = await check(
        kubernetes, tmp_path, settled=lambda _, report: any("log in again" in one["why"] for one in report["sources"])
    )
    assert (code, report["verdict"]) == (2, "unknown")
    assert [one["name"] for one in report["sources"]] == ["prod"]


@pytest.mark.parametrize("namespace", ["shop", "other"])
async def test_a_selector_names_its_namespace(namespace: str, kubernetes: Kubernetes, tmp_path: Path) -> None:
    text = PROFILE.replace("discover: true\n", "").replace(", namespace: shop", "")
    text = text.replace("{deployment: payments}", f"{{deployment: payments, namespace: {namespace}}}")
    code, report = await check(kubernetes, tmp_path, text)
    states = {service["name"]: service["state"] for service in report["services"]}
    assert states == {"payments": "ok" if namespace == "shop" else "down"}
    assert code == (0 if namespace == "shop" else 1)
