"""The demo's operator: every verb through the door on a real host, what plans say, and what they refuse."""

from collections.abc import AsyncGenerator

import pytest

from cockpit.backends.change import Operation, Permit, Plan
from cockpit.board.clock import SystemClock
from cockpit.board.model import State, Workload
from cockpit.demo.operate import DemoOperator
from cockpit.demo.verbs import ACTS
from cockpit.engine.port import CommandError, Verbs
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.predicates import PREDICATES
from tests.demo.cockpit import DemoCockpit, opened


@pytest.fixture
async def cockpit() -> AsyncGenerator[DemoCockpit]:
    async with opened() as found:
        yield found


def permit_for(plan: Plan) -> Permit:
    return Guard().allow(plan, None, "tester", plan.service)


def workload(cockpit: DemoCockpit, service: str) -> Workload:
    return cockpit.service(service).workloads[0]


def facts(operation: Operation) -> tuple[dict[str, str], dict[str, str]]:
    return dict(operation.before), dict(operation.after)


async def verbs_of(cockpit: DemoCockpit, service: str) -> set[str]:
    return {verb.name for verb in await cockpit.engine.submit(Verbs(workload(cockpit, service).id))}


async def test_a_service_that_runs_offers_what_makes_sense(cockpit: DemoCockpit) -> None:
    offered = await verbs_of(cockpit, "catalog")
    acts = {"restart", "stop", "pause", "kill", "remove", "shell", "capture"}
    assert offered == {*acts, "scale", "rollback", "set-env", "unset-env"}


async def test_stopped_and_started_again_and_back(cockpit: DemoCockpit) -> None:
    stop = await cockpit.plan("catalog", "stop")
    assert stop.danger == "high"
    assert stop.risks == ("2 ready will go: nothing of it answers any more; needed by gateway",)
    assert [one.title for one in stop.operations] == ["stop catalog-1", "stop catalog-2"]
    assert (await cockpit.perform(stop)).result == "worked"
    await cockpit.until(lambda now: now["catalog"].state is State.DOWN and "stopped, exit 0" in now["catalog"].why)
    assert "start" in await verbs_of(cockpit, "catalog")
    inverse = stop.operations[0].inverse
    assert inverse == ("start", ())
    assert (await cockpit.do("catalog", "start")).result == "worked"
    await cockpit.all_ok()


async def test_paused_and_resumed(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("cart", "pause")
    assert (await cockpit.perform(plan)).result == "worked"
    await cockpit.until(lambda now: now["cart"].state is State.PAUSED)
    assert plan.operations[0].inverse == ("resume", ())
    assert (await cockpit.do("cart", "resume")).result == "worked"


async def test_killed_it_comes_back_by_itself(cockpit: DemoCockpit) -> None:
    verdict = await cockpit.do("catalog", "kill", instance="catalog-2")
    assert verdict.result == "worked", verdict.evidence
    one, two = workload(cockpit, "catalog").instances
    assert (one.restarts, two.restarts) == (0, 1)


async def test_removed_it_is_replaced(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("cart", "remove")
    assert plan.danger == "high"
    assert (await cockpit.perform(plan)).result == "worked"
    await cockpit.until(lambda now: [one.name for one in now["cart"].workloads[0].instances] == ["cart-2"])


async def test_scaled_out_and_back(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("cart", "scale", replicas="3")
    before, after = facts(plan.operations[0])
    assert (before, after) == ({"instances": "1, 1 of 1 ready"}, {"instances": "3"})
    assert (await cockpit.perform(plan)).result == "worked"
    assert cockpit.service("cart").desired == 3
    back = plan.operations[0].inverse
    assert back == ("scale", (("replicas", "1"),))
    plan = await cockpit.plan("cart", back[0], **dict(back[1]))
    assert plan.risks == ("cart-2, cart-3 will go, with its log",)
    assert (await cockpit.perform(plan)).result == "worked"


async def test_rolled_back_and_forward_again(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("checkout", "rollback")
    assert [value for value, _ in plan.choices] == ["3.8.0"]
    assert plan.chosen == "3.8.0"
    assert "ran 21 d, until 6 d ago: order totals in minor units" in plan.choices[0][1]
    (operation,) = plan.operations
    before, after = facts(operation)
    assert before["release"].startswith("3.8.1 since ")
    assert after == {"release": "3.8.0", "instances": "1, one at a time"}
    assert operation.command == "cockpit --profile demo do checkout rollback 3.8.0"
    assert (await cockpit.perform(plan)).result == "worked"
    assert workload(cockpit, "checkout").instances[0].version == "3.8.0"
    assert operation.inverse == ("rollback", (("release", "3.8.1"),))
    assert (await cockpit.do("checkout", "rollback", release="3.8.1")).result == "worked"
    plan = await cockpit.plan("checkout", "rollback")
    assert [value for value, _ in plan.choices] == ["3.8.0"]
    assert "3.8.0 ran only under 1 min before it was replaced" in plan.risks


async def test_a_variable_is_set_and_unset(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("payments", "set-env", variable="NEW_ONE", value="x y")
    assert facts(plan.operations[0])[0] == {"NEW_ONE": "not set"}
    assert plan.operations[0].inverse == ("unset-env", (("variable", "NEW_ONE"),))
    assert (await cockpit.perform(plan)).result == "worked"
    plan = await cockpit.plan("payments", "unset-env", variable="NEW_ONE")
    assert plan.operations[0].inverse == ("set-env", (("variable", "NEW_ONE"), ("value", "x y")))


REFUSED = [
    ("orders-db", "scale", {"replicas": "2"}, "one writer and one data folder"),
    ("catalog", "scale", {"replicas": "9"}, "a number from 1 to 5, not 9"),
    ("catalog", "scale", {"replicas": "-1"}, "a number from 1 to 5"),
    ("catalog", "scale", {"replicas": "2"}, "there are 2 already"),
    ("catalog", "start", {}, "nothing to start"),
    ("catalog", "resume", {}, "nothing to resume"),
    ("catalog", "restart", {"instance": "cart-1"}, "no instance cart-1 \\(there is catalog-1, catalog-2\\)"),
    ("catalog", "rollback", {"release": "9\x1b[2J"}, "9 never ran here \\(these did: 5.1.9\\)"),
    ("catalog", "rollback", {"release": "5.2.0"}, "5.2.0 is what runs"),
    ("payments", "set-env", {"variable": "PROVIDER_API_KEY", "value": "x"}, "is a secret"),
    ("payments", "set-env", {"variable": "lower", "value": "x"}, "lower is no variable"),
    ("payments", "set-env", {"variable": "PROVIDER_TIMEOUT_MS", "value": "2000"}, "is 2000 already"),
    ("payments", "set-env", {"variable": "A", "value": "x\ny"}, "printable"),
    ("payments", "unset-env", {"variable": "NOTHING"}, "NOTHING is not set"),
    ("payments", "fly", {}, "fly is nothing that can be done"),
]


async def test_what_cannot_be_is_refused_with_the_reason(cockpit: DemoCockpit) -> None:
    for service, verb, arguments, words in REFUSED:
        with pytest.raises(CommandError, match=words):
            await cockpit.plan(service, verb, **arguments)


async def test_a_plan_names_what_is_not_well_below(cockpit: DemoCockpit) -> None:
    await cockpit.do("payments", "stop")
    plan = await cockpit.plan("checkout", "restart")
    assert plan.risks[-1] == "needs payments, which is not well (payments-1 exited): this may not help"


async def test_the_target_must_still_be_the_one(cockpit: DemoCockpit) -> None:
    operator = DemoOperator(cockpit.host.socket, SystemClock())
    before = workload(cockpit, "cart").instances[0].started_at
    kill = await cockpit.plan("cart", "kill")
    scale = await cockpit.plan("cart", "scale", replicas="2")
    await cockpit.client.request("restart", service="cart")
    await cockpit.client.request("set_env", service="cart", set={"A": "b"})
    await cockpit.until(lambda now: now["cart"].workloads[0].instances[0].started_at != before)
    assert "its process changed meanwhile" in await operator.check(kill.operations[0])
    assert await operator.check(scale.operations[0]) == "cart was changed meanwhile (env A)"
    with pytest.raises(CommandError, match="nothing was done, plan again"):
        await cockpit.perform(scale)
    # The host compares again: what changes between the check and the request is refused too.
    outcome = await operator.perform(permit_for(kill), kill.operations[0])
    assert (outcome.accepted, "changed meanwhile" in outcome.detail) == (False, True)


async def test_an_instance_that_is_gone_is_said(cockpit: DemoCockpit) -> None:
    operator = DemoOperator(cockpit.host.socket, SystemClock())
    plan = await cockpit.plan("cart", "kill")
    await cockpit.client.request("remove", instance="cart-1")
    await cockpit.until(lambda now: [one.name for one in now["cart"].workloads[0].instances] == ["cart-2"])
    assert await operator.check(plan.operations[0]) == "cart-1 is gone"
    assert not (await operator.perform(permit_for(plan), plan.operations[0])).accepted


async def test_nothing_is_done_without_a_permit(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("cart", "kill")
    operator = DemoOperator(cockpit.host.socket, SystemClock())
    with pytest.raises(TypeError):
        await operator.perform(None, plan.operations[0])  # type: ignore[arg-type]
    assert workload(cockpit, "cart").instances[0].restarts == 0


async def test_read_only_changes_nothing() -> None:
    async with opened(read_only="for this test") as cockpit:
        plan = await cockpit.plan("cart", "restart")
        with pytest.raises(CommandError, match="read-only"):
            await cockpit.perform(plan)


def test_every_verb_is_judged_by_a_predicate_that_exists() -> None:
    assert {act.done_when for act in ACTS.values()} | {"replicas", "version"} <= set(PREDICATES)
    assert {act.inverse for act in ACTS.values() if act.inverse} <= set(ACTS)
