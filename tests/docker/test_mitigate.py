"""Scaling, rolling back and recreating on a real engine, and each of them going wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from cockpit.backends.change import Outcome, Permit, Plan, PlanRefused
from cockpit.backends.docker.operate import DockerOperator
from cockpit.board.clock import SystemClock
from cockpit.board.model import Health, Phase, Workload
from tests.docker.alone import manager
from tests.docker.watch import NAME, Watch, backend
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import IMAGE, DockerEngine

WELL = Healthcheck("true", interval=0.3)
ILL = Healthcheck("echo cannot reach the database; exit 1", interval=0.3)


@pytest.fixture
async def operator(docker_clean: DockerEngine) -> AsyncIterator[DockerOperator]:
    made = DockerOperator(NAME, backend(docker_clean), SystemClock())
    yield made
    await made.close()


@pytest.fixture
def releases(docker_clean: DockerEngine) -> dict[str, str]:
    """Images of app by tag: v1 is well, v2 is ill, v3 ends at once."""
    return {
        "v1": docker_clean.import_image("app:v1", healthcheck=WELL, labels={"release": "one"}),
        "v2": docker_clean.import_image("app:v2", healthcheck=ILL, labels={"release": "two"}),
        "v3": docker_clean.import_image("app:v3", cmd=["sh", "-c", "exit 7"]),
    }


async def do(operator: DockerOperator, plan: Plan) -> Outcome:
    """The first operation after its check."""
    assert await operator.check(plan.operations[0]) == ""
    return await operator.perform(Permit(plan, "test"), plan.operations[0])


def found(watch: Watch, name: str) -> Workload:
    workload = watch.workload(name)
    assert workload is not None
    return workload


def run_web(engine: DockerEngine, count: int, **options: Any) -> None:
    for number in range(1, count + 1):
        labels = compose_labels("shop", "web", number)
        engine.run(f"shop_web_{number}", ContainerSpec(labels=labels, **options))


async def test_a_service_is_scaled_up_and_down(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.cli("network", "create", "shop_default")
    docker_clean.cli("network", "create", "shop_back")
    serves = "echo hi > /srv/index.html; exec httpd -f -p 80 -h /srv"
    run_web(docker_clean, 2, command=serves, ports=(80,), network="shop_default", env={"MODE": "fast"}, memory=64 << 20)
    for number in (1, 2):
        docker_clean.cli("network", "connect", "--alias", "web", "shop_back", f"shop_web_{number}")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("shop_web_2", lambda one: one.started_at is not None)
        plan = await operator.plan("scale", found(watch, "web"), {"replicas": "4"})
        operation = plan.operations[0]
        assert (operation.done_when, operation.inverse) == ("replicas", ("scale", (("replicas", "2"),)))
        assert "compose -p shop --project-directory /srv/shop -f /srv/shop/docker-compose.yml up" in operation.command
        assert (await do(operator, plan)).accepted
        # What inspect says and what the list says come one after the other.
        await watch.sees(
            "shop_web_4",
            lambda one: (
                (one.phase, one.memory_limit, len(one.ports), len(one.addresses)) == (Phase.RUNNING, 64 << 20, 1, 2)
            ),
        )
        whole = docker_clean.api.inspect("shop_web_4")
        assert whole["Config"]["Labels"]["com.docker.compose.container-number"] == "4"
        assert "MODE=fast" in whole["Config"]["Env"]
        assert whole["Config"]["Hostname"] == whole["Id"][:12]
        assert "web" in whole["NetworkSettings"]["Networks"]["shop_back"]["Aliases"]
        ports = [docker_clean.cli("port", f"shop_web_{n}", "80/tcp") for n in (1, 2, 3, 4)]
        assert len(set(ports)) == 4
        # A container more than planned is noticed.
        back = await operator.plan("scale", found(watch, "web"), {"replicas": "2"})
        assert back.risks == ("shop_web_3, shop_web_4 will go, with the log; named volumes stay",)
        docker_clean.run("shop_web_9", ContainerSpec(labels=compose_labels("shop", "web", 9)))
        assert await operator.check(back.operations[0]) == "web has other containers now (5, were 4)"
        docker_clean.cli("rm", "-f", "shop_web_9")
        assert (await do(operator, back)).accepted
        await watch.until(lambda: len(found(watch, "web").instances) == 2)
        assert [one.name for one in found(watch, "web").instances] == ["shop_web_1", "shop_web_2"]


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        ({}, "the-web", "it has a fixed name \\(container_name: the-web\\)"),
        ({"PortBindings": {"80/tcp": [{"HostPort": "18099"}]}}, "shop_web_1", "it publishes the fixed host port 18099"),
        ({"NetworkMode": "host"}, "shop_web_1", "it uses the network of the host"),
    ],
)
async def test_what_cannot_stand_twice(
    docker_clean: DockerEngine, operator: DockerOperator, body: dict[str, Any], name: str, words: str
) -> None:
    create = {"Image": IMAGE, "Labels": compose_labels("shop", "web"), "HostConfig": body}
    made = docker_clean.api.call("POST", "/containers/create", create, query={"name": name})
    docker_clean.api.call("POST", f"/containers/{made['Id']}/start")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees(name, lambda one: one.phase is Phase.RUNNING)
        with pytest.raises(PlanRefused, match=f"web cannot be scaled: {words}"):
            await operator.plan("scale", found(watch, "web"), {"replicas": "2"})
        for asked, why in (("1", "there are 1 already"), ("0", "stop it instead"), ("many", "a number from 1 to 100")):
            with pytest.raises(PlanRefused, match=why):
                await operator.plan("scale", found(watch, "web"), {"replicas": asked})


async def test_a_bad_release_is_rolled_back(
    docker_clean: DockerEngine, operator: DockerOperator, releases: dict[str, str]
) -> None:
    docker_clean.cli("volume", "create", "shop_data")
    for number in (1, 2):
        docker_clean.cli(
            "run", "-d", "--name", f"shop_web_{number}", "-v", "shop_data:/data", "-v", "/scratch", "-e", "MODE=fast",
            "--stop-timeout", "1",
            *(f"--label={key}={value}" for key, value in compose_labels("shop", "web", number).items()), "app:v2",
        )  # fmt: skip
    docker_clean.cli("exec", "shop_web_1", "sh", "-c", "echo kept > /scratch/file")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("shop_web_2", lambda one: one.health is Health.UNHEALTHY)
        plan = await operator.plan("rollback", found(watch, "web"), {"to": "v1"})
        # Built within the same second, either may be the likelier one, which comes first.
        assert {value for value, _ in plan.choices} == {"app:v3", "app:v1"}
        assert [str(operation.title) for operation in plan.operations] == [
            "replace shop_web_1 by one from app:v1",
            "replace shop_web_2 by one from app:v1",
        ]
        assert plan.risks[0] == "none of it is ready: nothing to lose"
        for operation in plan.operations:
            assert await operator.check(operation) == ""
            outcome = await operator.perform(Permit(plan, "test"), operation)
            assert outcome.accepted, outcome
        one = await watch.sees("shop_web_1", lambda one: one.health is Health.HEALTHY and one.version == "v1")
        assert one.image_id == releases["v1"]
        whole = docker_clean.api.inspect("shop_web_1")
        assert whole["Config"]["Labels"]["release"] == "one", "the image's own defaults hold again"
        assert "MODE=fast" in whole["Config"]["Env"]
        assert docker_clean.cli("exec", "shop_web_1", "cat", "/scratch/file") == "kept\n"
        assert {row["Names"][0] for row in docker_clean.api.containers()} == {"/shop_web_1", "/shop_web_2"}
        # And forward again: the way back is part of the plan.
        inverse = plan.operations[0].inverse
        assert inverse is not None
        forward = await operator.plan(inverse[0], found(watch, "web"), dict(inverse[1]))
        assert forward.operations[0].arguments[:2] == (("image", "app:v2"), ("id", releases["v2"]))


@pytest.mark.parametrize(
    ("release", "why"), [("v2", "it is unhealthy: cannot reach the database"), ("v3", "it exited 7")]
)
async def test_a_roll_back_that_fails_puts_the_old_one_back(
    docker_clean: DockerEngine, operator: DockerOperator, releases: dict[str, str], release: str, why: str
) -> None:
    docker_clean.run("shop_web_1", ContainerSpec(image="app:v1", labels=compose_labels("shop", "web"), ports=(8080,)))
    async with Watch(backend(docker_clean)) as watch:
        before = await watch.sees("shop_web_1", lambda one: one.health is Health.HEALTHY)
        plan = await operator.plan("rollback", found(watch, "web"), {"to": f"app:{release}"})
        assert plan.risks[0].startswith("single replica: nothing answers")
        outcome = await do(operator, plan)
        assert not outcome.accepted
        assert outcome.detail == f"the new shop_web_1 did not become ready ({why}); the old one was put back"
        after = await watch.sees("shop_web_1", lambda one: one.health is Health.HEALTHY and one.id == before.id)
        assert after.image_id == releases["v1"]
        assert len(docker_clean.api.containers()) == 1


async def test_where_there_is_no_way_back(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.import_image("lonely:v1")
    docker_clean.run("lonely", ContainerSpec(image="lonely:v1"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("lonely", lambda one: one.phase is Phase.RUNNING)
        with pytest.raises(PlanRefused, match="no other image of lonely is on this engine"):
            await operator.plan("rollback", found(watch, "lonely"), {})
        with pytest.raises(PlanRefused, match=r"no image v9 of lonely is here \(there are: none\)"):
            await operator.plan("rollback", found(watch, "lonely"), {"to": "v9"})


async def test_an_image_that_is_pruned_meanwhile(
    docker_clean: DockerEngine, operator: DockerOperator, releases: dict[str, str]
) -> None:
    docker_clean.run("web", ContainerSpec(image="app:v2"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("web", lambda one: one.phase is Phase.RUNNING)
        plan = await operator.plan("rollback", found(watch, "web"), {"to": "v1"})
        docker_clean.cli("image", "rm", "app:v1")
        assert await operator.check(plan.operations[0]) == "app:v1 is gone, or means another image now"
        outcome = await operator.perform(Permit(plan, "test"), plan.operations[0])
        assert (outcome.accepted, "plan again" in outcome.detail) == (False, True)
        assert [row["Names"] for row in docker_clean.api.containers()] == [["/web"]]


async def test_a_container_is_recreated(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    run_web(docker_clean, 1, env={"MODE": "fast"})
    docker_clean.cli("exec", "shop_web_1", "touch", "/tmp/rubbish")
    async with Watch(backend(docker_clean)) as watch:
        before = await watch.sees("shop_web_1", lambda one: one.started_at is not None)
        plan = await operator.plan("recreate", found(watch, "web"), {})
        assert "what it wrote outside of volumes is lost, and its log" in plan.risks
        assert (await do(operator, plan)).accepted
        after = await watch.sees("shop_web_1", lambda one: one.id != before.id and one.phase is Phase.RUNNING)
        assert after.image_id == before.image_id
        assert docker_clean.cli("exec", "shop_web_1", "ls", "/tmp") == ""
        assert len(docker_clean.api.containers()) == 1


async def test_a_name_that_is_in_use_changes_nothing(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    run_web(docker_clean, 1)
    async with Watch(backend(docker_clean)) as watch:
        one = await watch.sees("shop_web_1", lambda one: one.started_at is not None)
        docker_clean.run(f"{one.id.instance[:12]}_shop_web_1")
        plan = await operator.plan("recreate", found(watch, "web"), {})
        outcome = await do(operator, plan)
        assert not outcome.accepted
        assert "is already in use" in outcome.detail
        assert docker_clean.api.inspect("shop_web_1")["Id"] == one.id.instance
        assert docker_clean.api.state("shop_web_1")["Running"]


@pytest.fixture
def swarm(docker_clean: DockerEngine) -> Iterator[DockerEngine]:
    with manager(docker_clean) as engine:
        engine.cli(
            "service", "create", "--detach", "--no-resolve-image", "--name", "web", "--replicas", "2",
            "--stop-grace-period", "1s", IMAGE,
        )  # fmt: skip
        yield engine


async def test_a_swarm_service_is_restarted_scaled_and_rolled_back(swarm: DockerEngine) -> None:
    operator = DockerOperator(NAME, backend(swarm), SystemClock())
    async with Watch(backend(swarm)) as watch:
        first = await watch.sees("web.1", lambda one: one.phase is Phase.RUNNING)
        await watch.sees("web.2", lambda one: one.phase is Phase.RUNNING)
        with pytest.raises(PlanRefused, match="it was never updated"):
            await operator.plan("rollback", found(watch, "web"), {})
        restart = await operator.plan("restart", found(watch, "web"), {})
        assert restart.operations[0].command == f"docker -H {swarm.url} service update --force web"
        assert (await do(operator, restart)).accepted
        await watch.sees("web.1", lambda one: one.phase is Phase.RUNNING and one.id != first.id)
        assert await operator.check(restart.operations[0]) == "web was changed meanwhile"

        scale = await operator.plan("scale", found(watch, "web"), {"replicas": "3"})
        assert scale.operations[0].inverse == ("scale", (("replicas", "2"),))
        assert (await do(operator, scale)).accepted
        await watch.sees("web.3", lambda one: one.phase is Phase.RUNNING)

        rollback = await operator.plan("rollback", found(watch, "web"), {})
        assert "one step only: a second roll back returns to what runs now" in rollback.risks
        assert (await do(operator, rollback)).accepted
        await watch.until(lambda: (len(found(watch, "web").instances), found(watch, "web").desired) == (2, 2))
    await operator.close()


async def test_two_changes_of_a_swarm_service_at_once(swarm: DockerEngine) -> None:
    """The second finds its version stale, reads again, and sees that it is not what was planned for."""
    operator = DockerOperator(NAME, backend(swarm), SystemClock())
    async with Watch(backend(swarm)) as watch:
        await watch.sees("web.2", lambda one: one.phase is Phase.RUNNING)
        plans = [await operator.plan("scale", found(watch, "web"), {"replicas": count}) for count in ("3", "4")]
        outcomes = await asyncio.gather(*(operator.perform(Permit(plan, "test"), plan.operations[0]) for plan in plans))
        refused = [outcome for outcome in outcomes if not outcome.accepted]
        assert len(refused) <= 1
        assert all("plan again" in outcome.detail for outcome in refused)
        with pytest.raises(PlanRefused, match="a number from 0 to 1000"):
            await operator.plan("scale", found(watch, "web"), {"replicas": "-1"})
    await operator.close()
