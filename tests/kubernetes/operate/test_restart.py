"""Restarts through the door: rolled out, seen; what the API would refuse is refused before it is confirmed."""

from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Plan, PlanRefused
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.mitigate.errors import TargetChanged
from tests.kubernetes.emulator.waiting import pods_of
from tests.kubernetes.operate.bridge import STORAGE, Bridge

IMAGE = "registry.example.com/shop/extra:1.0.0"


def uids(bridge: Bridge, app: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods_of(bridge.cluster, app)}


def create(bridge: Bridge, kind: str, name: str, **spec: Any) -> None:
    make = {"deployment": build.deployment, "statefulset": build.stateful_set, "daemonset": build.daemon_set}[kind]
    pods = build.template(name, "shop", IMAGE, grace=0)
    bridge.cluster.objects.create(BY_SHELF[STORAGE[kind]], make(name, "shop", pods, **spec))


def change(bridge: Bridge, name: str, **parts: Any) -> None:
    """Somebody else changes the spec of a Deployment."""
    old = bridge.stored(name)
    made = {**old, "spec": {**old["spec"], **parts}}
    bridge.cluster.objects.change(BY_SHELF[STORAGE["deployment"]], old, made)


def mark(bridge: Bridge, name: str, **parts: Any) -> None:
    """Labels or annotations of a Deployment."""
    old = bridge.stored(name)
    meta = {**old["metadata"], **{part: {**(old["metadata"].get(part) or {}), **new} for part, new in parts.items()}}
    bridge.cluster.objects.change(BY_SHELF[STORAGE["deployment"]], old, {**old, "metadata": meta})


def risks(plan: Plan) -> str:
    return "\n".join(plan.risks)


async def test_a_deployment_is_restarted_and_seen_to_be_rolled_out(bridge: Bridge) -> None:
    before = uids(bridge, "checkout")
    made = await bridge.made("restart", "checkout")
    (one,) = made.operations
    assert one.command == "kubectl --context demo -n shop rollout restart deployment/checkout"
    assert dict(made.where)["checked"] == "permitted (patch deployments.apps in shop), dry run accepted"
    assert uids(bridge, "checkout") == before, "a plan changes nothing"
    assert "PDB checkout: 3 healthy, 2 must stay, 1 may go" in risks(made)
    verdict = await bridge.works(made)
    assert verdict.evidence[0].startswith("3 of 3 rolled out")
    assert len(uids(bridge, "checkout")) == 3
    assert not uids(bridge, "checkout") & before


@pytest.mark.parametrize(("kind", "spec", "count"), [("statefulset", {"replicas": 2}, 2), ("daemonset", {}, 3)])
async def test_sets_are_restarted_too(bridge: Bridge, kind: str, spec: dict[str, Any], count: int) -> None:
    create(bridge, kind, "extra", **spec)
    await bridge.stands("extra", count)
    before = uids(bridge, "extra")
    await bridge.does("restart", "extra")
    assert uids(bridge, "extra")
    assert not uids(bridge, "extra") & before


async def test_a_restart_into_a_crash_did_not_work(bridge: Bridge) -> None:
    made = await bridge.made("restart", "payments")
    bridge.cluster.behaviours.images["registry.example.com/shop/payments:1.12.0"] = "crash"
    verdict = await bridge.carry_out(replace(made, hold=60.0))
    assert verdict.result == "did not work"
    assert "exit 1" in verdict.evidence[0]


async def test_what_is_not_permitted_is_refused_with_the_missing_permission(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    bridge.cluster.policy.grants[ADMIN] = (
        Grant(("get", "list", "watch")), Grant(("create",), ("selfsubjectaccessreviews",)),
    )  # fmt: skip
    with pytest.raises(PlanRefused, match=r"^restart web: you are not permitted to patch deployments\.apps in shop$"):
        await bridge.operator.plan("restart", workload, {})


async def test_what_admission_refuses_is_refused_when_it_is_planned(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    bridge.cluster.faults.add(Fault(status=422, where="PATCH "))
    with pytest.raises(PlanRefused, match="restart web: the API would refuse it: "):
        await bridge.operator.plan("restart", workload, {})


async def test_paused_and_empty_ones_are_refused(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    change(bridge, "web", paused=True)
    with pytest.raises(PlanRefused, match="its rollouts are paused"):
        await bridge.operator.plan("restart", workload, {})
    change(bridge, "web", paused=False, replicas=0)
    with pytest.raises(PlanRefused, match="scaled to 0"):
        await bridge.operator.plan("restart", workload, {})


async def test_in_a_rollout_that_does_not_come_up_a_restart_is_no_way_out(bridge: Bridge) -> None:
    assert "rolled out anew" not in risks(await bridge.made("restart", "catalog"))
    bridge.cluster.behaviours.images["registry.example.com/shop/catalog:9"] = "missing"
    pods = build.template("catalog", "shop", "registry.example.com/shop/catalog:9")
    change(bridge, "catalog", template=pods)
    stuck = await bridge.watch.sees("catalog", lambda one: "of 2 updated" in one.rollout)
    told = risks(await bridge.planned("restart", stuck))
    assert f"{stuck.rollout}: the same revision is rolled out anew; roll back (v) leaves it" in told


async def test_a_definition_that_changed_after_the_preview_is_left_alone(bridge: Bridge) -> None:
    made = await bridge.made("restart", "catalog")
    change(bridge, "catalog", minReadySeconds=1)
    with pytest.raises(TargetChanged, match="catalog was changed meanwhile"):
        await bridge.carry_out(made)
    assert "restartedAt" not in str(bridge.stored("catalog"))


async def test_a_new_status_is_no_change_and_a_conflict_is_tried_once_more(bridge: Bridge) -> None:
    made = await bridge.made("restart", "catalog")
    mark(bridge, "catalog", annotations={"note": "somebody writes beside it"})
    bridge.cluster.faults.add(Fault(status=409, where="PATCH /apis/apps/v1/namespaces/shop/deployments", times=1))
    bridge.cluster.faults.seen.clear()
    await bridge.works(made)
    assert len([one for one in bridge.cluster.faults.seen if one.startswith("PATCH ")]) == 2


async def test_a_status_that_moves_between_each_read_and_what_follows_is_no_obstacle(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the middle of a rollout: the plan is made all the same, and the change is read for and sent again."""
    workload, get = await bridge.sees("catalog"), bridge.operator._client.get
    left = 3

    async def moved(path: str, *arguments: Any, **options: Any) -> Any:
        nonlocal left
        found = await get(path, *arguments, **options)
        if path.endswith("/deployments/catalog") and left:
            left -= 1
            mark(bridge, "catalog", annotations={"note": f"status {left}"})
        return found

    monkeypatch.setattr(bridge.operator._client, "get", moved)
    made = await bridge.planned("restart", workload)
    assert left < 3
    assert "dry run accepted" in str(made)
    left = 4
    await bridge.works(made)
    assert not left


async def test_conflicts_that_last_are_told(bridge: Bridge) -> None:
    made = await bridge.made("restart", "catalog")
    bridge.cluster.faults.add(Fault(status=409, where="PATCH /apis/apps/v1/namespaces/shop/deployments"))
    verdict = await bridge.carry_out(made)
    assert verdict.result == "did not work"
    assert verdict.evidence[0].startswith("restart deployment catalog: Kubernetes main")


async def test_an_answer_that_is_lost_after_it_was_done_is_found_by_observation(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await bridge.made("restart", "catalog")
    send = bridge.operator._client.send

    async def lost(*arguments: Any, **options: Any) -> Any:
        await send(*arguments, **options)
        raise TimeoutError("no answer in time")

    monkeypatch.setattr(bridge.operator._client, "send", lost)
    verdict = await bridge.carry_out(made)
    assert verdict.result == "worked", verdict
    (result,) = [entry for entry in bridge.journal.entries if entry.kind == "result"]
    assert "no answer" in result.text


@pytest.mark.emulated("accept a change and not make it")
async def test_what_was_accepted_and_changed_nothing_did_not_work(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await bridge.made("restart", "catalog")
    monkeypatch.setattr(bridge.cluster.objects, "change", lambda kind, old, new, **more: old)
    verdict = await bridge.carry_out(made)
    assert verdict.result == "did not work"
    assert "the API took it and nothing changed" in verdict.evidence[0]
