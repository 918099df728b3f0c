"""Run as a program: scripted mitigations through the real door and journal, by children that are killed at any point.

argv: directory, rounds, seed. Each child first finds out what became of the changes of the one before, as a cockpit
does at its start, then restarts both replicas again and again. It says "ack ID KIND KEY" of each entry that it was told
is on the disk. What was really done stands in the file `truth`, which the pretended platform writes and reads.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan, Verdict
from cockpit.board.clock import ManualClock
from cockpit.incident.audit import audit
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import TargetBusy
from cockpit.incident.store import Store
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.recover import recover
from cockpit.mitigate.run import Door
from tests.mitigate.world import FakeOperator, InlineJournal, World, operation, plan

STARTED = datetime(2026, 3, 1, tzinfo=UTC)


class Acknowledged(InlineJournal):
    """Says on a pipe what it was told is safe."""

    pipe = 1

    async def append(self, draft: Draft) -> Entry:
        return self._say(await super().append(draft))

    async def open_intent(self, draft: Draft) -> Entry:
        return self._say(await super().open_intent(draft))

    def _say(self, entry: Entry) -> Entry:
        os.write(self.pipe, f"ack {entry.id} {entry.kind} {entry.unique}\n".encode())
        return entry


class TargetBusyRefused(Exception):
    """The other cockpit is changing it: to be tried again."""


class Cockpit:
    """One life: a world that begins as the truth says, a door and a journal."""

    def __init__(self, directory: Path, name: str, pipe: int) -> None:
        self.truth = directory / "truth"
        lines = [json.loads(line) for line in self.truth.read_text().splitlines()] if self.truth.exists() else []
        seen = [datetime.fromisoformat(at) for _, at in lines]
        self.clock = ManualClock(max([STARTED, *seen]) + timedelta(hours=1))
        self.journal = Acknowledged(directory / "state", self.clock, name)
        self.journal.pipe = pipe
        newest = self.journal.store.newest(1)
        if newest:
            self.clock._start = max(self.clock._start, newest[0].recorded + timedelta(minutes=1))
        self.world = World(self.clock)
        for number, at in lines:
            self.world.change(number, started_at=datetime.fromisoformat(at))
        door = FakeOperator({"restart": self.restart})
        self.door = Door(self.journal, self.world, {"main": door}, self.clock, Guard(rules=()))

    def restart(self, target: Operation) -> Outcome:
        """The platform does it and remembers it, whether or not anybody lives to hear of it."""
        number, at = int(target.target.instance[1:]), self.clock.now()
        with self.truth.open("a") as file:
            file.write(json.dumps([number, at.isoformat()]) + "\n")
        self.world.change(number, started_at=at)
        return Outcome(True)

    async def pass_time(self, task: "asyncio.Task[object]") -> object:
        """Let time pass until it is done."""
        while not task.done():
            await self.clock.advance(0.5)
            self.world.seen()
        return await task

    async def look(self) -> None:
        """Find out what became of the changes that dangle."""
        await self.pass_time(asyncio.ensure_future(recover(self.journal, self.world, self.clock)))

    async def live(self, changes: int) -> None:
        """Find out what dangles, then change things so many times; 0: for ever."""
        await self.look()
        done = 0
        while not changes or done < changes:
            both = plan(operation(1), operation(2), made_at=self.clock.now())
            with contextlib.suppress(TargetBusyRefused):
                await self.pass_time(asyncio.ensure_future(self.change(both)))
                done += 1
            await self.clock.advance(5.0)

    async def change(self, both: Plan) -> Verdict:
        """Change it, unless the other cockpit does."""
        try:
            return await self.door.perform(replace(both, hold=2.0))
        except Refused as refused:
            if isinstance(refused.__cause__, TargetBusy):
                raise TargetBusyRefused from refused
            raise


def child(directory: Path, name: str, changes: int, pipe: int) -> int:
    """A cockpit in a process of its own; returns its id."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            asyncio.run(Cockpit(directory, name, pipe).live(changes))
            code = 0
        finally:
            os._exit(code)
    return pid


def main(directory: Path, rounds: int, seed: int) -> None:
    """Kill `rounds` cockpits, each some time after it acknowledged some entries; the last only looks."""
    chance = random.Random(seed)
    for number in range(rounds):
        read, write = os.pipe()
        pid = child(directory, f"life-{number}", 0, write)
        os.close(write)
        with os.fdopen(read) as said:
            for _ in range(chance.randrange(1, 14)):
                sys.stdout.write(said.readline())
            sum(range(chance.randrange(300_000)))  # it goes on meanwhile: how far it gets differs in each round
            os.kill(pid, signal.SIGKILL)
            sys.stdout.write(said.read())
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        store = Store(directory / "state" / "journal.db")
        print("round", ended, *audit(store.raw()).problems, flush=True)
        store.close()
    asyncio.run(Cockpit(directory, "last", 1).look())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
