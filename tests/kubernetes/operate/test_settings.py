"""Setting a container through the door and back; pausing and resuming; what is refused before anything is sent."""

from typing import Any

import pytest

from cockpit.backends.change import Plan, PlanRefused
from cockpit.backends.kubernetes.operate.settings import Pause, Resume
from cockpit.board.model import Identity, Workload
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from tests.kubernetes.operate.bridge import STORAGE, Bridge
from tests.kubernetes.operate.test_restart import IMAGE
from tests.kubernetes.operate.test_rollback import REGISTRY, release, running

WAITS = "rollouts are paused: changes wait for resume"


def container(bridge: Bridge, name: str) -> Json:
    found: Json = bridge.stored(name)["spec"]["template"]["spec"]["containers"][0]
    return found


def without_order(found: Json) -> Any:
    return {**found, "env": sorted(found["env"], key=lambda one: str(one["name"]))}


async def test_image_limits_and_a_variable_are_set_and_taken_back(bridge: Bridge) -> None:
    before = container(bridge, "catalog")
    wish = {"image": "5.1.0", "memory": "1Gi", "memory-request": "300Mi", "cpu-request": "none", "cpu": "2"}
    wish["env"] = "CACHE=off,LOG_LEVEL-"
    made = await bridge.does("set", "catalog", **wish)
    (one,) = made.operations
    before_env = {key: value for key, value in one.before if key.startswith("env ")}
    assert before_env == {"env CACHE": "not set", "env LOG_LEVEL": "info"}
    assert (dict(one.after)["env CACHE"], dict(one.after)["env LOG_LEVEL"]) == ("off", "not set")
    assert one.command.endswith("set env deployment/catalog -c catalog CACHE=off LOG_LEVEL-")
    assert f"set image deployment/catalog catalog={REGISTRY}/catalog:5.1.0 && kubectl" in one.command
    now = container(bridge, "catalog")
    assert now["image"] == f"{REGISTRY}/catalog:5.1.0"
    assert now["resources"] == {"limits": {"memory": "1Gi", "cpu": "2"}, "requests": {"memory": "300Mi"}}
    assert {"name": "CACHE", "value": "off"} in now["env"]
    assert "LOG_LEVEL" not in {one["name"] for one in now["env"]}
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.1.0"}
    await bridge.undoes(made)
    assert without_order(container(bridge, "catalog")) == without_order(before)


async def test_rollouts_are_paused_and_go_on(bridge: Bridge) -> None:
    made = await bridge.does("pause", "payments")
    assert bridge.stored("payments")["spec"]["paused"] is True
    await bridge.watch.sees("payments", lambda one: WAITS in [remark.text for remark in one.remarks])
    release(bridge, "payments", f"{REGISTRY}/payments:1.13.0")
    assert running(bridge, "payments") == {f"{REGISTRY}/payments:1.12.0"}
    back = await bridge.undoes(made)
    assert back.operations[0].command == "kubectl --context demo -n shop rollout resume deployment/payments"
    assert running(bridge, "payments") == {f"{REGISTRY}/payments:1.13.0"}
    await bridge.watch.sees("payments", lambda one: WAITS not in [remark.text for remark in one.remarks])
    with pytest.raises(PlanRefused, match="its rollouts go on already"):
        await bridge.made("resume", "payments")


@pytest.mark.parametrize(("paused", "offered"), [(True, {"resume"}), (False, {"pause"}), (None, {"pause", "resume"})])
def test_what_is_so_already_is_not_offered(paused: bool | None, offered: set[str]) -> None:
    owner = Identity("kubernetes", "cluster", "shop", "deployment", "payments")
    workload = Workload(id=owner, source="main", generation=1, paused=paused)
    assert {one.verb.name for one in (Pause(), Resume()) if one.offered(workload)} == offered


async def test_of_several_containers_one_is_chosen(bridge: Bridge) -> None:
    pods = build.template("extra", "shop", IMAGE, grace=0)
    one = {"name": "proxy", "image": f"{REGISTRY}/proxy:1.0.0", "env": [], "resources": {}}
    start = {"name": "migrate", "image": f"{REGISTRY}/migrate:1.0.0", "resources": {}}
    spec = {**pods["spec"], "containers": [*pods["spec"]["containers"], one], "initContainers": [start]}
    made = build.deployment("extra", "shop", {**pods, "spec": spec})
    bridge.cluster.objects.create(BY_SHELF[STORAGE["deployment"]], made)
    await bridge.stands("extra", 1)
    done: list[Plan] = []
    for name, part in (("proxy", "containers"), ("migrate", "initContainers")):
        done.append(await bridge.does("set", "extra", container=name, image="1.1.0"))
        assert f"set image deployment/extra {name}={REGISTRY}/{name}:1.1.0" in done[-1].operations[0].command
        now = bridge.stored("extra")["spec"]["template"]["spec"]
        images = {each["name"]: each["image"] for each in now[part]}
        assert images[name] == f"{REGISTRY}/{name}:1.1.0"
        assert len(now["containers"]) == 2
    await bridge.undoes(done[-1])
    now = bridge.stored("extra")["spec"]["template"]["spec"]
    assert [each["image"] for each in now["initContainers"]] == [f"{REGISTRY}/migrate:1.0.0"]


async def test_what_is_set_while_rollouts_are_paused_waits_for_resume(bridge: Bridge) -> None:
    await bridge.does("pause", "catalog")
    made = await bridge.does("set", "catalog", image="5.1.0")
    assert "its rollouts are paused: pods stay as they are, and this is rolled out when it is resumed" in made.risks
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.0.3"}
    await bridge.does("resume", "catalog")
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.1.0"}


REFUSED = [
    ({}, "nothing is to be set"),
    ({"memory": "much"}, "memory is limit: 512Mi, 2Gi, or none, not much"),
    ({"memory": "512m", "memory-request": "512m"}, "memory is limit: 512Mi, 2Gi, or none, not 512m"),
    ({"image": "a b"}, "is no image"),
    ({"env": "API_TOKEN=abcdefgh12345678"}, "API_TOKEN looks like a secret"),
    ({"env": "LOG_LEVEL=debug,DATABASE_PASSWORD=hunter22"}, "DATABASE_PASSWORD looks like a secret"),
    ({"env": "DATABASE_PASSWORD-"}, "DATABASE_PASSWORD comes from a Secret, ConfigMap or field"),
    ({"env": "LOG_LEVEL=debug,LOG_LEVEL-"}, "LOG_LEVEL is named twice"),
    ({"env": "LOG_LEVEL=info"}, "it is set so already"),
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
