"""A worker that runs as a plain process, with its control script, its configuration under git, and a cockpit on it."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from cockpit.assemble import assemble
from cockpit.backends.change import Plan, Verdict, of_service
from cockpit.board.model import Instance, Phase
from cockpit.engine.engine import Engine
from cockpit.engine.frame import Frame
from cockpit.engine.port import MakePlan, Perform, Verbs
from cockpit.profile.load import loads
from tests.frames import framed
from tests.patience import PATIENCE

CONTROL = """\
#!/bin/sh
cd "$(dirname "$0")" || exit 1
case $1 in stop|restart) kill -KILL "$(cat app.pid)"; rm app.pid;; esac
case $1 in start|restart)
  grep -q good conf/app.toml || exit 3
  sleep 300 </dev/null >/dev/null 2>&1 &
  echo $! > app.pid;;
esac
"""
HOLD = 1.5
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")


class Site:
    """The folder of the worker: ctl, app.pid, conf/app.toml (under git)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "conf/app.toml"
        self.config.parent.mkdir(parents=True)
        control = folder / "ctl"
        control.write_text(CONTROL)
        control.chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.commit("pool = 10 # good\npassword = 'hunter-one'\n", "a small pool")
        self.commit("pool = 20 # good\npassword = 'hunter-two'\n", "a larger pool")
        self.commit("pool = 0\npassword = 'hunter-two'\n", "no pool at all")

    def git(self, *argv: str) -> str:
        return subprocess.run((*GIT, *argv), cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str, subject: str) -> None:
        self.config.write_text(text)
        self.git("add", "conf/app.toml")
        self.git("commit", "--quiet", "-m", subject)

    def start(self) -> None:
        """Run the worker as if its configuration were good."""
        with open(os.devnull, "r+b") as nothing:
            child = subprocess.Popen(["sleep", "300"], stdin=nothing, stdout=nothing, start_new_session=True)
        (self.folder / "app.pid").write_text(str(child.pid))
        self.child = child

    def end(self) -> None:
        with suppress(OSError, ValueError):
            os.kill(int((self.folder / "app.pid").read_text()), signal.SIGKILL)
        self.child.kill()
        self.child.wait()

    def profile(self, *, commands: str = "restart start stop", then: str = "restart") -> str:
        words = ", ".join(f"{verb}: {{argv: [{self.folder}/ctl, {verb}]}}" for verb in commands.split())
        return f"""\
version: 1
name: shop
services:
  worker:
    tier: 2
    workloads: [{{pidfile: {self.folder}/app.pid}}]
    probes:
      pool: {{kind: command, argv: [grep, -q, good, {self.config}], every: 3s}}
    {f"commands: {{{words}}}" if words else ""}
    repository: {{path: {self.folder}, files: [conf/app.toml], then: {then}}}
backends:
  here: {{kind: process}}
"""


class Cockpit:
    """An engine on the worker's profile."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.workload = of_service("worker")

    async def until(self, holds: Callable[[Instance], bool]) -> Instance:
        """The worker's one instance, once it is so."""

        def found(now: object) -> bool:
            services = getattr(now, "services", ())
            return any(holds(one) for each in services for work in each.workloads for one in work.instances)

        snapshot = await self.engine.board_until(found, PATIENCE)
        instances = [one for each in snapshot.services for work in each.workloads for one in work.instances]
        wanted = next(one for one in instances if holds(one))
        self.workload = wanted.id.workload
        return wanted

    async def framed(self, holds: Callable[[Frame], bool]) -> Frame:
        """The first frame of which it is true, as the screen gets them."""
        return await framed(self.engine, holds)

    async def runs(self) -> Instance:
        return await self.until(lambda one: one.phase is Phase.RUNNING)

    async def verbs(self) -> list[str]:
        return [verb.name for verb in await self.engine.submit(Verbs(self.workload))]

    async def plan(self, verb: str, **arguments: str) -> Plan:
        command = MakePlan(verb=verb, service="worker", workload=self.workload, arguments=tuple(arguments.items()))
        made: Plan = await self.engine.submit(command)
        return replace(made, hold=min(made.hold, HOLD))

    async def perform(self, plan: Plan) -> Verdict:
        verdict: Verdict = await self.engine.submit(Perform(plan=plan, typed_name="worker"))
        return verdict

    async def undo_plan(self, plan: Plan) -> Plan:
        """What U plans: the inverse of the last operation."""
        inverse = plan.operations[-1].inverse
        assert inverse is not None
        return await self.plan(inverse[0], **dict(inverse[1]))

    async def undo(self, plan: Plan) -> Verdict:
        """What U does."""
        return await self.perform(await self.undo_plan(plan))


@asynccontextmanager
async def cockpit_on(profile: str, state: Path) -> AsyncIterator[Cockpit]:
    """A cockpit on a profile, ended at the end."""
    loaded = loads(profile, "p.yaml", os.environ)
    assert loaded.profile is not None, loaded.errors
    engine = Engine(assemble(loaded.profile, "shop", state_dir=state, who="tester", host=False))
    engine.start()
    try:
        yield Cockpit(engine)
    finally:
        await asyncio.to_thread(engine.stop)
