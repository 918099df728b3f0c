"""Reads the logs of what is about to be changed, keeps that window as evidence, and tells what is new in them after."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, cast

from cockpit.backends.base import SourceError
from cockpit.backends.capture import Keeper, Part, capture
from cockpit.backends.change import Facts, Plan
from cockpit.board.model import Identity, SafeText
from cockpit.board.text import safe
from cockpit.engine.follow import Read
from cockpit.engine.streams import Around
from cockpit.logs.ingest import Ingest
from cockpit.logs.line import Level, LogRequest, RawLine
from cockpit.logs.ring import Parsed
from cockpit.logs.shapes import shape_of
from cockpit.logs.structured import columns
from cockpit.mitigate.witness import SILENT, Testimony, history

WINDOW = timedelta(minutes=10)
LIMIT = 5 * 1024 * 1024
"""Bytes that are kept of all logs together; the newest."""
LINES = 10_000
"""Lines of one log."""
LOGS = 20
WITHIN = 5.0
"""Seconds for reading, and again for keeping: a log that hangs must not hold up a change for longer."""
KINDS, NEWS = 5, 3
"""Kinds of errors that are named before, and after."""


class LogWitness:
    """Sees through the sources that the engine observes with. keeper: writes what was read; None: it is not kept."""

    def __init__(self, around: Around, keeper: Keeper | None) -> None:
        self._around, self._keeper = around, keeper

    async def before(self, plan: Plan) -> Testimony:
        """The last ten minutes of the logs, with the history of probes and restarts."""
        if plan.attended:
            return SILENT
        now = self._around.clock.now()
        heard = await self.hear(plan, now - WINDOW)
        past = history(self._around.board.snapshot(), plan)
        facts = (*heard.facts(now - WINDOW), *past, *await self._keep(plan, heard))
        return _Window(self, plan, now, heard, facts)

    async def hear(self, plan: Plan, since: datetime) -> "Heard":
        """What the logs of a plan's targets and services said since then."""
        logs = list(self._logs(plan))
        heard = Heard(LIMIT // max(1, min(len(logs), LOGS)))
        if len(logs) > LOGS:
            heard.missing.append(f"{len(logs) - LOGS} more logs")
        works = [self._one(log, since, heard) for log in logs[:LOGS]]
        try:
            async with self._around.clock.timeout(WITHIN):
                await asyncio.gather(*works)
        except TimeoutError:
            heard.missing.append(f"not read to the end within {WITHIN:.0f} s")
        return heard

    async def _one(self, log: "_Log", since: datetime, heard: "Heard") -> None:
        request = LogRequest(instance=log.id, since=since, tail=LINES, follow=False)
        ingest = Ingest(log.name, self._around.mask)
        try:
            async with aclosing(cast("AsyncGenerator[Sequence[RawLine], None]", log.read(request))) as batches:
                async for batch in batches:
                    heard.take(log.name, ingest(batch))
        except Exception as error:  # a backend may fail in any way; what cannot be read stops no change
            why = str(error) if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
            heard.missing.append(f"{log.name}: {why}")
        else:
            heard.read += 1

    def _logs(self, plan: Plan) -> "Iterator[_Log]":
        around = self._around
        targets = {one.target.workload for one in plan.operations}
        for workload in around.board.workloads().values():
            source = around.sources.get(workload.source)
            if source is not None and workload.id in targets and workload.node is None:
                for instance in workload.instances:
                    yield _Log(instance.id, instance.name, source.logs)
        for key in plan.services if around.files is not None else ():
            for name, path in around.file_logs.get(key, ()):
                yield _Log(Identity("file", "", "", "file", key, path), f"{key}-{name}", cast("Read", around.files))

    async def _keep(self, plan: Plan, heard: "Heard") -> Facts:
        if self._keeper is None or not heard.lines:
            return ()
        parts = [Part(name=f"{name}.log", read=partial(_lines, kept), limit=LIMIT) for name, kept in heard.kept.items()]
        try:
            async with self._around.clock.timeout(WITHIN):
                return (await capture(self._keeper, f"{plan.service}-before-{plan.verb}", parts)).facts
        except TimeoutError:
            return (("missing", safe(f"the log before: not written within {WITHIN:.0f} s")),)


class _Log(NamedTuple):
    """One log that is read."""

    id: Identity
    name: str
    read: Read


class Heard:
    """What logs said: lines, kinds of errors, the newest bytes of each, and what could not be read. room: for each."""

    def __init__(self, room: int) -> None:
        self.lines = self.read = 0
        self.errors: Counter[SafeText] = Counter()
        self.kept: dict[str, deque[bytes]] = {}
        self.missing: list[str] = []
        self._room = room
        self._sizes: Counter[str] = Counter()

    def take(self, name: str, lines: list[Parsed]) -> None:
        """Some lines of one log, made safe and masked."""
        if not lines:
            return
        kept = self.kept.setdefault(name, deque())
        for line in lines:
            self.lines += 1
            if line.level >= Level.ERROR:
                # A JSON line's own shape is "{…: …}": its message and fields tell one error from another.
                self.errors[shape_of(columns(line.text, time=False) or line.text)] += 1
            at = line.at.isoformat(timespec="milliseconds") if line.at else "-"
            kept.append(f"{at} {line.stream or '-'} {line.text}\n".encode())
            self._sizes[name] += len(kept[-1])
        while self._sizes[name] > self._room:
            self._sizes[name] -= len(kept.popleft())

    def facts(self, since: datetime) -> Facts:
        """For the intent."""
        if not self.read and not self.lines:
            return tuple(("log not read", safe(why, 300)) for why in self.missing[:NEWS])
        kinds = f"{self.errors.total()} errors of {len(self.errors)} kinds" if self.errors else "no error"
        return (
            ("log before", safe(f"{self.lines} lines since {since:%H:%M:%S}Z, {kinds}")),
            *(("error before", safe(f"{count} x {shape}", 250)) for shape, count in self.errors.most_common(KINDS)),
            *(("log not read", safe(why, 300)) for why in self.missing[:NEWS]),
        )


async def _lines(kept: deque[bytes]) -> AsyncGenerator[bytes, None]:
    for line in kept:
        yield line


class _Window:
    """The logs before one plan."""

    def __init__(self, witness: LogWitness, plan: Plan, at: datetime, heard: Heard, facts: Facts) -> None:
        self._witness, self._plan, self._at, self._before = witness, plan, at, heard
        self.facts = facts

    async def since(self) -> tuple[SafeText, ...]:
        """Kinds of errors that were not there before."""
        now, before = await self._witness.hear(self._plan, self._at), self._before
        if not now.read and not now.lines:
            return ()
        known = bool(before.read or before.lines)
        new = [(shape, count) for shape, count in now.errors.most_common() if shape not in before.errors]
        word = "new in the log since" if known else "errors in the log since (what was before is not known)"
        lines = [safe(f"{word}: {count} x {shape}", 250) for shape, count in new[:NEWS]]
        if len(new) > NEWS:
            lines.append(safe(f"and {len(new) - NEWS} more kinds of error"))
        return tuple(lines) or (safe(f"no new kind of error in {now.lines} log lines since"),)
