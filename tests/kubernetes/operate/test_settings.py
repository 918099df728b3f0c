"""Setting a container through the door and back; pausing and resuming; what is refused before anything is sent."""

from typing import Any

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.demo.kubernetes.cluster.kinds import Json
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.test_rollback import REGISTRY, release, running


def container(bridge: Bridge, name: str) -> Json:
    found: Json = bridge.stored(name)["spec"]["template"]["spec"]["containers"][0]
    return found


def without_order(found: Json) -> Any:
    return {**found, "env": sorted(found["env"], key=lambda one: str(one["name"]))}


async def test_image_limits_and_a_variable_are_set_and_taken_back(bridge: Bridge) -> None:
    before = container(bridge, "catalog")
    wish = {"image": "5.1.0", "memory": "1Gi", "cpu-request": "none", "env": "CACHE=off"}
    made = await bridge.does("set", "catalog", **wish)
    (one,) = made.operations
    assert dict(one.before)["env"] == "CACHE=none"
    assert f"set image deployment/catalog catalog={REGISTRY}/catalog:5.1.0 && kubectl" in one.command
    now = container(bridge, "catalog")
    assert (now["image"], now["resources"]["limits"]["memory"]) == (f"{REGISTRY}/catalog:5.1.0", "1Gi")
    assert "cpu" not in now["resources"]["requests"]
    assert {"name": "CACHE", "value": "off"} in now["env"]
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.1.0"}
    await bridge.undoes(made)
    assert without_order(container(bridge, "catalog")) == without_order(before)


async def test_rollouts_are_paused_and_go_on(bridge: Bridge) -> None:
    made = await bridge.does("pause", "payments")
    assert bridge.stored("payments")["spec"]["paused"] is True
    release(bridge, "payments", f"{REGISTRY}/payments:1.13.0")
    assert running(bridge, "payments") == {f"{REGISTRY}/payments:1.12.0"}
    back = await bridge.undoes(made)
    assert back.operations[0].command == "kubectl --context demo -n shop rollout resume deployment/payments"
    assert running(bridge, "payments") == {f"{REGISTRY}/payments:1.13.0"}
    with pytest.raises(PlanRefused, match="its rollouts go on already"):
        await bridge.made("resume", "payments")


REFUSED = [
    ({}, "nothing is to be set"),
    ({"memory": "much"}, "memory is limit: 512Mi, 2Gi, or none, not much"),
    ({"image": "a b"}, "is no image"),
    ({"env": "API_TOKEN=abcdefgh12345678"}, "API_TOKEN looks like a secret"),
    ({"env": "DATABASE_PASSWORD=none"}, "DATABASE_PASSWORD"),
    ({"env": "=x"}, "env is NAME=value"),
    ({"container": "side", "memory": "1Gi"}, "there is no container side"),
    ({"image": "5.0.3"}, "it is set so already"),
    ({"memory": "1Mi", "cpu": "0"}, "cpu is limit"),
]


async def test_what_cannot_be_set_is_refused_in_one_line(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    for arguments, words in REFUSED:
        with pytest.raises(PlanRefused, match=words) as refused:
            await bridge.operator.plan("set", workload, arguments)
        assert "\n" not in str(refused.value)
