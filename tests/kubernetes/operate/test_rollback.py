"""Rolling back through the door: in the middle of a rollout, to a picked revision, paused, stuck for ever; and back."""

import re
from typing import Any

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.standing import REVISION
from tests.kubernetes.emulator.waiting import pods_of, rolled_out, until
from tests.kubernetes.operate.bridge import STORAGE, Bridge
from tests.kubernetes.operate.test_restart import IMAGE, change, create, mark, risks

REGISTRY = "registry.example.com/shop"
CAUSE = "kubernetes.io/change-cause"


def image_of(whole: Json) -> str:
    return str(whole["spec"]["template"]["spec"]["containers"][0]["image"])


def release(bridge: Bridge, name: str, image: str, kind: str = "deployment", **spec: Any) -> None:
    """Another image is rolled out by somebody else."""
    old = bridge.stored(name, kind)
    template = old["spec"]["template"]
    (first, *rest) = template["spec"]["containers"]
    pods = {**template, "spec": {**template["spec"], "containers": [{**first, "image": image}, *rest]}}
    made = {**old, "spec": {**old["spec"], "template": pods, **spec}}
    bridge.cluster.objects.change(BY_SHELF[STORAGE[kind]], old, made)


def running(bridge: Bridge, app: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in pods_of(bridge.cluster, app)}


async def test_in_the_middle_of_a_bad_rollout_the_revision_that_serves_is_the_first_choice(bridge: Bridge) -> None:
    good = image_of(bridge.stored("checkout"))
    bad = f"{REGISTRY}/checkout:3.9.0-crash"
    release(bridge, "checkout", bad)
    mark(bridge, "checkout", annotations={CAUSE: "release 3.9.0"})
    broken = await bridge.watch.sees("checkout", lambda one: any(i.image == bad for i in one.instances))
    made = await bridge.planned("rollback", broken)
    (one,) = made.operations
    assert one.command == "kubectl --context demo -n shop rollout undo deployment/checkout --to-revision=1"
    assert (dict(one.before)["image"], dict(one.after)["image"]) == (bad, good)
    assert dict(one.before)["cause"] == "release 3.9.0"
    changed = [line.strip(" +-") for line in one.diff if line[:1] in "+-"]
    assert changed == [f"image: {bad}", f"image: {good}"]
    assert made.choices[0][0] == "1"
    assert re.match(r"revision 1  checkout:3\.8\.1  (3 d|.* min) old  3 of 3 ready", made.choices[0][1])
    await bridge.works(made)
    assert running(bridge, "checkout") == {good}
    assert CAUSE not in bridge.stored("checkout")["metadata"]["annotations"]


async def test_to_a_picked_revision_and_forward_again(bridge: Bridge) -> None:
    for number in (1, 2):
        release(bridge, "catalog", f"{REGISTRY}/catalog:5.{number}.0")
        await until(bridge.cluster, lambda: rolled_out(bridge.cluster, "catalog"))
    await bridge.watch.sees("catalog", lambda one: {i.version for i in one.instances} == {"5.2.0"})
    made = await bridge.made("rollback", "catalog", to="1")
    assert [value for value, _ in made.choices] == ["2", "1"]
    assert made.chosen == "1"
    await bridge.works(made)
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.0.3"}
    await bridge.undoes(made)
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.2.0"}


async def test_a_paused_rollout_goes_on_with_it(bridge: Bridge) -> None:
    release(bridge, "catalog", f"{REGISTRY}/catalog:5.1.0")
    await until(bridge.cluster, lambda: rolled_out(bridge.cluster, "catalog"))
    change(bridge, "catalog", paused=True)
    made = await bridge.made("rollback", "catalog")
    assert (dict(made.operations[0].before)["rollouts"], dict(made.operations[0].after)["rollouts"]) == (
        "paused",
        "go on",
    )
    assert "its rollouts are paused" in risks(made)
    await bridge.works(made)
    assert running(bridge, "catalog") == {f"{REGISTRY}/catalog:5.0.3"}


async def test_a_stateful_set_is_freed_of_the_pod_that_it_would_wait_for_for_ever(bridge: Bridge) -> None:
    create(bridge, "statefulset", "extra", replicas=2)
    await bridge.stands("extra", 2)
    bad = f"{REGISTRY}/extra:1.1.0-crash"
    release(bridge, "extra", bad, "statefulset")
    broken = await bridge.watch.sees(
        "extra", lambda one: any(i.image == bad and i.phase == "restarting" for i in one.instances)
    )
    made = await bridge.planned("rollback", broken)
    first, second = made.operations
    assert (first.done_when, second.title, second.done_when) == ("acted on", "delete extra-1", "rolled out")
    verdict = await bridge.works(made)
    assert verdict.evidence[0].startswith("2 of 2 rolled out")
    assert running(bridge, "extra") == {IMAGE}


async def test_a_daemon_set_goes_back_too(bridge: Bridge) -> None:
    create(bridge, "daemonset", "extra")
    await bridge.stands("extra", 3)
    release(bridge, "extra", f"{REGISTRY}/extra:1.1.0", "daemonset")
    await bridge.watch.sees("extra", lambda one: not one.rollout and {i.version for i in one.instances} == {"1.1.0"})
    await bridge.does("rollback", "extra")
    assert running(bridge, "extra") == {IMAGE}


async def test_what_is_no_earlier_revision_is_refused(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    with pytest.raises(PlanRefused, match="no earlier revision is kept"):
        await bridge.operator.plan("rollback", workload, {})
    release(bridge, "web", f"{REGISTRY}/web:2.5.0")
    await until(bridge.cluster, lambda: bridge.stored("web")["metadata"]["annotations"][REVISION] == "2")
    with pytest.raises(PlanRefused, match=r"there is no revision 7 \(there are: 1\)"):
        await bridge.operator.plan("rollback", workload, {"to": "7"})
    with pytest.raises(PlanRefused, match="revision 2 is what is wanted already"):
        await bridge.operator.plan("rollback", workload, {"to": "2"})
