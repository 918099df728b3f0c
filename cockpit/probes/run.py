"""Runs the probes of a profile: a task for each, so that none waits for another, and a bounded number in flight."""

import asyncio
from collections.abc import Mapping
from random import Random

from cockpit.backends.base import Emit
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver
from cockpit.board.clock import Clock
from cockpit.board.model import ReadingState
from cockpit.board.secrets import Secrets
from cockpit.board.update import Probed, Sampled
from cockpit.probes.ask import Answer, Asker, CannotAsk, InstanceOf, Means, Resolve, Stopwatch
from cockpit.probes.commands import CommandAsker, ExecAsker
from cockpit.probes.http import HttpAsker
from cockpit.probes.http_client import Clients
from cockpit.probes.line import Line
from cockpit.probes.promql import PromqlAsker
from cockpit.probes.samples import Sampler, thresholds_of
from cockpit.probes.tcp import TcpAsker
from cockpit.profile.probes import AnyProbe, CommandProbe, ExecProbe, HttpProbe, PromqlProbe, TcpProbe
from cockpit.profile.schema import Profile

IN_FLIGHT = 32
IN_FLIGHT_LATE = 16
"""Of those whose last answer came too late: however many endpoints hang, they wait only for each other."""
SOURCE = "probes"
FIRST_WITHIN = 0.3
"""Seconds over which the first questions are spread: soon enough for the first paint, not all at once."""
JITTER = 0.1
SOON = 0.25
"""Seconds to the next try when a question could not be put (nothing runs yet); doubled up to the probe's interval."""


class ProbeRunner:
    """Asks every probe at its interval and emits `Probed`, and `Sampled` where it yields numbers."""

    def __init__(
        self,
        profile: Profile,
        clock: Clock,
        emit: Emit,
        resolve: Resolve,
        *,
        secrets: Secrets,
        environ: Mapping[str, str],
        instance_of: InstanceOf,
        resolver: Resolver | None = None,
    ) -> None:
        self._clock, self._emit = clock, emit
        self._random = Random()
        self._files, self._names = Pool("probe-setup", 2), Pool("probe-dns", 16)
        self._resolver = resolver or Resolver(self._names)
        self._clients = Clients(self._files)
        means = Means(
            clock=clock,
            resolve=resolve,
            instance_of=instance_of,
            environ=environ,
            resolver=self._resolver,
            pool=self._files,
            secrets=secrets,
        )
        self._slots, self._late_slots = asyncio.Semaphore(IN_FLIGHT), asyncio.Semaphore(IN_FLIGHT_LATE)
        self._lines = [
            Line(service, name, spec, self._asker(service, spec, means), self._sampler(profile, service, spec), means)
            for service, declared in profile.services.items()
            for name, spec in declared.probes.items()
        ]

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for line in self._lines:
                    group.create_task(self._repeat(line), name=f"probe {line.service}/{line.probe}")
        finally:
            await self._clients.close()
            await self._resolver.close()
            self._names.close()
            self._files.close()

    async def _repeat(self, line: Line) -> None:
        await self._clock.sleep(self._random.uniform(0.0, min(FIRST_WITHIN, line.spec.every)))
        while True:
            begun = self._clock.monotonic()
            await self._ask(line)
            wait = line.pause(SOON) * self._random.uniform(1 - JITTER, 1 + JITTER)
            await self._clock.sleep(max(0.0, wait - (self._clock.monotonic() - begun)))

    async def _ask(self, line: Line) -> None:
        async with self._late_slots if line.late else self._slots:
            watch = Stopwatch(self._clock)
            answer = await self._answer(line, watch)
            if line.doubtful(answer, watch):
                watch = Stopwatch(self._clock)
                answer = await self._answer(line, watch)
        at = self._clock.now()
        reading, samples = line.read(answer, watch, at)
        self._emit(Probed(at=at, reading=reading))
        if samples:
            self._emit(Sampled(source=SOURCE, at=at, samples=samples))

    def _asker(self, service: str, spec: AnyProbe, means: Means) -> Asker:
        match spec:
            case HttpProbe():
                return HttpAsker(service, spec, means, self._clients)
            case TcpProbe():
                return TcpAsker(service, spec, means)
            case ExecProbe():
                return ExecAsker(service, spec, means)
            case CommandProbe():
                return CommandAsker(spec, means)
            case PromqlProbe():
                return PromqlAsker(spec)

    @staticmethod
    def _sampler(profile: Profile, service: str, spec: AnyProbe) -> Sampler:
        return Sampler(service, spec.samples, thresholds_of(profile, profile.services[service]))

    async def _answer(self, line: Line, watch: Stopwatch) -> Answer:
        limit = float(line.spec.timeout)
        try:
            async with self._clock.timeout(limit + line.asker.slack):
                answer = await line.asker.ask(watch)
            line.unasked, line.late = 0, False
            return answer
        except TimeoutError:
            line.unasked, line.late = 0, True
            return Answer(state=ReadingState.DOWN, detail=watch.late(limit))
        except CannotAsk as error:
            line.unasked += 1
            return Answer(state=ReadingState.UNKNOWN, detail=str(error))
        except Exception as error:
            # A fault of ours must neither end the other probes nor pass for an answer of the service.
            return Answer(state=ReadingState.UNKNOWN, detail=f"the probe failed: {type(error).__name__}: {error}")
