"""Logs, numbers, addresses, inspection and probes' commands, on a real engine."""

import asyncio
import contextlib
import http.client
from contextlib import aclosing

import pytest

from cockpit.backends.base import SourceError
from cockpit.board.model import Identity, Phase
from cockpit.board.update import Sampled
from cockpit.logs.line import LogRequest, RawLine
from cockpit.profile.schema import Backend
from tests.docker.proxy import Proxy
from tests.docker.watch import Watch, backend
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE


async def lines(watch: Watch, request: LogRequest) -> list[RawLine]:
    return [line async for batch in watch.source.logs(request) for line in batch]


async def test_both_streams_are_read_whole(docker_clean: DockerEngine) -> None:
    script = "echo first; echo wrong >&2; printf 'no end'; head -c 40000 /dev/zero | tr '\\0' x; echo; echo last"
    docker_clean.run("speaks", ContainerSpec(script))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("speaks", lambda one: one.phase is Phase.EXITED)
        found = await lines(watch, LogRequest(instance=watch.id("speaks"), tail=None))
        assert {line.data for line in found if line.stream == "err"} == {b"wrong"}
        told = [line.data for line in found if line.stream == "out"]
        # The engine cuts the long line twice and stamps each piece: none of the stamps is left in it.
        assert told == [b"first", b"no end" + b"x" * 40000, b"last"]
        assert all(line.at is not None for line in found)


async def test_a_terminal_is_read_raw(docker_clean: DockerEngine) -> None:
    script = "echo one; head -c 20000 /dev/zero | tr '\\0' y; echo; printf 'half\\rwhole\\n'; exec sleep 1000"
    docker_clean.run("console", ContainerSpec(script, tty=True))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("console", lambda one: one.tty)
        found: list[RawLine] = []
        async with aclosing(watch.source.logs(LogRequest(instance=watch.id("console")))) as stream:
            async for batch in stream:
                found += batch
                if found[-1].data == b"half\rwhole":
                    break
        assert [line.data for line in found] == [b"one", b"y" * 20000, b"half\rwhole"]
        assert {line.stream for line in found} == {""}


async def test_a_window_and_a_tail(docker_clean: DockerEngine) -> None:
    docker_clean.run("counts", ContainerSpec("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("counts", lambda one: one.phase is Phase.EXITED)
        one = watch.id("counts")
        everything = await lines(watch, LogRequest(instance=one, tail=None))
        assert [line.data for line in everything] == [b"1", b"2", b"3", b"4", b"5", b"6"]
        assert [line.data for line in await lines(watch, LogRequest(instance=one, tail=2))] == [b"5", b"6"]
        third = everything[2].at
        assert third is not None
        later = await lines(watch, LogRequest(instance=one, since=third, tail=None))
        assert [line.data for line in later] == [b"3", b"4", b"5", b"6"]
        earlier = await lines(watch, LogRequest(instance=one, until=third, tail=None, follow=False))
        assert [line.data for line in earlier] in ([b"1", b"2"], [b"1", b"2", b"3"])


async def test_a_followed_log_ends_with_its_container(docker_clean: DockerEngine) -> None:
    docker_clean.run("lives", ContainerSpec("echo born; exec sleep 1000"))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("lives", lambda one: one.phase is Phase.RUNNING)
        stream = watch.source.logs(LogRequest(instance=watch.id("lives")))
        first = await anext(stream)
        assert [line.data for line in first] == [b"born"]
        ending = asyncio.ensure_future(anext(stream, None))
        docker_clean.cli("kill", "lives")
        assert await asyncio.wait_for(ending, PATIENCE) is None


async def test_a_log_breaks_with_its_connection(docker_clean: DockerEngine) -> None:
    docker_clean.run("stays", ContainerSpec("echo here; exec sleep 1000"))
    async with Proxy(docker_clean.socket) as proxy, Watch(Backend(kind="docker", host=proxy.url)) as watch:
        await watch.sees("stays", lambda one: one.started_at is not None)
        missing = Identity("docker", "x", "", "container", "ghost", "0" * 64)
        with pytest.raises(SourceError, match="ghost is gone, and its log with it"):
            await lines(watch, LogRequest(instance=missing))
        stream = watch.source.logs(LogRequest(instance=watch.id("stays")))
        assert len(await anext(stream)) == 1
        ending = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0)
        proxy.cut()
        with pytest.raises(SourceError, match="the connection was closed"):
            await asyncio.wait_for(ending, PATIENCE)
        await watch.until(lambda: bool(watch.lost))
        assert len(await lines(watch, LogRequest(instance=watch.id("stays"), follow=False))) == 1


async def test_numbers_come_for_what_is_shown(docker_clean: DockerEngine) -> None:
    docker_clean.run("busy", ContainerSpec("while :; do :; done", memory=64 << 20))
    async with Watch(backend(docker_clean)) as watch:
        busy = await watch.sees("busy", lambda one: one.memory_limit == 64 << 20)
        watch.source.focus(frozenset({busy.id.workload}))

        def samples() -> dict[str, float]:
            found = [one for update in watch.updates if isinstance(update, Sampled) for one in update.samples]
            return {one.metric: one.value for one in found if one.target == busy.id}

        # How much of a core it gets is the machine's affair.
        await watch.until(lambda: samples().get("cpu", 0.0) > 0)
        assert 0 < samples()["memory"] < 64 << 20
        assert {"net rx", "net tx"} <= set(samples())


async def test_a_port_is_reached(docker_clean: DockerEngine) -> None:
    serves = "echo hello > /srv/index.html; exec httpd -f -p 8080 -h /srv"
    docker_clean.run("page", ContainerSpec(serves, ports=(8080,)))
    docker_clean.run("inner", ContainerSpec(serves))
    async with Watch(backend(docker_clean)) as watch:
        await watch.sees("page", lambda one: one.started_at is not None)
        await watch.sees("inner", lambda one: one.started_at is not None and bool(one.addresses))
        for name, how in (("page", "published port of 8080"), ("inner", "container address, port 8080")):
            workload = watch.workload(name)
            assert workload is not None
            address = await watch.source.address(workload, 8080)
            assert address.how == how
            assert await asyncio.to_thread(_fetched, docker_clean, address.host, address.port) == b"hello\n"


def _fetched(engine: DockerEngine, host: str, port: int) -> bytes:
    """What is served there, once it is: a container runs before its server listens."""
    found: list[bytes] = []

    def answered() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        with contextlib.closing(connection), contextlib.suppress(ConnectionError):
            connection.request("GET", "/")
            found.append(connection.getresponse().read())
        return bool(found)

    engine.api.until(answered)
    return found[-1]


async def test_inspection_masks_variables(docker_clean: DockerEngine) -> None:
    labels = compose_labels("shop", "api")
    docker_clean.run("api_1", ContainerSpec(env={"DB_PASSWORD": "hunter2", "MODE": "fast"}, labels=labels))
    async with Watch(backend(docker_clean)) as watch:
        one = await watch.sees("api_1", lambda one: one.started_at is not None)
        text = await watch.source.inspect(one.id)
        assert "DB_PASSWORD=***" in text
        assert "MODE=***" in text
        assert "hunter2" not in text
        assert "Status: running" in text
        assert await watch.source.inspect(one.id.workload) == text


async def test_a_command_runs_in_a_container(docker_clean: DockerEngine) -> None:
    docker_clean.run("one")
    async with Watch(backend(docker_clean)) as watch:
        one = (await watch.sees("one", lambda one: one.started_at is not None)).id
        run = watch.source.execute
        said = await run(one, ("sh", "-c", 'echo "$WORD"; echo bad >&2; exit 3'), PATIENCE, {"WORD": "secret"})
        assert (said.exit_code, set(said.output.split())) == (3, {"secret", "bad"})
        much = await run(one, ("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x"), PATIENCE)
        assert (len(much.output) <= 65536, much.dropped) == (True, 100000 - 65536)
        absent = await run(one, ("nothing-of-this-name",), PATIENCE)
        assert absent.exit_code in (126, 127)
        with pytest.raises(TimeoutError, match=r"did not end within 0\.3 s in one"):
            await run(one, ("sleep", "100"), 0.3)
        docker_clean.cli("pause", "one")
        with pytest.raises(SourceError, match=r"one does not run \(or is paused\)"):
            await run(one, ("true",), PATIENCE)
        docker_clean.cli("unpause", "one")
        docker_clean.cli("kill", "one")
        with pytest.raises(SourceError, match="one does not run"):
            await run(one, ("true",), PATIENCE)
