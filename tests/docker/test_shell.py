"""A shell in a container of a real engine: bytes in both directions, its size, its end, however that comes about."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.change import Permit, Plan, PlanRefused
from cockpit.backends.docker import shell
from cockpit.backends.docker.operate import DockerOperator
from cockpit.backends.docker.shell import DockerShell
from cockpit.backends.shell import Ended, Size
from cockpit.board.clock import SystemClock
from cockpit.board.model import Phase, Workload
from cockpit.profile.schema import Backend
from tests.docker import sshd
from tests.docker.alone import manager
from tests.docker.proxy import Proxy
from tests.docker.sshd import Sshd
from tests.docker.test_swarm import create
from tests.docker.watch import NAME, Watch, backend
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.parts.need import missing
from tests.parts.shell import end_of, printed

WITHIN = 30.0
SIZE = Size(100, 30)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take long to send a signal, and to see what came of it."""
    for name, value in (("ENDED_WITHIN", WITHIN), ("SIGNAL_WITHIN", WITHIN), ("ROUNDS", ((("HUP", "CONT"), WITHIN),))):
        monkeypatch.setattr(shell, name, value)


@pytest.fixture
async def operator(docker_clean: DockerEngine) -> AsyncIterator[DockerOperator]:
    made = DockerOperator(NAME, backend(docker_clean), SystemClock())
    yield made
    await made.close()


async def workload(engine: DockerEngine, name: str, container: str) -> Workload:
    """The workload, once the board shows that its container runs."""
    async with Watch(backend(engine)) as watch:
        await watch.sees(container, lambda one: one.phase is Phase.RUNNING)
        found = watch.workload(name)
    assert found is not None
    return found


async def opened(operator: DockerOperator, plan: Plan) -> DockerShell:
    return await operator.open_shell(Permit(plan, "test"), plan.operations[0], SIZE, "xterm-256color")


async def nothing_left_in(engine: DockerEngine, container: str) -> None:
    """Until only the first process runs in a container: what was just forked when it was killed ends by itself."""
    rows: list[list[str]] = []
    for _ in range(int(WITHIN / 0.1)):
        rows = engine.api.call("GET", f"/containers/{container}/top")["Processes"]
        if len(rows) == 1:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"still there: {rows}")


async def test_bytes_size_and_exit_code(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    plan = await operator.plan("shell", await workload(docker_clean, "one", "one"), {})
    (operation,) = plan.operations
    assert (operation.title, operation.done_when, operation.inverse) == ("shell in one: /bin/sh", "ended", None)
    assert operation.command == f"docker -H {docker_clean.url} exec -it one /bin/sh"
    assert plan.choices == ()
    assert await operator.check(operation) == ""
    one = await opened(operator, plan)
    await one.write(b"echo $((6*7)); stty size; echo $TERM\r")
    text = await printed(one, b"xterm-256color\r\n")
    assert b"42\r\n" in text
    assert b"30 100\r\n" in text
    await one.resize(Size(90, 20))
    await one.write(b"stty size\r")
    await printed(one, b"20 90\r\n")
    await one.write(b"exit 3\r")
    assert await end_of(one) == Ended(exit_code=3)
    await nothing_left_in(docker_clean, "one")


async def test_hung_up_it_ends_with_all_that_it_started(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    plan = await operator.plan("shell", await workload(docker_clean, "one", "one"), {})
    one = await opened(operator, plan)
    await one.write(b"sleep 1000 & sleep 1001; echo never\r")
    await printed(one, b"sleep 1001")
    ended = await one.end()
    assert ended.forced
    assert ended.exit_code not in (None, 0)
    await nothing_left_in(docker_clean, "one")


async def test_a_command_that_ignores_the_hang_up_is_killed(
    docker_clean: DockerEngine, operator: DockerOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "ROUNDS", ((("HUP", "CONT"), 0.2), (("KILL",), WITHIN)))
    docker_clean.run("one")
    arguments = {"command": "sh -c 'trap \"\" HUP TERM; echo deaf; while :; do sleep 1; done'"}
    plan = await operator.plan("shell", await workload(docker_clean, "one", "one"), arguments)
    one = await opened(operator, plan)
    await printed(one, b"deaf")
    assert await one.end() == Ended(exit_code=137, forced=True)
    await nothing_left_in(docker_clean, "one")


async def test_a_container_that_is_killed_ends_it(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    plan = await operator.plan("shell", await workload(docker_clean, "one", "one"), {})
    one = await opened(operator, plan)
    await one.write(b"echo here\r")
    await printed(one, b"here\r\n")
    await asyncio.to_thread(docker_clean.cli, "kill", "one")
    ended = await end_of(one)
    assert (ended.exit_code, ended.forced) == (137, False)


async def test_a_connection_that_breaks_is_told(docker_clean: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "ENDED_WITHIN", 0.2)
    docker_clean.run("one")
    async with Proxy(docker_clean.socket) as proxy:
        operator = DockerOperator(NAME, Backend(kind="docker", host=proxy.url), SystemClock())
        found = await workload(docker_clean, "one", "one")
        one = await opened(operator, await operator.plan("shell", found, {}))
        proxy.cut()
        ended = await end_of(one)
        assert ended.forced, "it still ran, and was ended over a new connection"
        await operator.close()
    await nothing_left_in(docker_clean, "one")


async def test_what_cannot_be_opened_says_why(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    docker_clean.run("one")
    found = await workload(docker_clean, "one", "one")
    plan = await operator.plan("shell", found, {"command": "/no/such -x"})
    assert plan.operations[0].title == "shell in one: /no/such -x"
    with pytest.raises(PlanRefused, match="no secret may stand in it"):
        await operator.plan("shell", found, {"command": "psql postgres://me:hunter2@db/shop"})
    with pytest.raises(PlanRefused, match="cannot be read as a command"):
        await operator.plan("shell", found, {"command": "sh -c 'x"})
    with pytest.raises(PlanRefused, match="container two is not there any more"):
        await operator.plan("shell", found, {"instance": "two"})
    # Engines say so at once, or let the exec end with it.
    try:
        said = f"exit {(await end_of(await opened(operator, plan))).exit_code}"
    except SourceError as error:
        said = str(error)
    assert said in ("exit 126", "exit 127") or "no/such" in said
    shell_plan = await operator.plan("shell", found, {})
    docker_clean.cli("kill", "one")
    assert await operator.check(shell_plan.operations[0]) == "one is exited now (was running)"
    with pytest.raises(SourceError, match="not running"):
        await opened(operator, shell_plan)
    with pytest.raises(PlanRefused, match="no container of it runs here"):
        await operator.plan("shell", found, {})


async def test_one_of_several_containers_is_picked(docker_clean: DockerEngine, operator: DockerOperator) -> None:
    ids = [
        docker_clean.run(f"shop-web-{number}", ContainerSpec(labels=compose_labels("shop", "web", number)))
        for number in (1, 2)
    ]
    async with Watch(backend(docker_clean)) as watch:
        for number in (1, 2):
            await watch.sees(f"shop-web-{number}", lambda one: one.phase is Phase.RUNNING)
        found = watch.workload("web")
    assert found is not None
    plan = await operator.plan("shell", found, {})
    assert plan.operations[0].target.instance == ids[0]
    assert [value for value, _ in plan.choices] == ids
    other = await operator.plan("shell", found, {"instance": ids[1]})
    assert other.operations[0].target.instance == ids[1]
    assert {value for value, _ in other.choices} == set(ids)


@pytest.fixture(scope="module")
def far(docker_engine: DockerEngine) -> Iterator[Sshd]:
    if reason := sshd.why_not():
        missing(reason)
    made = Sshd(docker_engine.url)
    yield made
    made.close()


async def test_over_ssh(docker_clean: DockerEngine, far: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_clean.run("one")
    found = await workload(docker_clean, "one", "one")
    for name, value in far.environ.items():
        monkeypatch.setenv(name, value)
    operator = DockerOperator(NAME, Backend(kind="docker", host=far.url), SystemClock())
    plan = await operator.plan("shell", found, {})
    one = await opened(operator, plan)
    await one.write(b"echo $((6*7)); exit 3\r")
    await printed(one, b"42\r\n")
    assert (await end_of(one)).exit_code == 3
    await operator.close()


async def test_in_a_task_of_a_swarm_service(docker_clean: DockerEngine) -> None:
    with manager(docker_clean) as engine:
        create(engine, "web", "--replicas", "1", command="exec sleep 1000")
        operator = DockerOperator(NAME, backend(engine), SystemClock())
        found = await workload(engine, "web", "web.1")
        assert "shell" in {verb.name for verb in operator.verbs(found)}
        one = await opened(operator, await operator.plan("shell", found, {}))
        await one.write(b"echo $((6*7)); exit 3\r")
        await printed(one, b"42\r\n")
        assert (await end_of(one)).exit_code == 3
        engine.cli("service", "rm", "web")
        await operator.close()
