"""Autoscaling through the door and back: made, given other bounds, taken away; nonsense is refused before."""

from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import PlanRefused
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.mitigate.errors import TargetChanged
from tests.kubernetes.emulator.waiting import get, pods_of
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.test_restart import IMAGE, change, mark, risks

SHELF = "horizontalpodautoscalers.autoscaling"


def scaler(bridge: Bridge, name: str) -> Json:
    found: Json = get(bridge.cluster, SHELF, name)
    return found


def alter(bridge: Bridge, name: str, **spec: Any) -> None:
    """Somebody else changes an autoscaler."""
    old = scaler(bridge, name)
    bridge.cluster.objects.change(BY_SHELF[SHELF], old, {**old, "spec": {**old["spec"], **spec}})


async def test_one_is_made_seen_to_keep_its_bounds_and_taken_away(bridge: Bridge) -> None:
    made = await bridge.made("autoscale", "catalog", min="3", max="5", cpu="70")
    (one,) = made.operations
    assert one.command == (
        "kubectl --context demo -n shop autoscale deployment/catalog --min=3 --max=5 --cpu-percent=70"
    )
    assert dict(one.before)["autoscaler"] == "none"
    assert dict(one.after)["autoscaler"] == "3 to 5 pods, at 70 % of the requested CPU"
    words = "permitted (create horizontalpodautoscalers.autoscaling in shop), dry run accepted"
    assert dict(made.where)["checked"] == words
    assert "it raises 2 pods to 3 at once" in risks(made)
    assert bridge.cluster.store.get(SHELF, "shop", "catalog") is None, "a plan changes nothing"
    verdict = await bridge.works(made)
    assert verdict.evidence[0].startswith("3 of 3 ready under its autoscaler")
    assert "catalog keeps 3 to 5, at 70 % CPU" in verdict.evidence[0]
    assert scaler(bridge, "catalog")["spec"]["scaleTargetRef"]["kind"] == "Deployment"
    assert len(pods_of(bridge.cluster, "catalog")) == 3
    back = await bridge.undoes(made)
    assert "3 pods stay: nobody changes their number any more but you" in back.risks
    assert bridge.cluster.store.get(SHELF, "shop", "catalog") is None
    again = back.operations[0].inverse
    assert again == ("autoscale", (("min", "3"), ("max", "5"), ("cpu", "70")))


async def test_one_that_is_there_gets_other_bounds_and_the_former_again(bridge: Bridge) -> None:
    old = scaler(bridge, "web")["spec"]
    made = await bridge.does("autoscale", "web", min="4")
    (one,) = made.operations
    assert (dict(one.before)["autoscaler"], dict(one.after)["autoscaler"]) == (
        "2 to 6 pods, at 70 % of the requested CPU",
        "4 to 6 pods, at 70 % of the requested CPU",
    )
    assert one.command.endswith("""patch hpa web --type=merge -p '{"spec":{"minReplicas":4,"maxReplicas":6}}'""")
    assert (scaler(bridge, "web")["spec"]["minReplicas"], len(pods_of(bridge.cluster, "web"))) == (4, 4)
    await bridge.undoes(made)
    assert scaler(bridge, "web")["spec"] == old


async def test_what_else_it_goes_by_stays(bridge: Bridge) -> None:
    other = {"type": "Pods", "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue"}}}
    alter(bridge, "web", metrics=[*scaler(bridge, "web")["spec"]["metrics"], other])
    await bridge.does("autoscale", "web", cpu="75%")
    kept = scaler(bridge, "web")["spec"]["metrics"]
    assert other in kept
    assert [one["resource"]["target"]["averageUtilization"] for one in kept if "resource" in one] == [75]
    away = await bridge.made("autoscale", "web", max="none")
    assert away.operations[0].inverse is None
    assert "what else it goes by (Pods) is lost" in risks(away)


REFUSED = [
    ({}, "say min, max or cpu"),
    ({"min": "2"}, "there is no autoscaler yet: say max"),
    ({"min": "5", "max": "3"}, "min 5 is more than max 3"),
    ({"max": "0"}, "max is a number from 1 to 1000, not 0"),
    ({"max": "many"}, "max is a number from 1 to 1000, not many"),
    ({"max": "3", "cpu": "٧"}, "cpu is a number from 1 to 1000"),
    ({"max": "none"}, "there is no autoscaler to take away"),
    ({"max": "none", "min": "1"}, "say nothing beside it"),
]


async def test_nonsense_is_refused_in_one_line(bridge: Bridge) -> None:
    catalog, web = await bridge.sees("catalog"), await bridge.sees("web")
    for arguments, words in REFUSED:
        with pytest.raises(PlanRefused, match=words) as refused:
            await bridge.operator.plan("autoscale", catalog, arguments)
        assert "\n" not in str(refused.value)
    with pytest.raises(PlanRefused, match="its autoscaler keeps 2 to 6 pods, at 70 % of the requested CPU already"):
        await bridge.operator.plan("autoscale", web, {"max": "6"})
    change(bridge, "catalog", replicas=0)
    with pytest.raises(PlanRefused, match="scaled to 0, where an autoscaler does nothing"):
        await bridge.operator.plan("autoscale", catalog, {"max": "6"})


async def test_pods_that_request_no_cpu_cannot_be_scaled_by_it(bridge: Bridge) -> None:
    pods = build.template("extra", "shop", IMAGE, grace=0, resources={})
    bridge.cluster.objects.create(BY_SHELF["deployments.apps"], build.deployment("extra", "shop", pods))
    workload = await bridge.stands("extra", 1)
    with pytest.raises(PlanRefused, match="cannot be scaled by CPU, for extra requests none: set cpu-request first"):
        await bridge.operator.plan("autoscale", workload, {"max": "3"})


async def test_without_metrics_it_is_said_and_its_bounds_are_kept(bridge: Bridge) -> None:
    bridge.cluster.has_metrics = False
    made = await bridge.made("autoscale", "catalog", min="3", max="4")
    assert "this cluster tells no metrics: it keeps to its bounds and cannot go by the load" in made.risks
    verdict = await bridge.works(made)
    assert "catalog keeps 3 to 4, at 80 % CPU; catalog does not scale: the HPA was unable" in verdict.evidence[0]


async def test_whoever_puts_it_back_is_named(bridge: Bridge) -> None:
    mark(bridge, "catalog", annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/catalog"})
    assert "Argo CD (shop) will revert this" in risks(await bridge.made("autoscale", "catalog", max="4"))
    old = scaler(bridge, "web")
    owner = {"kind": "ScaledObject", "name": "web", "uid": "u", "apiVersion": "keda.sh/v1alpha1", "controller": True}
    bridge.cluster.store.put(SHELF, {**old, "metadata": {**old["metadata"], "ownerReferences": [owner]}})
    made = await bridge.made("autoscale", "web", max="4")
    assert "ScaledObject web made this autoscaler and will put it back: change it there" in made.risks


async def test_one_that_changed_after_the_preview_is_left_alone(bridge: Bridge) -> None:
    made, other = await bridge.made("autoscale", "web", min="3"), await bridge.made("autoscale", "catalog", max="4")
    alter(bridge, "web", maxReplicas=9)
    with pytest.raises(TargetChanged, match="the autoscaler of web was changed meanwhile"):
        await bridge.carry_out(made)
    bridge.cluster.objects.create(BY_SHELF[SHELF], build.autoscaler("catalog", "shop", 1, 2))
    with pytest.raises(TargetChanged, match="the autoscaler of catalog was changed meanwhile"):
        await bridge.carry_out(other)
    assert scaler(bridge, "web")["spec"]["minReplicas"] == 2
    assert scaler(bridge, "catalog")["spec"]["maxReplicas"] == 2


async def test_its_status_moves_all_the_time_and_that_is_no_change(bridge: Bridge) -> None:
    made = await bridge.made("autoscale", "web", min="3")
    old = scaler(bridge, "web")
    bridge.cluster.objects.set_status(SHELF, old, {**old.get("status", {}), "lastScaleTime": "2026-01-01T00:00:00Z"})
    bridge.cluster.faults.add(Fault(status=409, where="PATCH /apis/autoscaling/v2", times=1))
    await bridge.works(made)
    assert scaler(bridge, "web")["spec"]["minReplicas"] == 3


async def test_what_may_not_be_seen_or_done_is_refused(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    reads = Grant(("get", "list", "watch"), ("deployments", "namespaces", "pods"))
    asks = Grant(("create",), ("selfsubjectaccessreviews",))
    bridge.cluster.policy.grants[ADMIN] = (reads, asks)
    with pytest.raises(PlanRefused, match="whether there is an autoscaler cannot be seen"):
        await bridge.operator.plan("autoscale", workload, {"max": "4"})
    bridge.cluster.policy.grants[ADMIN] += (Grant(("list",), ("horizontalpodautoscalers",)),)
    with pytest.raises(PlanRefused, match=r"not permitted to create horizontalpodautoscalers\.autoscaling in shop$"):
        await bridge.operator.plan("autoscale", workload, {"max": "4"})


async def test_a_number_that_an_autoscaler_would_undo_is_made_its_bound(bridge: Bridge) -> None:
    asked = await bridge.made("scale", "web", replicas="8")
    assert [value for value, _ in asked.choices] == ["8", "min=8", "2", "6"]
    assert dict(asked.choices)["min=8"] == "min=8 and max=8 of HPA web instead: so it lasts"
    made = await bridge.made("scale", "web", replicas="min=5")
    assert (made.verb, made.chosen, [value for value, _ in made.choices][:2]) == ("autoscale", "min=5", ["5", "min=5"])
    await bridge.works(made)
    assert bridge.stored("web")["spec"]["replicas"] == 5
    down = await bridge.made("scale", "web", replicas="max=1")
    assert dict(down.operations[0].after)["autoscaler"].startswith("exactly 1")
    assert "it lowers 5 pods to 1 at once: 4 go, with their logs" in down.risks
    back = await bridge.undoes(replace(made, workload=made.workload))
    assert dict(back.operations[0].after)["autoscaler"].startswith("2 to 6 pods")
    with pytest.raises(PlanRefused, match="it has no autoscaler: say the number alone"):
        await bridge.made("scale", "catalog", replicas="min=5")
