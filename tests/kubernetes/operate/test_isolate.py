"""Isolating a workload by a policy, and connecting it again: previewed, read back, and never called enforced unseen."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Plan, PlanRefused
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.backends.kubernetes.kinds import ISOLATIONS, OBSERVED
from cockpit.board.model import Workload
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.mitigate.errors import TargetChanged
from tests.kubernetes.backend.watch import Watch
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.bridge import STORAGE, Bridge
from tests.kubernetes.operate.keeping import Keeping
from tests.kubernetes.operate.test_restart import risks

POLICIES = "networkpolicies.networking.k8s.io"
NAME = "isolate-deployment-checkout"
CHOSEN = {"app.kubernetes.io/name": "checkout", "app.kubernetes.io/instance": "shop-checkout"}


@pytest.fixture
async def keeping(kubernetes: Kubernetes, tmp_path: Path) -> AsyncIterator[Keeping]:
    async with Keeping(kubernetes, tmp_path) as one:
        yield one


def policies(bridge: Bridge) -> dict[str, Json]:
    return {one["metadata"]["name"]: one for one in bridge.cluster.store.each(POLICIES, "shop")}


def short(made: Plan) -> Plan:
    """The same, that waits for no probe: there is none."""
    operations = tuple(replace(one, deadline=0.2 if one.verb == "isolate" else one.deadline) for one in made.operations)
    return replace(made, operations=operations, deadline=0.2)


async def test_it_is_previewed_kept_made_read_back_and_taken_away(keeping: Keeping) -> None:
    made = await keeping.made("isolate", "checkout")
    first, one = made.operations
    assert (first.verb, one.verb, one.done_when) == ("capture", "isolate", "denied")
    assert one.title == "isolate deployment checkout: let nothing in or out of its 3 pods"
    shown = "\n".join(one.diff)
    assert f"+  name: {NAME}" in shown
    assert "+    app.kubernetes.io/managed-by: incident-cockpit" in shown
    assert "+  policyTypes:\n+    - Ingress\n+    - Egress" in shown
    assert one.command.startswith("echo '{")
    assert one.command.endswith("}' | kubectl --context demo -n shop create -f -")
    checked = "permitted (create networkpolicies.networking.k8s.io in shop), dry run accepted"
    assert dict(made.where)["checked"] == checked
    assert made.danger == "high"
    assert "3 ready are cut off" in risks(made)
    assert "only where the cluster's network plugin enforces policies" in risks(made)
    assert "connections that are open already may stay open" in risks(made)
    assert policies(keeping) == {}, "a plan changes nothing"

    verdict = await keeping.carry_out(short(made))
    # The policy stands; that it is enforced nothing has shown.
    assert verdict.result == "unknown"
    assert f"{NAME} stands and selects its pods: in force as far as the API tells" in verdict.evidence[0]
    stored = policies(keeping)[NAME]
    assert stored["spec"] == {"podSelector": {"matchLabels": CHOSEN}, "policyTypes": ["Ingress", "Egress"]}
    assert stored["metadata"]["uid"] in keeping.facts("uid")
    assert len(keeping.files()) == 3
    assert [(each.word, each.verdict) for each in keeping.temporary] == [("isolated", "unknown")]
    with pytest.raises(PlanRefused, match=f"it is isolated already, by NetworkPolicy {NAME}: connect it first"):
        await keeping.made("isolate", "checkout")

    back = await keeping.undoes(made)
    (one,) = back.operations
    assert one.command == f"kubectl --context demo -n shop delete networkpolicy {NAME}"
    assert f"-  name: {NAME}" in one.diff
    assert (policies(keeping), keeping.temporary) == ({}, ())
    with pytest.raises(PlanRefused, match=f"checkout is not isolated: there is no NetworkPolicy {NAME}"):
        await keeping.made("connect", "checkout")


def offered(bridge: Bridge, workload: Workload) -> set[str]:
    return {verb.name for verb in bridge.operator.verbs(workload)} & {"isolate", "connect"}


async def test_it_is_told_on_the_board_also_to_who_looks_later_and_connect_is_offered_only_then(bridge: Bridge) -> None:
    assert offered(bridge, await bridge.sees("checkout")) == {"isolate"}
    await bridge.carry_out(short(await bridge.made("isolate", "checkout")))
    words = f"isolated by NetworkPolicy {NAME}"
    async with Watch(bridge.kubernetes.kubeconfig) as later:
        for watch in (bridge.watch, later):
            await watch.assessed("checkout", lambda one: one.why == words and words in one.evidence)
            assert offered(bridge, await watch.sees("checkout", lambda one: one.isolated)) == {"connect"}
            assert offered(bridge, await watch.sees("catalog", lambda one: one.isolated is False)) == {"isolate"}
        await bridge.does("connect", "checkout")
        await later.assessed("checkout", lambda one: words not in one.evidence)


async def test_where_policies_may_not_be_seen_nobody_says_that_nothing_is_isolated(bridge: Bridge) -> None:
    kinds = tuple(kind.plural for kind in OBSERVED if kind is not ISOLATIONS)
    bridge.cluster.policy.grants[ADMIN] = (Grant(("get", "list", "watch"), (*kinds, "namespaces")),)
    async with Watch(bridge.kubernetes.kubeconfig) as watch:
        workload = await watch.sees("checkout", lambda one: one.isolated is None and one.instances)
        assert offered(bridge, workload) == {"isolate", "connect"}
        assert "networkpolicies" not in str(watch.board.snapshot().sources)


async def test_whom_it_holds_besides_and_what_stays_allowed_is_told(bridge: Bridge) -> None:
    pods = build.template("checkout", "shop", "registry.example.com/shop/batch:1.0.0", grace=0)
    batch = build.deployment("checkout", "shop", pods)
    batch["metadata"]["name"] = "batch"
    bridge.cluster.objects.create(BY_SHELF[STORAGE["deployment"]], batch)
    await bridge.stands("batch", 1)
    for name, spec in (
        ("allow-web", {"podSelector": {"matchLabels": CHOSEN}, "ingress": [{}]}),
        ("deny", {"podSelector": {}, "policyTypes": ["Ingress"]}),
        ("else", {"podSelector": {"matchLabels": {"app": "else"}}, "ingress": [{}]}),
    ):
        policy = {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}
        bridge.cluster.objects.create(BY_SHELF[POLICIES], policy)
    told = risks(await bridge.made("isolate", "checkout"))
    assert "its selector matches pods of others too, which are cut off as well: 1 of deployment batch" in told
    assert "what NetworkPolicy allow-web allows these pods stays allowed" in told


async def test_what_no_policy_holds_is_refused(bridge: Bridge) -> None:
    pods = build.template("agent", "shop", "registry.example.com/shop/agent:1.0.0", grace=0)
    pods["spec"]["hostNetwork"] = True
    bridge.cluster.objects.create(BY_SHELF[STORAGE["daemonset"]], build.daemon_set("agent", "shop", pods))
    await bridge.stands("agent", 3)
    with pytest.raises(PlanRefused, match="agent uses the network of its node, where no policy holds it"):
        await bridge.made("isolate", "agent")


async def test_what_is_not_permitted_is_refused(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    bridge.cluster.policy.grants[ADMIN] = (
        Grant(("get", "list", "watch")), Grant(("create",), ("selfsubjectaccessreviews",)),
    )  # fmt: skip
    with pytest.raises(PlanRefused, match=r"not permitted to create networkpolicies\.networking\.k8s\.io in shop$"):
        await bridge.operator.plan("isolate", workload, {})


async def test_only_what_the_cockpit_made_for_it_is_taken_away(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    other = {"metadata": {"name": "allow-web", "namespace": "shop"}, "spec": {"podSelector": {}}}
    bridge.cluster.objects.create(BY_SHELF[POLICIES], other)
    with pytest.raises(PlanRefused, match="NetworkPolicy allow-web was not made by isolate for it: use kubectl"):
        await bridge.operator.plan("connect", workload, {"policy": "allow-web"})
    with pytest.raises(PlanRefused, match="is no policy's name"):
        await bridge.operator.plan("connect", workload, {"policy": "../pods/x"})
    await bridge.carry_out(short(await bridge.made("isolate", "checkout")))
    with pytest.raises(PlanRefused, match=f"NetworkPolicy {NAME} was not made by isolate for it"):
        await bridge.operator.plan("connect", workload, {"policy": NAME})
    made = await bridge.made("connect", "checkout")
    mine = policies(bridge)[NAME]
    bridge.cluster.objects.delete(BY_SHELF[POLICIES], mine, grace=0)
    bridge.cluster.objects.create(BY_SHELF[POLICIES], {**mine, "metadata": {"name": NAME, "namespace": "shop"}})
    with pytest.raises(TargetChanged, match=f"NetworkPolicy {NAME} is another one now: nothing was done"):
        await bridge.carry_out(made)


@pytest.mark.parametrize("verb", ["isolate", "connect"])
async def test_what_fails_after_it_was_taken_is_looked_for(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    if verb == "connect":
        await bridge.carry_out(short(await bridge.made("isolate", "checkout")))
    made = await bridge.made(verb, "checkout")
    send = bridge.operator._client.send

    async def taken(*given: Any, **options: Any) -> Any:
        await send(*given, **options)
        raise ApiAnswer("Kubernetes main", 500, Status(message="etcdserver: request timed out"))

    monkeypatch.setattr(bridge.operator._client, "send", taken)
    verdict = await bridge.carry_out(short(made))
    wanted = f"{NAME} stands" if verb == "isolate" else f"{NAME} is gone"
    assert wanted in verdict.evidence[0]
    assert [*policies(bridge)] == ([NAME] if verb == "isolate" else [])
