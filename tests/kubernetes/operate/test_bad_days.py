"""An API that is overloaded, fails after it took a change, or whose answer is lost: what is planned, done, believed."""

from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Plan, PlanRefused
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.demo.kubernetes.cluster.faults import Fault
from tests.kubernetes.emulator.waiting import pods_of
from tests.kubernetes.operate.bridge import Bridge

DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
CHANGES = [
    ("restart", "catalog", {}),
    ("scale", "catalog", {"replicas": "3"}),
    ("autoscale", "catalog", {"min": "3", "max": "4"}),
    ("set", "catalog", {"env": "CACHE=off"}),
    ("pause", "catalog", {}),
]


def changes(bridge: Bridge) -> list[str]:
    """Requests that change something; access reviews do not."""
    return [one for one in bridge.cluster.faults.seen if not one.startswith("GET ") and "accessreviews" not in one]


def hasty(made: Plan, seconds: float) -> Plan:
    """The plan, given up sooner: nothing more happens."""
    return replace(made, operations=tuple(replace(one, deadline=seconds) for one in made.operations))


async def test_who_asks_to_wait_while_it_is_planned_is_asked_again(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    bridge.cluster.faults.add(Fault(status=429, where=f"GET {DEPLOYMENTS}/catalog", retry_after=1, times=1))
    bridge.cluster.faults.add(Fault(status=429, where="PATCH ", retry_after=1, times=1))
    made = await bridge.planned("restart", workload)
    assert dict(made.where)["checked"].endswith("dry run accepted")


async def test_who_goes_on_asking_to_wait_is_quoted_and_nothing_is_planned(bridge: Bridge) -> None:
    workload = await bridge.sees("catalog")
    bridge.cluster.faults.add(Fault(status=429, where=f"GET {DEPLOYMENTS}/catalog", retry_after=1))
    with pytest.raises(PlanRefused, match=r"restart catalog cannot be planned: .*it is overloaded and asks to wait"):
        await bridge.operator.plan("restart", workload, {})


async def test_a_change_that_is_to_be_sent_later_is_sent_once_more_and_done_once(bridge: Bridge) -> None:
    made = await bridge.made("restart", "catalog")
    bridge.cluster.faults.seen.clear()
    bridge.cluster.faults.add(Fault(status=429, where="PATCH ", retry_after=1, times=1))
    before = bridge.stored("catalog")["metadata"]["generation"]
    await bridge.works(made)
    assert len([one for one in changes(bridge) if one.startswith("PATCH ")]) == 2
    assert bridge.stored("catalog")["metadata"]["generation"] == before + 1


async def test_a_change_that_is_never_taken_did_not_work(bridge: Bridge) -> None:
    made = await bridge.made("restart", "catalog")
    bridge.cluster.faults.add(Fault(status=429, where="PATCH ", retry_after=1))
    before = bridge.stored("catalog")["metadata"]["generation"]
    verdict = await bridge.carry_out(made)
    assert verdict.result == "did not work"
    assert "it is overloaded and asks to wait" in verdict.evidence[0]
    assert bridge.stored("catalog")["metadata"]["generation"] == before


@pytest.mark.parametrize(("verb", "name", "arguments"), CHANGES)
async def test_what_fails_after_it_was_taken_is_believed_by_what_is_seen(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, verb: str, name: str, arguments: dict[str, str]
) -> None:
    made = await bridge.made(verb, name, **arguments)
    send = bridge.operator._client.send

    async def taken(*given: Any, **options: Any) -> Any:
        await send(*given, **options)
        raise ApiAnswer("Kubernetes main", 500, Status(message="etcdserver: request timed out"))

    monkeypatch.setattr(bridge.operator._client, "send", taken)
    await bridge.works(made)
    results = [entry.text for entry in bridge.journal.entries if entry.kind == "result"]
    assert any("etcdserver: request timed out (HTTP 500): it may have been done all the same" in one for one in results)


@pytest.mark.parametrize(("verb", "name", "arguments"), CHANGES)
async def test_what_fails_before_it_was_taken_did_not_work(
    bridge: Bridge, verb: str, name: str, arguments: dict[str, str]
) -> None:
    made = await bridge.made(verb, name, **arguments)
    before = bridge.stored(name)["metadata"]["generation"]
    bridge.cluster.faults.add(Fault(status=500, where="PATCH "))
    bridge.cluster.faults.add(Fault(status=500, where="POST /apis/autoscaling"))
    verdict = await bridge.carry_out(hasty(made, 1.0))
    assert verdict.result == "did not work"
    assert "no answer" in " ".join(verdict.evidence)
    assert bridge.stored(name)["metadata"]["generation"] == before


async def test_a_pod_whose_deletion_was_not_answered_is_seen_to_be_gone(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, *_) = (await bridge.sees("catalog")).instances
    made = await bridge.made("remove", "catalog", instance=str(one.name))
    send = bridge.operator._client.send

    async def lost(*given: Any, **options: Any) -> Any:
        await send(*given, **options)
        raise TimeoutError("no answer in time")

    monkeypatch.setattr(bridge.operator._client, "send", lost)
    await bridge.works(made)
    assert one.id.instance not in {pod["metadata"]["uid"] for pod in pods_of(bridge.cluster, "catalog")}
