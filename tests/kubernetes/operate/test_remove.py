"""Deleting one pod through the door: that one and no other, and it has worked when another is ready in its place."""

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.mitigate.errors import TargetChanged
from tests.kubernetes.emulator.waiting import pods_of
from tests.kubernetes.operate.bridge import Bridge


async def test_one_pod_is_deleted_and_another_takes_its_place(bridge: Bridge) -> None:
    workload = await bridge.sees("checkout")
    first, *others = workload.instances
    made = await bridge.made("remove", "checkout", instance=str(first.name))
    (one,) = made.operations
    assert (one.target, one.command) == (first.id, f"kubectl --context demo -n shop delete pod {first.name}")
    assert dict(one.after)["state"] == "gone within its grace of 30 s; another takes its place"
    assert dict(made.where)["checked"] == "permitted (delete pods in shop), dry run accepted"
    assert "2 ready stay meanwhile" in made.risks
    await bridge.works(made)
    left = {pod["metadata"]["uid"] for pod in pods_of(bridge.cluster, "checkout")}
    assert {other.id.instance for other in others} < left
    assert first.id.instance not in left


async def test_a_pod_must_be_named_and_be_there(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    for asked in ("", "absent", "web-\x1b[31m"):
        with pytest.raises(PlanRefused, match=r"remove web: (name a pod|pod .* is not there any more)") as refused:
            await bridge.operator.plan("remove", workload, {"instance": asked})
        assert "\x1b" not in str(refused.value)


async def test_a_pod_that_went_meanwhile_is_not_deleted_again(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    (first, *_) = workload.instances
    made = await bridge.made("remove", "catalog", instance=first.id.instance)
    (old,) = [pod for pod in pods_of(bridge.cluster, "catalog") if pod["metadata"]["uid"] == first.id.instance]
    bridge.cluster.objects.delete(BY_SHELF["pods"], old, grace=0)
    with pytest.raises(TargetChanged, match="is gone already: nothing was done"):
        await bridge.carry_out(made)
