"""Nodes are drained through the door, as far as disruption budgets allow; done when the pods are seen to be gone."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends.base import NoAnswer
from cockpit.backends.change import Permit, PlanRefused, Verdict
from cockpit.backends.kubernetes.operate.nodes.evict import SILENT
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, READ_ONLY, Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.mitigate.errors import Refused, TargetChanged
from cockpit.mitigate.progress import Progress
from cockpit.profile.policy import PolicyRule
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get, pods_of, until
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.keeping import Keeping
from tests.kubernetes.operate.machines import EMULATED, budget, host_of, made, naked, on, sees, settled
from tests.kubernetes.operate.test_restart import risks
from tests.patience import PATIENCE
from tests.program import CHECKOUT, cockpit_argv

pytestmark = pytest.mark.emulated(EMULATED)


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods come and go in a hundredth of their time, so rounds do too."""
    monkeypatch.setattr("cockpit.backends.kubernetes.operate.nodes.evict.NEXT", 0.05)
    monkeypatch.setattr("cockpit.backends.kubernetes.operate.nodes.evict.WAIT", 0.1)
    monkeypatch.setattr("cockpit.mitigate.rounds.LONGEST", 0.2)


async def test_a_drain_lists_what_moves_and_is_done_when_that_is_gone(bridge: Bridge) -> None:
    name = host_of(bridge, "catalog")
    moving = {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in on(bridge, name)}
    template = build.template("logger", "shop", "example.com/logger:1")
    bridge.cluster.objects.create(BY_SHELF["daemonsets.apps"], build.daemon_set("logger", "shop", template))
    await until(
        bridge.cluster, lambda: any(pod["spec"].get("nodeName") == name for pod in pods_of(bridge.cluster, "logger"))
    )
    (daemon,) = [pod["metadata"]["name"] for pod in on(bridge, name) if pod["metadata"]["uid"] not in moving]
    budget(bridge, 0)
    await settled(bridge, 3)
    plan = await made(bridge, "drain", name)
    cordon, evict = plan.operations
    assert (cordon.verb, evict.verb, plan.danger) == ("cordon", "evict", "high")
    assert {one.instance for one in evict.instances} == set(moving)
    assert {line.partition(":")[0] for line in evict.diff if line.startswith("- ")} == {
        f"- shop/{pod}" for pod in moving.values()
    }
    assert f"  shop/{daemon} stays: daemonset logger" in evict.diff
    assert evict.command == f"kubectl --context demo drain {name} --ignore-daemonsets --timeout=600s"
    assert "uncordon brings no pod back" in risks(plan)
    verdict = await bridge.works(plan)
    assert verdict.evidence[0].startswith(f"{len(moving)} of {len(moving)} gone")
    left = on(bridge, name)
    assert [pod["metadata"]["name"] for pod in left] == [daemon]
    assert get(bridge.cluster, "nodes", name, "")["spec"]["unschedulable"] is True


async def test_a_drain_waits_for_a_budget_says_so_and_goes_on(bridge: Bridge) -> None:
    name = host_of(bridge, "checkout")
    budget(bridge, 3)
    await settled(bridge, 0)
    plan = await made(bridge, "drain", name)
    assert "PDB shop/checkout lets none of its" in risks(plan)
    assert "the drain waits in vain" in risks(plan)
    heard: list[Progress] = []
    task = asyncio.create_task(bridge.door.perform(plan, typed_name=name, on_progress=heard.append))
    await bridge.watch.until(
        lambda: any("The disruption budget checkout needs 3" in str(one.steps[1].detail) for one in heard)
    )
    assert heard[-1].stoppable
    assert not task.done()
    await bridge.does("scale", "checkout", replicas="5")
    verdict: Verdict = await task
    assert verdict.result == "worked", verdict
    assert not on(bridge, name)


async def test_a_drain_that_a_person_stops_says_what_is_left_and_stays_cordoned(bridge: Bridge) -> None:
    name = host_of(bridge, "checkout")
    budget(bridge, 3)
    await settled(bridge, 0)
    plan = await made(bridge, "drain", name)
    heard: list[Progress] = []
    task = asyncio.create_task(bridge.door.perform(plan, typed_name=name, on_progress=heard.append))
    await bridge.watch.until(lambda: any("disruption budget" in str(one.steps[1].detail) for one in heard))
    bridge.door.halt(heard[-1].run, "oncall stopped it")
    verdict = await task
    assert verdict.result == "did not work"
    assert verdict.evidence[0].startswith("stopped (oncall stopped it): evict")
    assert any("wait" in line and "shop/checkout-" in line for line in verdict.evidence)
    assert get(bridge.cluster, "nodes", name, "")["spec"]["unschedulable"] is True
    with pytest.raises(Refused, match="not under way"):
        bridge.door.halt(heard[-1].run, "again")


async def test_a_drain_that_a_budget_holds_to_the_end_did_not_work(bridge: Bridge) -> None:
    name = host_of(bridge, "checkout")
    budget(bridge, 3)
    await settled(bridge, 0)
    plan = await made(bridge, "drain", name, timeout="2s")
    verdict = await bridge.carry_out(plan)
    assert verdict.result == "did not work"
    assert "The disruption budget checkout needs 3 healthy pods" in verdict.evidence[0]


@pytest.mark.parametrize("status", [429, 503])
async def test_an_api_that_fails_for_a_while_holds_a_drain_up_and_does_not_end_it(bridge: Bridge, status: int) -> None:
    name = host_of(bridge, "catalog")
    plan = await made(bridge, "drain", name)
    evict, permit = plan.operations[-1], Permit(plan, "test")
    # Longer than any deadline: the client tells of it at once.
    bridge.cluster.faults.add(Fault(status=status, where=f"spec.nodeName={name}", retry_after=3600))
    outcome = await bridge.operator.perform(permit, evict)
    assert (outcome.accepted, outcome.again > 0) == (True, True)
    assert dict(outcome.facts)["waits"].startswith(f"{len(evict.instances)} wait: ")
    bridge.cluster.faults.clear()
    await bridge.works(plan)
    assert not on(bridge, name)


async def test_evictions_that_are_never_answered_end_their_round_so_that_a_stop_is_heard(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = host_of(bridge, "catalog")
    for number in range(SILENT + 2):
        naked(bridge, f"extra-{number}", name)
    plan = await made(bridge, "drain", name, force="yes")
    asked: list[str] = []

    async def silent(_: str, path: str, *__: Any, **___: Any) -> Any:
        asked.append(path)
        raise NoAnswer("no answer in time")

    monkeypatch.setattr(bridge.operator._client, "send", silent)
    outcome = await bridge.operator.perform(Permit(plan, "test"), plan.operations[-1])
    assert (outcome.accepted, outcome.again > 0, len(asked)) == (True, True, SILENT)
    assert dict(outcome.facts)["waits"].startswith(f"{SILENT} wait (shop/")
    assert dict(outcome.facts)["waits"].endswith("): no answer in time")


async def test_what_would_be_lost_for_good_is_refused_unless_it_is_said(bridge: Bridge) -> None:
    naked(bridge, "debug", "node-000", volumes=[{"name": "scratch", "emptyDir": {}}])
    with pytest.raises(PlanRefused) as refused:
        await made(bridge, "drain", "node-000")
    assert "nothing keeps shop/debug: it would not come back (force=yes" in str(refused.value)
    assert "shop/debug would lose what is in its emptyDir (delete-emptydir-data=yes" in str(refused.value)
    with pytest.raises(PlanRefused, match="emptyDir"):
        await made(bridge, "drain", "node-000", force="yes")
    plan = await made(bridge, "drain", "node-000", force="yes", delete_emptydir_data="yes")
    assert "--force --delete-emptydir-data" in plan.operations[-1].command
    assert "nothing keeps shop/debug: it does not come back" in plan.risks


@pytest.mark.parametrize(
    "arguments", [{"force": "perhaps"}, {"timeout": "soon"}, {"timeout": "0s"}, {"timeout": "99h\x1b[31m"}]
)
async def test_arguments_are_checked(bridge: Bridge, arguments: dict[str, str]) -> None:
    with pytest.raises(PlanRefused) as refused:
        await made(bridge, "drain", "node-000", **arguments)
    assert "\x1b" not in str(refused.value)


async def test_a_pod_that_came_since_the_plan_is_not_taken_along(bridge: Bridge) -> None:
    name = host_of(bridge, "web")
    await bridge.works(await made(bridge, "cordon", name))
    plan = await made(bridge, "drain", name)
    naked(bridge, "late", name)
    with pytest.raises(TargetChanged, match=f"shop/late came to {name} meanwhile"):
        await bridge.carry_out(plan)


async def test_who_may_not_is_told_before(bridge: Bridge) -> None:
    node = await sees(bridge, "node-000")
    bridge.cluster.policy.grants[ADMIN] = (READ_ONLY, Grant(("create",), ("selfsubjectaccessreviews",)))
    for verb, words in (("cordon", "patch nodes"), ("drain", "create pods/eviction in shop")):
        with pytest.raises(PlanRefused, match=f"you are not permitted to {words}"):
            await bridge.operator.plan(verb, node, {})


async def test_pods_that_the_board_does_not_show_are_seen_to_be_gone_too(bridge: Bridge) -> None:
    name = host_of(bridge, "catalog")
    budget(bridge, 0)
    await settled(bridge, 3)
    template = build.template("far", "default", "example.com/far:1")
    bridge.cluster.objects.create(BY_SHELF["deployments.apps"], build.deployment("far", "default", template, 4))
    far = {"app.kubernetes.io/name": "far"}.items()
    await until(
        bridge.cluster,
        lambda: sum(far <= pod["metadata"]["labels"].items() and pod["spec"].get("nodeName") is not None
                    for pod in bridge.cluster.store.each("pods", "default")) == 4,
    )  # fmt: skip
    there = [pod["metadata"]["uid"] for pod in on(bridge, name) if pod["metadata"]["namespace"] == "default"]
    assert there
    plan = await made(bridge, "drain", name)
    assert sorted(dict(plan.operations[1].arguments)["unseen"].split()) == sorted(there)
    await bridge.works(plan)
    assert not on(bridge, name)


async def test_without_the_right_to_see_its_pods_a_node_is_not_drained(bridge: Bridge) -> None:
    node = await sees(bridge, "node-000")
    everything = Grant(("*",), ("nodes", "namespaces", "selfsubjectaccessreviews"))
    bridge.cluster.policy.grants[ADMIN] = (everything, Grant(("*",), ("*",), ("shop",)))
    with pytest.raises(PlanRefused, match="drain node-000: which pods are on it cannot be seen"):
        await bridge.operator.plan("drain", node, {})


async def test_pods_go_by_eviction_alone(bridge: Bridge) -> None:
    name = host_of(bridge, "payments")
    plan = await made(bridge, "drain", name)
    bridge.cluster.faults.seen.clear()
    await bridge.works(plan)
    changes = [one for one in bridge.cluster.faults.seen if one.split()[0] in ("POST", "PATCH", "DELETE", "PUT")]
    assert changes[0] == f"PATCH /api/v1/nodes/{name}"
    assert all(
        one.startswith("POST /api/v1/namespaces/shop/pods/") and one.endswith("/eviction") for one in changes[1:]
    )


async def test_what_the_policy_of_a_moved_service_wants_kept_is_kept_first(
    kubernetes: Kubernetes, tmp_path: Path
) -> None:
    rule = PolicyRule(need="capture", tiers=(2,), why="the review asks for it")
    async with Keeping(kubernetes, tmp_path, (rule,)) as bridge:
        plan = await made(bridge, "drain", host_of(bridge, "checkout"))
        assert [one.verb for one in plan.operations] == ["capture", "cordon", "evict"]
        assert dict(plan.operations[0].arguments)["required"] == "the policy wants it kept: the review asks for it"


async def test_the_command_line_shows_the_same_plan_and_names_nodes_that_are_not_there(
    kubernetes: Kubernetes, tmp_path: Path
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("version: 1\nname: shop\nbackends: {main: {kind: kubernetes, namespace: shop}}\n", "utf-8")
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    async def do(*words: str) -> tuple[int | None, str]:
        argv = cockpit_argv("--profile", str(file), "do", *words, "--within", str(PATIENCE))
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=CHECKOUT, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    code, out = await do("node/node-001", "drain", "--dry-run")
    assert code == 0, out
    assert "kubectl --context demo drain node-001 --ignore-daemonsets --timeout=600s" in out
    moving = [
        pod["metadata"]["name"]
        for pod in kubernetes.cluster.store.each("pods")
        if pod["spec"]["nodeName"] == "node-001"
    ]
    assert all(f"- shop/{name}: deployment" in out for name in moving)
    assert not get(kubernetes.cluster, "nodes", "node-001", "")["spec"].get("unschedulable")
    code, out = await do("node/node-009", "drain", "--dry-run")
    assert (code, "is node/node-00" in out) == (64, True), out
