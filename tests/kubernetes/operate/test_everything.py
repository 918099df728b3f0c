"""Everything of a namespace is restarted in one plan: in which order, what is left out, what a failure does."""

import pytest

from cockpit.backends.change import Plan
from cockpit.engine.port import CommandError
from tests.frames import framed
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get, pods_of
from tests.kubernetes.operate.whole import Whole

ALL = ("payments", "checkout", "web", "catalog")


def uids(kubernetes: Kubernetes, app: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods_of(kubernetes.cluster, app)}


def restarts(made: Plan) -> list[str]:
    return [one.title for one in made.operations if one.verb == "restart"]


async def planned(whole: Whole, **arguments: str) -> Plan:
    for name in ALL:
        await whole.sees(name)
    return await whole.planned("restart-all", "web", **arguments)


async def test_each_after_what_it_needs_then_by_tier_with_one_verdict(whole: Whole, kubernetes: Kubernetes) -> None:
    before = {name: uids(kubernetes, name) for name in ALL}
    made = await planned(whole)
    assert (await whole.verbs("catalog"))["restart-all"].title == "Restart all 4 of shop, one after the other"
    assert restarts(made) == [f"restart deployment {name}" for name in ALL]
    assert (made.verb, made.services, made.chosen, made.on_failure) == ("restart", ALL, "stop", "stop")
    assert made.risks[0] == "all of shop that is seen: what others need first, then by tier"
    assert dict(made.where)["order"] == "payments, then checkout, then web, then catalog"
    assert {name: uids(kubernetes, name) for name in ALL} == before, "a plan changes nothing"
    verdict = await whole.works(made)
    assert verdict.evidence[0].startswith("10 of 10 rolled out"), verdict.evidence
    assert all(not uids(kubernetes, name) & before[name] for name in ALL)
    frame = await framed(whole.engine, lambda frame: any(one.phase == "ended" for one in frame.operations))
    assert {step.state for one in frame.operations for step in one.steps} == {"done"}


@pytest.mark.parametrize("way", ["stop", "continue"])
async def test_a_failure_ends_it_or_not_as_chosen_beforehand(whole: Whole, kubernetes: Kubernetes, way: str) -> None:
    made = await planned(whole, on_failure=way)
    assert (made.chosen, [value for value, _ in made.choices]) == (way, ["stop", "continue"])
    before = {name: uids(kubernetes, name) for name in ALL}
    kubernetes.cluster.behaviours.images["registry.example.com/shop/checkout:3.8.1"] = "crash"
    verdict = await whole.done(made)
    assert verdict.result == "did not work"
    assert any("exit 1" in line for line in verdict.evidence)
    restarted = [name for name in ALL if not uids(kubernetes, name) & before[name]]
    assert restarted == (["payments"] if way == "stop" else ["payments", "web", "catalog"])


async def test_what_cannot_be_restarted_is_left_out_and_named(whole: Whole, kubernetes: Kubernetes) -> None:
    for name in ALL:
        await whole.sees(name)
    for name in ("web", "catalog"):
        old = get(kubernetes.cluster, "deployments.apps", name)
        kubernetes.cluster.store.put("deployments.apps", {**old, "spec": {**old["spec"], "paused": True}})
    made = await planned(whole)
    assert restarts(made) == [f"restart deployment {name}" for name in ALL[:2]]
    assert made.risks[0].startswith("left out: restart web: its rollouts are paused")
    assert made.risks[1].startswith("left out: restart catalog: its rollouts are paused")


async def test_another_way_is_refused(whole: Whole) -> None:
    with pytest.raises(CommandError, match="on-failure is stop or continue, not perhaps"):
        await planned(whole, on_failure="perhaps")
