"""The command line that a preview shows does the same: the real kubectl takes it, and what is stored says so."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.demo.kubernetes.cluster.kinds import Json
from tests.kubernetes.operate.bridge import Bridge
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing

HPAS = "horizontalpodautoscalers.autoscaling"


def container(bridge: Bridge) -> Json:
    found: Json = bridge.stored("catalog")["spec"]["template"]["spec"]["containers"][0]
    return found


def variables(bridge: Bridge) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in container(bridge)["env"]}


def bounds(bridge: Bridge, name: str) -> tuple[int, int] | None:
    found = bridge.cluster.store.get(HPAS, "shop", name)
    return (found["spec"]["minReplicas"], found["spec"]["maxReplicas"]) if found is not None else None


CASES: list[tuple[str, str, dict[str, str], Callable[[Bridge], object]]] = [
    ("restart", "catalog", {}, lambda it: "restartedAt" in str(it.stored("catalog")["spec"]["template"])),
    ("scale", "catalog", {"replicas": "3"}, lambda it: it.stored("catalog")["spec"]["replicas"] == 3),
    ("pause", "catalog", {}, lambda it: it.stored("catalog")["spec"].get("paused")),
    ("autoscale", "catalog", {"min": "2", "max": "5", "cpu": "70"}, lambda it: bounds(it, "catalog") == (2, 5)),
    ("autoscale", "web", {"max": "9", "cpu": "65"}, lambda it: bounds(it, "web") == (2, 9)),
    ("autoscale", "web", {"max": "none"}, lambda it: bounds(it, "web") is None),
    (
        "set", "catalog", {"env": r"HOSTS=a\,b c,LOG_LEVEL-", "image": "5.1.0", "memory": "1Gi"},
        lambda it: variables(it).get("HOSTS") == "a,b c" and "LOG_LEVEL" not in variables(it)
        and container(it)["image"].endswith(":5.1.0") and container(it)["resources"]["limits"]["memory"] == "1Gi",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "name", "arguments", "so"), CASES)
async def test_kubectl_does_the_same(
    bridge: Bridge, tmp_path: Path, verb: str, name: str, arguments: dict[str, str], so: Callable[[Bridge], object]
) -> None:
    if reason := why_not():
        missing(reason)
    made = await bridge.made(verb, name, **arguments)
    kubectl = Kubectl(bridge.kubernetes.kubeconfig, tmp_path)
    assert not so(bridge)
    for line in str(made.operations[-1].command).split(" && "):
        program, *words = shlex.split(line)
        assert program == "kubectl"
        await kubectl.ask(*words)
    assert so(bridge)
