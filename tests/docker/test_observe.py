"""What happens on a real engine stands on the board, whoever did it."""

import asyncio
import sys

import pytest

from cockpit.backends.docker import client, observe
from cockpit.board.model import Freshness, Health, Phase
from cockpit.board.update import Declared, Heard, Listed
from cockpit.profile.schema import Backend
from tests.docker.proxy import Proxy
from tests.docker.watch import Watch, backend
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine
from tests.parts.fleet import PROJECTS, SIZE, Fleet, marked
from tests.patience import PATIENCE
from tests.program import CHECKOUT


async def test_a_fleet_is_shown_with_what_is_wrong(
    docker_fleet: tuple[DockerEngine, Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, fleet = docker_fleet
    monkeypatch.setattr(observe, "PATIENCE", PATIENCE)  # a busy machine does not inspect so soon
    async with Watch(backend(engine)) as watch:
        await watch.sees(fleet.unhealthy, lambda one: one.health is Health.UNHEALTHY and one.restarts is not None)
        first = next(update for update in watch.updates if isinstance(update, Listed))
        assert isinstance(watch.updates[0], Declared)
        assert {(one.id.space, one.id.name) for one in first.workloads} == {
            (project, service) for project, services in PROJECTS.items() for service in services
        }
        assert {one.id.kind for one in first.workloads} == {"compose"}
        assert sum(len(one.instances) for one in first.workloads) == SIZE
        told = {str(instance.name): instance for workload in first.workloads for instance in workload.instances}
        # What is wrong is inspected before the first list is told: the reason comes with it.
        assert (told[fleet.oom_killed].exit_code, told[fleet.oom_killed].oom_killed) == (137, True)
        assert told[fleet.oom_killed].memory_limit == 8 << 20
        assert told[fleet.unhealthy].health_detail == "index is corrupt"
        assert told[fleet.crash_looping].phase in (Phase.RESTARTING, Phase.RUNNING, Phase.EXITED)
        looping = await watch.sees(fleet.crash_looping, lambda one: (one.restarts or 0) >= 3 and one.exit_code == 1)
        assert looping.restart_policy == "always"
        console = await watch.sees(fleet.tty, lambda one: one.tty)
        assert (console.phase, console.version) == (Phase.RUNNING, "v1.0.0")
        web = await watch.sees("shop_web_1", lambda one: one.started_at is not None)
        assert [(port.number, port.host_ip) for port in web.ports] == [(8080, "127.0.0.1")]
        shop, billing = watch.workload("shop/web"), watch.workload("billing/web")
        assert shop is not None
        assert billing is not None
        assert [one.name for one in shop.instances] == [f"shop_web_{number}" for number in (1, 2, 3, 4)]
        assert [one.name for one in billing.instances] == [f"billing_web_{number}" for number in (1, 2, 3)]


async def test_who_looks_once_is_told_when_every_container_has_been_inspected(
    docker_fleet: tuple[DockerEngine, Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy engine inspects nothing before the first list is told: a crash loop that runs just then looks well."""
    monkeypatch.setattr(observe, "PATIENCE", 0.0)
    monkeypatch.setattr(observe, "EXTRA", 0.0)
    engine, fleet = docker_fleet
    async with Watch(backend(engine)) as watch:
        await watch.until(lambda: any(isinstance(one, Listed) and not one.rough for one in watch.updates))
        first, second = (one for one in watch.updates if isinstance(one, Listed))
        assert (first.rough, second.rough) == (True, False)
        told = [instance for workload in second.workloads for instance in workload.instances]
        assert len(told) == SIZE
        assert [one.name for one in told if one.restarts is None] == []
        looping = next(one for one in told if one.name == fleet.crash_looping)
        assert (looping.restarts or 0) >= 2


async def test_what_is_done_from_outside_is_seen(docker_clean: DockerEngine) -> None:
    docker_clean.run("one", ContainerSpec(labels=compose_labels("shop", "one")))
    async with Watch(backend(docker_clean)) as watch:
        before = await watch.sees("one", lambda one: one.started_at is not None)
        docker_clean.cli("kill", "one")
        # What the event says may be told alone; the rest comes with the inspection.
        killed = await watch.sees("one", lambda one: one.phase is Phase.EXITED and one.oom_killed is not None)
        assert (killed.exit_code, killed.oom_killed) == (137, False)
        docker_clean.cli("start", "one")
        started = await watch.sees("one", lambda one: one.phase is Phase.RUNNING)
        assert started.started_at is not None
        assert before.started_at is not None
        assert started.started_at > before.started_at
        assert started.exit_code is None
        docker_clean.cli("pause", "one")
        await watch.sees("one", lambda one: one.phase is Phase.PAUSED)
        docker_clean.cli("unpause", "one")
        await watch.sees("one", lambda one: one.phase is Phase.RUNNING)
        docker_clean.cli("update", "--memory", "64m", "--memory-swap", "64m", "one")
        await watch.sees("one", lambda one: one.memory_limit == 64 << 20)
        docker_clean.cli("rename", "one", "other")
        await watch.sees("other", lambda one: one.id.name == "one")
        docker_clean.cli("rm", "-f", "other")
        await watch.until(lambda: watch.workload("one") is None)


async def test_new_containers_appear_and_a_renamed_one_moves(docker_clean: DockerEngine) -> None:
    async with Watch(backend(docker_clean)) as watch:
        await watch.until(lambda: any(isinstance(update, Listed) for update in watch.updates))
        docker_clean.run("late")
        late = await watch.sees("late", lambda one: one.phase is Phase.RUNNING)
        assert (late.id.kind, late.id.space, late.id.name) == ("container", "", "late")
        docker_clean.cli("rename", "late", "later")
        later = await watch.sees("later", lambda one: one.id.name == "later")
        assert later.id.instance == late.id.instance
        assert watch.workload("late") is None


async def test_a_project_leaves_others_out(docker_clean: DockerEngine) -> None:
    for project in ("shop", "billing"):
        docker_clean.run(f"{project}_web_1", ContainerSpec(labels=compose_labels(project, "web")))
    docker_clean.run("stray")
    async with Watch(backend(docker_clean, "shop")) as watch:
        await watch.sees("shop_web_1", lambda one: one.started_at is not None)
        docker_clean.run("shop_api_1", ContainerSpec(labels=compose_labels("shop", "api")))
        docker_clean.run("billing_api_1", ContainerSpec(labels=compose_labels("billing", "api")))
        docker_clean.cli("restart", "stray")
        docker_clean.run("shop_last_1", ContainerSpec(labels=compose_labels("shop", "last")))
        await watch.sees("shop_last_1", lambda one: one.started_at is not None)
        assert {identity.name for identity in watch.board.workloads()} == {"web", "api", "last"}
        assert {identity.space for identity in watch.board.workloads()} == {"shop"}


async def test_health_turns(docker_clean: DockerEngine) -> None:
    check = Healthcheck("test -e /tmp/well || { echo the door is shut; exit 1; }", interval=0.3)
    docker_clean.run("patient", ContainerSpec(health=check))
    async with Watch(backend(docker_clean)) as watch:
        ill = await watch.sees("patient", lambda one: one.health is Health.UNHEALTHY and bool(one.health_detail))
        assert ill.health_detail == "the door is shut"
        assert ill.health_since is not None
        docker_clean.cli("exec", "patient", "touch", "/tmp/well")
        well = await watch.sees("patient", lambda one: one.health is Health.HEALTHY)
        assert well.health_detail == ""
        assert well.health_since is not None
        assert well.health_since > ill.health_since


async def test_out_of_memory_is_told_with_the_exit(docker_clean: DockerEngine) -> None:
    eats = "sleep 0.5; dd if=/dev/zero of=/dev/null bs=64M; code=$?; sleep 0.5; exit $code"
    async with Watch(backend(docker_clean)) as watch:
        docker_clean.run("eats", ContainerSpec(eats, memory=8 << 20))
        # An engine that is late misses the mark: it is run again until the engine itself says so.
        await asyncio.to_thread(docker_clean.api.until, lambda: marked(docker_clean, "eats"))
        ended = await watch.sees("eats", lambda one: one.phase is Phase.EXITED and bool(one.oom_killed))
        assert ended.exit_code == 137


async def test_a_daemon_that_ends_is_lost_and_then_live_again(docker_clean: DockerEngine) -> None:
    docker_clean.run("stays", ContainerSpec(restart="unless-stopped"))
    docker_clean.run("goes")
    async with Watch(backend(docker_clean)) as watch:
        before = await watch.sees("stays", lambda one: one.started_at is not None)
        await asyncio.to_thread(docker_clean.stop)
        await watch.until(lambda: bool(watch.lost))
        assert "Docker Engine main (unix://" in watch.lost[0]
        assert "the daemon ended or restarts" in watch.lost[0]
        await watch.until(lambda: any("no such socket" in why for why in watch.lost))
        await asyncio.to_thread(docker_clean.start)
        after = await watch.sees(
            "stays", lambda one: one.phase is Phase.RUNNING and one.started_at != before.started_at
        )
        assert after.id == before.id
        gone = await watch.sees("goes", lambda one: one.phase is Phase.EXITED)
        assert gone.exit_code is not None


async def test_a_daemon_that_hangs_is_lost_and_found_again(
    docker_clean: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "PING_EVERY", 1.0)
    monkeypatch.setattr(client, "TIMEOUT", 1.5)
    docker_clean.run("stays")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("stays", lambda one: one.started_at is not None)
        docker_clean.pause()
        try:
            await watch.until(lambda: bool(watch.lost))
            assert "no answer in time: the daemon hangs" in watch.lost[0]
        finally:
            docker_clean.resume()
        count = sum(isinstance(update, Listed) for update in watch.updates)
        await watch.until(lambda: sum(isinstance(update, Listed) for update in watch.updates) > count)
        assert watch.board.snapshot().sources[0].freshness is Freshness.LIVE


async def test_no_event_is_needed_for_a_whole_list(docker_clean: DockerEngine) -> None:
    docker_clean.run("one")
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("one", lambda one: one.started_at is not None)
        heard = sum(isinstance(update, Heard) for update in watch.updates)
        watch.source.relist()
        await watch.until(lambda: sum(isinstance(update, Heard) for update in watch.updates) > heard)


async def test_observing_asks_little(docker_clean: DockerEngine) -> None:
    """One list, one event stream, each container inspected once: connections and requests do not grow with time."""
    for number in range(12):
        docker_clean.run(f"one_{number}")
    async with Proxy(docker_clean.socket) as proxy, Watch(Backend(kind="docker", host=proxy.url)) as watch:
        for number in range(12):
            await watch.sees(f"one_{number}", lambda one: one.started_at is not None)
        assert proxy.connections <= 1 + 4 + 10  # events; inspections; samples


# Everything is imported first, by a question to no engine: nobody may not even enter the interpreter's folder.
_AS_NOBODY = """
import asyncio, os, sys
import cockpit.backends.docker.dial, httpx
from cockpit.backends.docker.source import DockerSource
from cockpit.board.clock import SystemClock
from cockpit.profile.schema import Backend
source = DockerSource("none", Backend(kind="docker", host="unix:///nonexistent.sock"), SystemClock())
try:
    asyncio.run(source.observe(lambda update: None))
except Exception:
    pass
source = DockerSource("main", Backend(kind="docker", host=sys.argv[1]), SystemClock())
os.setgid(65534)
os.setuid(65534)
try:
    asyncio.run(source.observe(lambda update: None))
except Exception as error:
    print(type(error).__name__, error)
"""


async def test_a_socket_that_may_not_be_opened(docker_engine: DockerEngine) -> None:
    """Root may open every socket, so the question is asked as nobody, in a process of its own."""
    docker_engine.start()
    folder = docker_engine.socket.parent
    mode = folder.stat().st_mode
    folder.chmod(0o755)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _AS_NOBODY, docker_engine.url, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        folder.chmod(mode)
    assert out.decode().startswith(
        f"SourceError Docker Engine main ({docker_engine.url}): permission denied (socket root:"
    )
    assert "you are nobody" in out.decode()
