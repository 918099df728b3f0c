"""`cockpit check` on the emulated cluster says what `kubectl get` says."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.backend.made import condition, status, terminated, waiting
from tests.kubernetes.conftest import Kubernetes
from tests.parts.kubectl import why_not
from tests.parts.need import missing
from tests.program import clean_env

TRIES = 10
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
