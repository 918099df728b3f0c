"""The door against a real Docker Engine: source, board, journal and operator as in the cockpit."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.change import Plan, Verdict
from cockpit.backends.docker.operate import DockerOperator
from cockpit.backends.docker.source import DockerSource
from cockpit.board.board import Board
from cockpit.board.clock import SystemClock
from cockpit.board.model import Freshness, Health, Phase, Workload
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.board.update import Lost
from cockpit.incident.audit import audit
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.incident.place import prepare
from cockpit.incident.store import Store
from cockpit.mitigate.errors import TargetChanged
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.progress import Progress
from cockpit.mitigate.recover import recover
from cockpit.mitigate.run import Door
from cockpit.mitigate.sight import workloads
from cockpit.profile.schema import Backend, Profile
from tests.mitigate.opened import opened
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine, docker_cli
from tests.parts.engine_api import Json
from tests.patience import PATIENCE

HOLD = 1.0
LONG = 30.0
"""Hold of what fails: it ends with the failure, however late that is, and never with the hold."""


class Leaping(SystemClock):
    """The machine's clock, of which a test may skip a part."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


class Cockpit:
    """Everything behind the screen, for one engine."""

    def __init__(self, engine: DockerEngine, directory: Path) -> None:
        self.engine, self.directory = engine, directory
        self.clock = Leaping()
        backend = Backend(kind="docker", host=engine.url)
        profile = Profile(version=1, name="shop", discover=True, backends={"main": backend})
        self.board = Board(profile, self.clock)
        self.source = DockerSource("main", backend, self.clock)
        self.operator = DockerOperator("main", backend, self.clock)

    async def open(self) -> None:
        person = Person(name="oncall", login="oncall")
        environ = {"XDG_RUNTIME_DIR": str(self.directory)}
        place = prepare(self.directory / "state")
        self.journal = await Journal.open(place, self.clock, person, scope="shop", environ=environ)
        self.door = Door(self.journal, self.board, {"main": self.operator}, self.clock, Guard())
        self.observing = asyncio.create_task(self.observe())

    async def observe(self) -> None:
        """As the engine does: what is lost is told, then tried again."""
        while True:
            try:
                await self.source.observe(self.board.apply)
            except SourceError as error:
                self.board.apply(Lost(source="main", at=self.clock.now(), why=safe(str(error))))
                await self.clock.sleep(0.2)

    async def close(self) -> None:
        self.observing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.observing
        await self.source.close()
        await self.operator.close()
        await self.journal.close()

    async def sees(self, name: str, count: int = 1, within: float = PATIENCE) -> Workload:
        """The workload, once a live source shows so many of its instances and knows since when they run."""

        def found(snapshot: Snapshot) -> Workload | None:
            if not snapshot.sources or any(one.freshness is not Freshness.LIVE for one in snapshot.sources):
                return None
            for workload in workloads(snapshot):
                known = [one for one in workload.instances if one.started_at is not None]
                if workload.id.name == name and len(known) == count:
                    return workload
            return None

        workload = found(await self.board.until(lambda snapshot: found(snapshot) is not None, within=within))
        assert workload is not None
        return workload

    async def plan(self, verb: str, name: str, count: int = 1, hold: float = HOLD) -> Plan:
        workload = await self.sees(name, count)
        (service, *_) = self.board.services_of(workload.id)
        return replace(await self.operator.plan(verb, workload, {}), service=service, hold=hold)

    async def do(self, verb: str, name: str, count: int = 1, hold: float = HOLD) -> Verdict:
        made = await self.plan(verb, name, count, hold)
        return await self.door.perform(made, typed_name=made.workload.name)

    async def written(self, count: int) -> None:
        """Until so many entries stand in the journal."""
        there = asyncio.Event()
        self.journal.listen(lambda _: there.set() if len(self.journal.entries) >= count else None)
        if len(self.journal.entries) < count:
            await asyncio.wait_for(there.wait(), PATIENCE)

    def story(self) -> list[str]:
        return [f"{entry.kind}: {entry.text}" for entry in self.journal.entries]


def held(verdict: Verdict) -> str:
    """Its evidence without the seconds, which are no fewer than the hold but more when the machine is busy."""
    (told,) = verdict.evidence
    words, _, seconds = told.removesuffix(" s").rpartition(" for ")
    assert int(seconds) >= int(HOLD), told
    return words


Opener = Callable[[], Awaitable[Cockpit]]


@pytest.fixture
async def open_cockpit(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Opener]:
    async with opened() as every:
        yield lambda: every.one(Cockpit(docker_clean, tmp_path))
    store = Store(tmp_path / "state/journal.db")
    assert audit(store.raw()).problems == ()
    store.close()


async def test_a_killed_container_is_restarted_and_it_worked(docker_clean: DockerEngine, open_cockpit: Opener) -> None:
    cockpit = await open_cockpit()
    docker_clean.run("web")
    await cockpit.sees("web")
    docker_clean.cli("kill", "web")
    await cockpit.board.until(lambda s: Phase.EXITED in {i.phase for w in workloads(s) for i in w.instances}, PATIENCE)
    verdict = await cockpit.do("restart", "web")
    assert (verdict.result, held(verdict)) == ("worked", "1 of 1 ready")
    assert cockpit.story() == [
        "intent: restart web",
        "result: step 1 of 1: restart web: accepted",
        f"verdict: restart web: worked ({verdict.evidence[0]})",
    ]
    assert docker_clean.cli("inspect", "-f", "{{.State.Running}}", "web").strip() == "true"


async def test_replicas_are_restarted_one_after_the_other(docker_clean: DockerEngine, open_cockpit: Opener) -> None:
    health = Healthcheck("test -e /tmp/up", interval=0.5)
    for number in (1, 2):
        labels = compose_labels("shop", "cart", number)
        spec = ContainerSpec("rm -f /tmp/up; sleep 1; touch /tmp/up; sleep 1000", labels=labels, health=health)
        docker_clean.run(f"shop-cart-{number}", spec)
    cockpit = await open_cockpit()
    await cockpit.sees("cart", 2)
    await cockpit.board.until(
        lambda s: all(i.health is Health.HEALTHY for w in workloads(s) for i in w.instances), within=PATIENCE
    )
    least = 2

    def watch(snapshot: Snapshot) -> bool:
        nonlocal least
        ready = sum(i.health is Health.HEALTHY for w in workloads(snapshot) for i in w.instances)
        least = min(least, ready)
        return False

    watching = asyncio.create_task(cockpit.board.until(watch, within=100))
    verdict = await cockpit.do("restart", "cart", 2)
    watching.cancel()
    assert (verdict.result, held(verdict)) == ("worked", "2 of 2 ready")
    assert least >= 1, "one replica answered all the time"


def _waits_long(one: Json) -> bool:
    """Between two lives, with 3 s to the next: in a life of its own the restart itself would end it, with 137."""
    return one["RestartCount"] > 4 and bool(one["State"]["Restarting"])


@pytest.mark.parametrize(
    ("policy", "ended"),
    [("no", lambda one: one["State"]["Status"] == "exited"), ("always", _waits_long)],
    ids=["no", "always"],
)
async def test_a_crash_loop_did_not_work(
    docker_clean: DockerEngine, open_cockpit: Opener, policy: str, ended: Callable[[Json], bool]
) -> None:
    docker_clean.run("web", ContainerSpec("sleep 0.4; exit 3", restart=policy))
    # It has ended before the plan is made: else it may end between plan and change, which is another target then.
    await asyncio.to_thread(docker_clean.api.until, lambda: ended(docker_clean.api.inspect("web")))
    cockpit = await open_cockpit()
    verdict = await cockpit.do("restart", "web", hold=LONG)
    assert verdict.result == "did not work"
    assert "exit 3" in verdict.evidence[0] or "by itself" in verdict.evidence[0]
    assert cockpit.story()[-1].startswith("verdict: restart web: did not work (")


async def test_a_health_check_that_never_turns_did_not_work(docker_clean: DockerEngine, open_cockpit: Opener) -> None:
    cockpit = await open_cockpit()
    docker_clean.run("web", ContainerSpec(health=Healthcheck("echo no database; exit 1", interval=0.5)))
    made = await cockpit.plan("restart", "web")

    def leap(progress: Progress) -> None:
        """To the deadline, once the reason is known."""
        if any("no database" in step.detail for step in progress.steps):
            cockpit.clock.skipped = 2 * made.operations[0].deadline

    verdict = await cockpit.door.perform(made, on_progress=leap)
    assert verdict.result == "did not work"
    assert "0 of 1 ready: web unhealthy: " in verdict.evidence[0]
    assert "no database" in verdict.evidence[0]


async def test_every_verb_is_verified_by_what_is_seen(docker_clean: DockerEngine, open_cockpit: Opener) -> None:
    cockpit = await open_cockpit()
    docker_clean.run("web")
    for verb, word in [
        ("pause", "paused"), ("resume", "running"), ("stop", "stopped"), ("start", "ready"), ("kill", "stopped"),
        ("remove", "gone"),
    ]:  # fmt: skip
        verdict = await cockpit.do(verb, "web")
        assert (verdict.result, held(verdict)) == ("worked", f"1 of 1 {word}"), verb
    assert docker_clean.cli("ps", "-aq") == ""


async def test_a_target_that_changed_under_the_dialog_is_left_alone(
    docker_clean: DockerEngine, open_cockpit: Opener
) -> None:
    cockpit = await open_cockpit()
    docker_clean.run("web")
    made = await cockpit.plan("restart", "web")
    docker_clean.cli("restart", "web")
    with pytest.raises(TargetChanged, match=r"started anew at .*nothing was done, plan again"):
        await cockpit.door.perform(made)
    docker_clean.cli("rm", "-f", "web")
    with pytest.raises(TargetChanged, match="the container is gone"):
        await cockpit.door.perform(made)


async def test_a_daemon_that_is_killed_in_the_middle_leaves_it_unknown(
    docker_clean: DockerEngine, open_cockpit: Opener
) -> None:
    cockpit = await open_cockpit()
    web = docker_clean.run("web", ContainerSpec(patient=True, command="trap '' TERM; while :; do sleep 1; done"))
    made = await cockpit.plan("restart", "web")
    short = tuple(replace(operation, deadline=3.0) for operation in made.operations)
    process = docker_clean.api.state("web")["Pid"]
    performing = asyncio.create_task(cockpit.door.perform(replace(made, operations=short)))
    await killing(docker_clean, web)
    await asyncio.to_thread(docker_clean.stop, signal.SIGKILL)
    verdict = await performing
    assert verdict.result == "unknown"
    assert "docker:main is lost" in verdict.evidence[0]
    assert "no answer (" in cockpit.story()[1]
    os.kill(process, signal.SIGKILL)  # else the new daemon gives it the rest of its grace
    await asyncio.to_thread(docker_clean.start)
    assert (await cockpit.do("start", "web")).result == "worked"


async def killing(engine: DockerEngine, container: str) -> None:
    """Until the engine has sent a signal to this container, as a stop begins; it still tells of earlier ones' ends."""
    process = await asyncio.create_subprocess_exec(
        docker_cli(), "-H", engine.url, "events", "--since", "1h", "--filter", "event=kill",
        "--filter", f"container={container}",
        stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, env=engine.cli_env(),
    )  # fmt: skip
    assert process.stdout is not None
    assert b"kill" in await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.kill()
    await process.communicate()


async def test_a_cockpit_that_ends_in_the_middle_leaves_the_truth_to_the_next(
    docker_clean: DockerEngine, open_cockpit: Opener
) -> None:
    first = await open_cockpit()
    docker_clean.run("web")
    made = await first.plan("restart", "web")
    performing = asyncio.create_task(first.door.perform(replace(made, hold=3.0)))
    await first.written(2)
    performing.cancel()
    second = await open_cockpit()
    assert await second.journal.dangling() == ()
    await first.journal.close()
    (found,) = await recover(second.journal, second.board, second.clock)
    assert re.fullmatch(r"found at the start: restart web: worked \(1 of 1 ready for \d+ s\)", found.text)
