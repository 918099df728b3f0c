"""A source that plays a recording, with logs that flow, and an operator that plans restarts: nothing real."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, Verb
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Phase, SafeText, Workload
from cockpit.board.update import Heard
from cockpit.engine.replay import replay
from cockpit.logs.line import LogRequest, RawLine

Script = Mapping[str, Sequence[tuple[float, str]]]
"""An instance's id -> its lines, each with its seconds after the start of the recording; "" ends its log there."""

HEARD_EVERY = 5.0
BATCH = 0.05
"""Seconds of lines that come together when there are many."""
_PATHS = ("/api/v1/orders", "/api/v1/cart", "/api/v1/items/4711", "/health", "/api/v1/search?q=lamp", "/login")
_PROBLEMS = (
    "WARN  retry 2/3 postgres:5432 connection refused",
    "ERROR pool exhausted after 30000 ms (size 20, waiting 118)",
)


class StageSource:
    """Every instance writes `rate` lines a second after `history` older ones, or what `script` says."""

    def __init__(self, recording: Path, started: datetime, clock: Clock, *, rate: float, history: int, script: Script):
        self._recording, self._started, self._clock = recording, started, clock
        self._rate, self._history, self._script = rate, history, script

    @property
    def name(self) -> str:
        return "main"

    async def observe(self, emit: Emit) -> None:
        async for update in replay(self._recording, self._clock):
            emit(update)
        while True:
            await self._clock.sleep(HEARD_EVERY)
            emit(Heard(source=self.name, at=self._clock.now()))

    def focus(self, visible: frozenset[Identity]) -> None:
        """All of it is measured anyway."""

    async def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        instance = request.instance.instance
        if self._script:
            async for line in self._scripted(instance, request.since or self._started, follow=request.follow):
                yield [line]
            return
        lines_of = _made_up(instance)
        now = self._clock.now()
        yield [
            RawLine(now - timedelta(seconds=(self._history - n) * 0.7), "out", next(lines_of))
            for n in range(self._history)
        ]
        if not request.follow:
            return
        async for batch in self._flowing(lines_of):
            yield batch

    async def _scripted(self, instance: str, since: datetime, *, follow: bool) -> AsyncIterator[RawLine]:
        """Each line from `since` on at its moment. The log ends at an empty one that is still to come, or the last.

        follow False: it ends with what there is by now.
        """
        opened, text = self._clock.now(), "-"
        for seconds, text in self._script.get(instance, ()):
            at = self._started + timedelta(seconds=seconds)
            if at > opened and not follow:
                return
            await self._clock.sleep((at - self._clock.now()).total_seconds())
            if text and at >= since:
                yield RawLine(at, "out", text.encode())
            elif not text and at > opened:
                return
        if text and follow:
            await asyncio.Event().wait()

    async def _flowing(self, lines_of: Iterator[bytes]) -> AsyncIterator[Sequence[RawLine]]:
        if not self._rate:
            await asyncio.Event().wait()
        pause = max(BATCH, 1 / self._rate)
        while True:
            await self._clock.sleep(pause)
            now = self._clock.now()
            yield [RawLine(now, "out", next(lines_of)) for _ in range(max(1, round(self._rate * pause)))]

    async def inspect(self, identity: Identity) -> SafeText:
        return SafeText(f"all of {identity.name}")

    async def address(self, workload: Workload, port: int) -> Address:
        return Address("127.0.0.1", port, SafeText("as it is"))

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        raise SourceError("nothing runs on a stage")

    async def close(self) -> None:
        """Nothing is held."""


def _made_up(instance: str) -> Iterator[bytes]:
    """What a web service writes, the same for the same instance."""
    chance = random.Random(instance)
    number = 0
    while True:
        number += 1
        if number % 29 == 0:
            yield chance.choice(_PROBLEMS).encode()
        else:
            path, spent = chance.choice(_PATHS), chance.randrange(2, 900)
            yield f'INFO  request={chance.getrandbits(32):08x} "GET {path}" 200 in {spent} ms'.encode()


class StageOperator:
    """Plans restarts as the Docker backend words them, and only says that they were accepted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        return (Verb(name="restart", title="restart"), Verb(name="stop", title="stop", danger="high"))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        operations = tuple(
            Operation(
                verb=verb,
                title=SafeText(f"{verb} {one.name}"),
                target=one.id,
                before=(("state", _state(one.phase, one.exit_code)), ("image", one.image)),
                after=(("state", SafeText("running, and healthy if it has a check")),),
                command=SafeText(f"docker -H unix:///var/run/docker.sock {verb} --time 10 {one.name}"),
            )
            for one in workload.instances
        )
        risk = "none of it is ready: nothing to lose"
        if any(one.phase is Phase.RUNNING for one in workload.instances):
            risk = f"one at a time: at least {len(operations) - 1} of {len(operations)} ready stay up"
        return Plan(
            id=f"stage-{next(self._numbers)}",
            verb=verb,
            service=workload.id.name,
            workload=workload.id,
            source=workload.source,
            where=workload.where,
            operations=operations,
            made_at=self._clock.now(),
            risks=(SafeText(risk),),
        )

    async def check(self, operation: Operation) -> str:
        return ""

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        return Outcome(True, SafeText("accepted; what comes of it stands in the recording"))

    async def close(self) -> None:
        """Nothing is held."""


def _state(phase: Phase, exit_code: int | None) -> SafeText:
    return SafeText(phase.value if exit_code is None else f"{phase.value} {exit_code}")
