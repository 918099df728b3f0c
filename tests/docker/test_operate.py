"""Verbs on a real engine: what a plan says, what it refuses, and what the board shows when it was carried out."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from cockpit.backends.change import Life, Operation, Outcome, Permit, Plan, PlanRefused
from cockpit.backends.docker.operate import DockerOperator
from cockpit.backends.docker.times import moment
from cockpit.board.clock import SystemClock
from cockpit.board.model import Instance, Phase, Workload
from tests.docker.watch import NAME, Watch, backend
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine


@pytest.fixture
async def operator(docker_clean: DockerEngine) -> AsyncIterator[DockerOperator]:
    made = DockerOperator(NAME, backend(docker_clean), SystemClock())
    yield made
    await made.close()


async def carry_out(operator: DockerOperator, plan: Plan) -> list[Outcome]:
    """Every operation after its check, without waiting in between."""
    permit = Permit(plan, "test")
    outcomes = []
    for operation in plan.operations:
        assert await operator.check(operation) == ""
        outcomes.append(await operator.perform(permit, operation))
    return outcomes


def facts(operation: Operation) -> dict[str, str]:
    return {name: str(value) for name, value in operation.before}


def _started_after(old: Instance) -> Callable[[Instance], bool]:
    return lambda now: now.started_at is not None and old.started_at is not None and now.started_at > old.started_at


def found(watch: Watch, name: str) -> Workload:
    workload = watch.workload(name)
    assert workload is not None
    return workload


async def test_a_service_is_restarted_one_by_one(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    for number in (1, 2):
        labels = compose_labels("shop", "web", number)
        docker_clean.run(f"shop_web_{number}", ContainerSpec(labels=labels, health=Healthcheck("true")))
    docker_clean.run("shop_web_run_0123456789ab", ContainerSpec(labels=compose_labels("shop", "web") | {
        "com.docker.compose.oneoff": "True"
    }))  # fmt: skip
    async with Watch(backend(docker_clean)) as watch:
        # Also inspected: a list alone tells of health, but not since when it runs.
        before = [
            await watch.sees(f"shop_web_{n}", lambda one: one.health == "healthy" and one.started_at is not None)
            for n in (1, 2)
        ]
        plan = await operator.plan("restart", found(watch, "web"), {})
        assert [operation.title for operation in plan.operations] == ["restart shop_web_1", "restart shop_web_2"]
        first = plan.operations[0]
        assert (first.target, first.done_when, first.inverse) == (before[0].id, "ready", None)
        assert facts(first)["state"] == "running, healthy"
        assert first.command == f"docker -H {docker_clean.url} restart shop_web_1"
        assert plan.risks == ("one at a time: at least 1 of 2 ready stay up",)
        assert dict(plan.where)["project"] == "shop"
        assert dict(plan.where)["address"] == docker_clean.url
        assert plan.danger == "low"
        outcomes = await carry_out(operator, plan)
        assert all(outcome.accepted for outcome in outcomes)
        for one, outcome in zip(before, outcomes, strict=True):
            after = await watch.sees(one.name, _started_after(one))
            assert after.restarts == 0
            began = moment(docker_clean.api.state(one.name)["StartedAt"])
            assert began is not None
            assert outcome.lives == (Life(one.id, began),), "by the engine's clock"


async def test_a_changed_target_is_noticed(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("one", lambda one: one.phase is Phase.RUNNING)
        workload = found(watch, "one")
        plan = await operator.plan("restart", workload, {})
        assert plan.risks == ("single replica: nothing answers from its stop (up to 1 s) until it is ready again",)
        docker_clean.cli("restart", "one")
        assert "one was started anew at" in await operator.check(plan.operations[0])
        docker_clean.cli("kill", "one")
        assert await operator.check(plan.operations[0]) == "one is exited now (was running)"
        docker_clean.cli("rm", "one")
        assert "the container is gone" in await operator.check(plan.operations[0])
        outcome = await operator.perform(Permit(plan, "test"), plan.operations[0])
        assert not outcome.accepted
        assert "No such container" in outcome.detail
        with pytest.raises(PlanRefused, match="any container of it is not there any more"):
            await operator.plan("restart", workload, {})


async def test_a_crash_loop_can_be_restarted_and_stopped(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("loops", ContainerSpec("exit 3", restart="always"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("loops", lambda one: (one.restarts or 0) >= 2)
        plan = await operator.plan("restart", found(watch, "loops"), {})
        assert "it has restarted by itself before: what ends it may still be there" in plan.risks
        assert [outcome.accepted for outcome in await carry_out(operator, plan)] == [True]
        # A restart by hand begins the engine's count anew; from its first on it is known to loop.
        await asyncio.to_thread(docker_clean.api.until, lambda: docker_clean.api.inspect("loops")["RestartCount"] >= 1)
        stop = await operator.plan("stop", found(watch, "loops"), {})
        assert stop.operations[0].inverse == ("start", (("instance", stop.operations[0].target.instance),))
        assert [outcome.accepted for outcome in await carry_out(operator, stop)] == [True]
        await watch.sees("loops", lambda one: one.phase is Phase.EXITED)


@pytest.mark.parametrize(
    ("verb", "holds", "undone"),
    [
        ("stop", lambda one: one.phase is Phase.EXITED, lambda one: one.phase is Phase.RUNNING),
        ("kill", lambda one: one.exit_code == 137, lambda one: one.phase is Phase.RUNNING),
        ("pause", lambda one: one.phase is Phase.PAUSED, lambda one: one.phase is Phase.RUNNING),
    ],
)
async def test_verbs_and_their_inverses(
    docker_clean: DockerEngine,
    operator: DockerOperator,
    verb: str,
    holds: Callable[[object], bool],
    undone: Callable[[object], bool],
) -> None:
    docker_clean.run("one", ContainerSpec(restart="always"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("one", lambda one: one.phase is Phase.RUNNING)
        plan = await operator.plan(verb, found(watch, "one"), {})
        assert plan.danger == "high"  # nothing else of it answers
        assert (await carry_out(operator, plan))[0].accepted
        await watch.sees("one", holds)
        inverse = plan.operations[0].inverse
        assert inverse is not None
        with pytest.raises(PlanRefused, match=f"one: nothing to {verb}"):
            await operator.plan(verb, found(watch, "one"), {})
        back = await operator.plan(inverse[0], found(watch, "one"), dict(inverse[1]))
        assert (await carry_out(operator, back))[0].accepted
        await watch.sees("one", undone)


async def test_one_container_is_removed(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    for number in (1, 2):
        docker_clean.run(f"web_{number}", ContainerSpec(labels=compose_labels("shop", "web", number)))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("web_2", lambda one: one.phase is Phase.RUNNING)
        plan = await operator.plan("remove", found(watch, "web"), {"instance": "web_2"})
        assert [operation.target for operation in plan.operations] == [watch.id("web_2")]
        assert plan.danger == "high"
        assert (await carry_out(operator, plan))[0].accepted
        await watch.until(lambda: watch.instance("web_2") is None)
        assert [one.name for one in found(watch, "web").instances] == ["web_1"]


async def test_a_patient_container_gets_its_own_grace(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    # Process 1 ignores TERM, and asks for two seconds: the daemon waits those, not its default of ten.
    body = ContainerSpec("trap '' TERM; while :; do sleep 0.2; done", patient=True).body("busybox:test")
    made = docker_clean.api.call("POST", "/containers/create", body | {"StopTimeout": 2}, query={"name": "deaf"})
    docker_clean.api.call("POST", f"/containers/{made['Id']}/start")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("deaf", lambda one: one.phase is Phase.RUNNING)
        plan = await operator.plan("stop", found(watch, "deaf"), {})
        assert 2 <= plan.operations[0].deadline < 30
        outcomes = await carry_out(operator, plan)
        assert outcomes[0].accepted
        ended = await watch.sees("deaf", lambda one: one.phase is Phase.EXITED)
        assert ended.exit_code == 137
        state = await asyncio.to_thread(docker_clean.api.state, "deaf")
        assert state["ExitCode"] == 137


async def test_what_does_not_exist_is_refused(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("one", lambda one: one.phase is Phase.RUNNING)
        offered = {verb.name for verb in operator.verbs(found(watch, "one"))}
        assert {"restart", "stop", "pause", "kill", "remove"} <= offered
        assert "start" not in offered
        with pytest.raises(PlanRefused, match="fly is nothing that can be done to one"):
            await operator.plan("fly", found(watch, "one"), {})
        await asyncio.to_thread(docker_clean.stop)
        with pytest.raises(PlanRefused, match="cannot be planned: Docker Engine main"):
            await operator.plan("restart", found(watch, "one"), {})
