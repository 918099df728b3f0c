"""An engine behind ssh: one connection for all streams, nothing left behind, and errors in ssh's own words."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.docker import client as client_module
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.wire import ContainerRow, Info
from cockpit.board.clock import SystemClock
from cockpit.profile.schema import Backend
from tests.docker import sshd
from tests.docker.sshd import Sshd
from tests.parts.docker import DockerEngine
from tests.parts.need import missing
from tests.patience import PATIENCE
from tests.program import CHECKOUT


@pytest.fixture(scope="module")
def server(docker_engine: DockerEngine) -> Iterator[Sshd]:
    if reason := sshd.why_not():
        missing(reason)
    made = Sshd(docker_engine.url)
    yield made
    made.close()


@pytest.fixture
async def client(server: Sshd, docker_clean: DockerEngine) -> AsyncIterator[EngineClient]:
    backend = Backend(kind="docker", host=server.url)
    made = EngineClient("far", backend, SystemClock(), read_only=True, environ=server.environ)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may need longer than a reader would wait until ssh, a shell and docker are started over there."""
    monkeypatch.setattr(client_module, "TIMEOUT", PATIENCE)


def children(server: Sshd) -> list[psutil.Process]:
    """Every ssh that this process started to the server."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if f"{server.home}/ssh_config" in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


async def test_an_engine_behind_ssh(client: EngineClient, server: Sshd, docker_clean: DockerEngine) -> None:
    docker_clean.run("one")
    assert await client.connect() == (1, 41)
    assert (await client.get("/info", Info)).id
    rows = await client.get("/containers/json", list[ContainerRow], {"all": 1})
    assert [row.names for row in rows] == [["/one"]]
    # Streams and requests side by side, more than one connection would bear in turn.
    answers = await asyncio.gather(*(client.get("/containers/json", list[ContainerRow]) for _ in range(12)))
    assert {len(answer) for answer in answers} == {1}
    assert len(children(server)) <= 1 + 9
    await client.close()
    assert children(server) == []


async def test_a_connection_that_is_gone_is_made_anew(client: EngineClient, server: Sshd) -> None:
    await client.ping()
    for process in children(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    # What is asked while the ends are noticed may fail; a sentence is all that it may fail with.
    with contextlib.suppress(SourceError):
        await client.ping()
    await client.reset()
    await client.ping()
    assert len(children(server)) == 2, "the shared connection, and one stream on it"


async def test_errors_of_ssh_are_told(server: Sshd, docker_clean: DockerEngine) -> None:
    async def told(host: str, environ: dict[str, str]) -> str:
        client = EngineClient("far", Backend(kind="docker", host=host), SystemClock(), read_only=True, environ=environ)
        try:
            with pytest.raises(SourceError) as raised:
                await client.ping()
        finally:
            await client.close()
        return str(raised.value)

    (server.home / "empty").mkdir(exist_ok=True)
    nobody = server.url.replace("root@", "nobody-here@")
    assert "Permission denied (publickey): load your key" in await told(nobody, server.environ)
    refused = await told("ssh://root@127.0.0.1:1", server.environ)
    assert refused.startswith("Docker Engine far (ssh://root@127.0.0.1:1): ")
    assert "Connection refused" in refused
    bare = {"PATH": str(server.home / "empty"), "HOME": str(server.home)}
    assert "there is no ssh here" in await told(server.url, bare)
    docker_clean.stop()
    assert "Docker" in await told(server.url, server.environ)


_KILLED = """
import asyncio, json, os, signal, sys
from cockpit.backends.docker import client
from cockpit.backends.docker.client import EngineClient
from cockpit.board.clock import SystemClock
from cockpit.profile.schema import Backend
from tests.patience import PATIENCE
async def main():
    client.TIMEOUT = PATIENCE
    far = EngineClient("far", Backend(kind="docker", host=sys.argv[1]), SystemClock(), read_only=True,
                       environ=json.loads(sys.argv[2]))
    await far.ping()
    print("connected", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_a_killed_cockpit_leaves_no_connection(server: Sshd, docker_clean: DockerEngine) -> None:
    argv = [sys.executable, "-c", _KILLED, server.url, json.dumps(server.environ)]
    done = await asyncio.to_thread(
        subprocess.run, argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert done.stdout == "connected\n", done.stderr

    def left() -> list[int]:
        return [
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if f"{server.home}/ssh_config" in " ".join(process.info["cmdline"] or [])
        ]

    for _ in range(int(PATIENCE / 0.1)):
        if not left():
            break
        await asyncio.sleep(0.1)
    assert left() == []
