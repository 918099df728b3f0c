"""The source of plain processes, over real ones."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from cockpit.backends import procfs
from cockpit.backends.base import SourceError
from cockpit.backends.process.source import ProcessSource
from cockpit.board.clock import SystemClock
from cockpit.board.model import Identity, Instance, Phase, Sample, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.update import Changed, Declared, Listed, Sampled, Update
from cockpit.logs.line import LogRequest
from cockpit.profile.schema import Backend, Selector
from tests.patience import PATIENCE

if not procfs.available():
    pytest.skip("plain processes are observed through Linux's /proc", allow_module_level=True)


class Watch:
    """What a source tells."""

    def __init__(self, *selectors: Selector) -> None:
        self.source = ProcessSource(
            "here", Backend(kind="process"), selectors, SystemClock(), Secrets(["hunter2hunter2"])
        )
        self.updates: list[Update] = []
        self.now: dict[str, Workload] = {}
        self._news = asyncio.Event()

    def emit(self, update: Update) -> None:
        """Take one in."""
        self.updates.append(update)
        if isinstance(update, Listed):
            self.now = {workload.id.name: workload for workload in update.workloads}
        if isinstance(update, Changed):
            self.now[update.workload.id.name] = update.workload
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Watch"]:
        """Observe as a task, ended at the end."""
        task = asyncio.create_task(self.source.observe(self.emit))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.source.close()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until an update makes it true."""
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                self._news.clear()
                await self._news.wait()

    def only(self, name: str) -> Instance:
        """The one instance of a workload."""
        (instance,) = self.now[name].instances
        return instance


@pytest.fixture
def start() -> Iterator[Callable[..., int]]:
    """Starts a process and gives its id; all are ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*argv: str) -> int:
        started.append(subprocess.Popen(argv, start_new_session=True))
        return started[-1].pid

    yield begin
    for child in started:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


async def test_seen_killed_and_started_again(tmp_path: Path, start: Callable[..., int]) -> None:
    path = tmp_path / "app.pid"

    def serve() -> int:
        pid = start("sleep", "300")
        path.write_text(str(pid))
        return pid

    first = serve()
    name = str(path)
    async with Watch(Selector(pidfile=name)).running() as watch:
        await watch.until(lambda: name in watch.now)
        seen = watch.only(name)
        assert (seen.phase, seen.name, seen.restarts) == (Phase.RUNNING, "sleep", 0)
        assert seen.id.instance.startswith(f"{first}:")
        assert seen.started_at is not None
        assert abs((watch.updates[0].at - seen.started_at).total_seconds()) < 60

        os.kill(first, signal.SIGKILL)  # not collected yet: a zombie counts as gone
        await watch.until(lambda: watch.only(name).phase is Phase.EXITED)
        gone = watch.only(name)
        assert (gone.exit_code, gone.finished_at is not None, gone.id) == (None, True, seen.id)

        second = serve()
        await watch.until(lambda: watch.only(name).phase is Phase.RUNNING)
        again = watch.only(name)
        assert again.id.instance.startswith(f"{second}:")
        assert again.restarts == 1


async def test_what_is_told_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        async with Watch(
            Selector(port=port), Selector(port=port), Selector(compose="x"), Selector(command="^no such")
        ).running() as watch:
            await watch.until(lambda: any(isinstance(update, Sampled) for update in watch.updates))
            address = await watch.source.address(watch.now[str(port)], port)
            text = await watch.source.inspect(watch.now[str(port)].id)
    declared, listed = watch.updates[:2]
    assert isinstance(declared, Declared)
    assert (declared.kind, declared.source, declared.interval) == ("process", "here", 2.0)
    assert isinstance(listed, Listed)
    assert [(one.id.backend, one.id.kind, one.id.name, one.desired) for one in listed.workloads] == [
        ("process", "port", str(port), 1),
        ("process", "command", "^no such", 1),
    ]
    missing = watch.only("^no such")
    assert (missing.phase, missing.error) == (Phase.EXITED, "no process whose command line matches '^no such'")
    assert (address.host, address.port) == ("127.0.0.1", port)
    assert f"process {os.getpid()}: " in text


async def test_numbers_of_a_family(start: Callable[..., int]) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass  # cockpit-family'])"
    server = start(sys.executable, "-c", script)
    async with Watch(Selector(command="cockpit-family")).running() as watch:

        def samples() -> list[Sample]:
            return [one for update in watch.updates if isinstance(update, Sampled) for one in update.samples]

        await watch.until(lambda: any(one.metric == "cpu" and one.value > 1 for one in samples()))
        assert watch.only("cockpit-family").id.instance.startswith(f"{server}:")
        assert {one.metric: one.unit for one in samples()} == {"cpu": "%", "memory": "B"}


async def test_secrets_in_a_command_line_are_masked(start: Callable[..., int]) -> None:
    script = "import time; time.sleep(300)"
    start(sys.executable, "-c", script, "--cockpit-secret", "hunter2hunter2")
    async with Watch(Selector(command="--cockpit-secret")).running() as watch:
        await watch.until(lambda: "--cockpit-secret" in watch.now)
        await watch.until(lambda: watch.only("--cockpit-secret").phase is Phase.RUNNING)
        text = await watch.source.inspect(watch.only("--cockpit-secret").id)
    assert "--cockpit-secret ***" in text
    assert "hunter2" not in text


async def test_what_a_plain_process_has_not() -> None:
    watch = Watch()
    identity = Identity("process", "x", "", "port", "80", "1:2")
    with pytest.raises(SourceError, match="a plain process has no log; name a file under its service's logs:"):
        watch.source.logs(LogRequest(instance=identity))
    with pytest.raises(SourceError, match="declare the probe as kind: command"):
        await watch.source.execute(identity, ["true"], 1.0)
    with pytest.raises(SourceError, match="port 80: no process runs there now"):
        await watch.source.inspect(identity)
    await watch.source.close()
