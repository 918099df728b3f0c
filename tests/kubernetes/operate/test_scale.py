"""Scaling through the door and back; whoever has another opinion is named before it is confirmed."""

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.mitigate.errors import TargetChanged
from tests.kubernetes.emulator.waiting import get, pods_of, until
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.test_restart import change, mark, risks

QUOTA: Json = {"metadata": {"name": "team", "namespace": "shop"}, "spec": {"hard": {"pods": "20"}}}


async def test_it_is_scaled_and_taken_back(bridge: Bridge) -> None:
    made = await bridge.does("scale", "catalog", replicas="4")
    (one,) = made.operations
    assert one.command == "kubectl --context demo -n shop scale deployment/catalog --replicas=4"
    assert dict(made.where)["checked"].startswith("permitted (patch deployments.apps/scale in shop), dry run accepted")
    assert (bridge.stored("catalog")["spec"]["replicas"], len(pods_of(bridge.cluster, "catalog"))) == (4, 4)
    back = await bridge.undoes(made)
    assert bridge.stored("catalog")["spec"]["replicas"] == 2
    assert "2 of 4 will go, with their logs" in back.risks


async def test_down_to_none_is_dangerous_and_has_worked_when_nothing_is_left(bridge: Bridge) -> None:
    made = await bridge.does("scale", "payments", replicas="0")
    assert (made.danger, pods_of(bridge.cluster, "payments")) == ("high", [])
    assert "nothing of it answers any more" in made.risks


async def test_an_autoscaler_that_will_fight_is_named_with_its_bounds_and_wins(bridge: Bridge) -> None:
    made = await bridge.made("scale", "web", replicas="8")
    assert "HPA web keeps it between 2 and 6 and will fight: it lowers it to 6 at once" in made.risks
    assert [value for value, _ in made.choices] == ["8", "min=8", "2", "6"]
    assert dict(made.choices)["6"] == "6, the maximum of HPA web"
    within = await bridge.made("scale", "web", replicas="5")
    assert "it sets its own number within a minute" in risks(within)
    change(bridge, "web", replicas=8)
    await until(bridge.cluster, lambda: bridge.stored("web")["spec"]["replicas"] == 6)
    with pytest.raises(TargetChanged, match="web was changed meanwhile"):
        await bridge.carry_out(made)


async def test_budget_quota_and_owner_are_shown(bridge: Bridge) -> None:
    bridge.cluster.objects.create(BY_SHELF["resourcequotas"], QUOTA)
    await until(bridge.cluster, lambda: get(bridge.cluster, "resourcequotas", "team").get("status"))
    mark(bridge, "checkout", labels={"app.kubernetes.io/managed-by": "Helm"})
    up = await bridge.made("scale", "checkout", replicas="4")
    assert "quota team: pods 10 of 20" in risks(up)
    assert "Helm (release checkout) will revert this" in risks(up)
    mark(bridge, "checkout", annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/checkout"})
    mark(bridge, "checkout", labels={"kustomize.toolkit.fluxcd.io/name": "apps"})
    down = await bridge.made("scale", "checkout", replicas="1")
    assert "PDB checkout: 3 healthy, 2 must stay, 1 may go" in risks(down)
    assert "Argo CD (shop) will revert this" in risks(down)
    assert "Flux (apps) will revert this" in risks(down)


async def test_what_is_no_other_number_is_refused(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    for asked in ("", "many", "-1", "1001", "2", "٣"):
        with pytest.raises(PlanRefused, match=r"scale catalog: replicas is a number|there are 2 already"):
            await bridge.operator.plan("scale", workload, {"replicas": asked})


async def test_the_permission_that_is_missing_is_that_on_the_scale(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    reads = Grant(("get", "list", "watch"), ("deployments", "namespaces", "pods"))
    bridge.cluster.policy.grants[ADMIN] = (reads, Grant(("create",), ("selfsubjectaccessreviews",)))
    with pytest.raises(PlanRefused, match=r"not permitted to patch deployments\.apps/scale in shop$"):
        await bridge.operator.plan("scale", workload, {"replicas": "3"})
    bridge.cluster.policy.grants[ADMIN] += (Grant(("patch",), ("deployments/scale",)),)
    made = await bridge.operator.plan("scale", workload, {"replicas": "3"})
    assert "whether there is an autoscaler cannot be seen" in risks(made)
