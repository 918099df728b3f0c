"""Swarm services as their manager tells them, on a real one-node swarm."""

from collections.abc import Iterator
from contextlib import aclosing

import pytest

from cockpit.board.model import Phase
from cockpit.logs.line import LogRequest
from tests.docker.alone import manager, swarm_turn
from tests.docker.watch import Watch, backend
from tests.parts.docker import IMAGE, DockerEngine
from tests.patience import PATIENCE


@pytest.fixture
def swarm(docker_clean: DockerEngine) -> Iterator[DockerEngine]:
    with manager(docker_clean) as engine:
        yield engine


@pytest.fixture
def turn() -> Iterator[None]:
    with swarm_turn():
        yield


def create(engine: DockerEngine, name: str, *options: str, image: str = IMAGE, command: str = "") -> None:
    words = ("sh", "-c", command) if command else ()
    engine.cli(
        "service",
        "create",
        "--detach",
        "--no-resolve-image",
        "--stop-grace-period",
        "1s",
        "--name",
        name,
        *options,
        image,
        *words,
    )


async def test_a_service_and_its_tasks(swarm: DockerEngine) -> None:
    create(swarm, "web", "--replicas", "2", "--limit-memory", "64M", command="echo hello; exec sleep 1000")
    async with Watch(backend(swarm)) as watch:
        one = await watch.sees("web.1", lambda one: one.phase is Phase.RUNNING and one.started_at is not None)
        two = await watch.sees("web.2", lambda one: one.phase is Phase.RUNNING)
        workload = watch.workload("web")
        assert workload is not None
        assert (workload.id.kind, workload.id.space, workload.desired) == ("swarm", "", 2)
        assert (workload.image, one.memory_limit, one.restart_policy) == (IMAGE, 64 << 20, "any")
        assert [instance.id for instance in workload.instances] == [one.id, two.id]
        async with aclosing(watch.source.logs(LogRequest(instance=one.id))) as stream:
            assert [line.data for line in await anext(stream)] == [b"hello"]
        assert "Name: web" in await watch.source.inspect(workload.id)

        swarm.cli("service", "scale", "--detach", "web=3")
        await watch.sees("web.3", lambda one: one.phase is Phase.RUNNING)
        swarm.cli("service", "scale", "--detach", "web=0")
        await watch.until(
            lambda: (found := watch.workload("web")) is not None and found.instances == (),
            otherwise=lambda: swarm.cli("service", "ps", "--no-trunc", "web"),
        )
        assert watch.workload("web").desired == 0  # type: ignore[union-attr]
        swarm.cli("service", "rm", "web")
        await watch.until(lambda: watch.workload("web") is None)


async def test_what_keeps_a_task_from_running_is_told(swarm: DockerEngine) -> None:
    create(swarm, "shop_absent", "--label", "com.docker.stack.namespace=shop", image="nowhere.invalid/absent:v9")
    create(swarm, "crashes", "--restart-delay", "200ms", command="exit 3")
    async with Watch(backend(swarm)) as watch:
        absent = await watch.sees("shop_absent.1", lambda one: "No such image" in one.error)
        assert (absent.id.space, absent.id.name, absent.version) == ("shop", "absent", "v9")
        assert absent.phase is not Phase.RUNNING
        # The first run that ends is no restart yet.
        await watch.sees("crashes.1", lambda one: "non-zero exit (3)" in one.error and bool(one.restarts))


@pytest.mark.usefixtures("turn")
async def test_an_engine_becomes_a_manager_while_it_is_watched(docker_clean: DockerEngine) -> None:
    docker_clean.run("plain")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("plain", lambda one: one.started_at is not None)
        docker_clean.cli("swarm", "init", "--advertise-addr", "127.0.0.1")
        create(docker_clean, "late")
        await watch.sees("late.1", lambda one: one.phase is Phase.RUNNING)
        assert watch.instance("plain") is not None
        docker_clean.cli("swarm", "leave", "--force")
        await watch.until(lambda: watch.workload("late") is None)


async def test_an_update_that_fails_is_told(swarm: DockerEngine) -> None:
    # Watched for so long: on a busy machine what ends at once is seen to end later.
    create(swarm, "web", "--update-monitor", f"{PATIENCE:.0f}s", "--update-failure-action", "pause")
    async with Watch(backend(swarm)) as watch:
        await watch.sees("web.1", lambda one: one.phase is Phase.RUNNING)
        swarm.cli("service", "update", "--detach", "--no-resolve-image", "--args", "sh -c 'exit 1'", "web")
        await watch.until(
            lambda: (found := watch.workload("web")) is not None and found.rollout.startswith("update paused"),
        )
