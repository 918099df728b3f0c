"""A runner over a profile made in the test, and what it emitted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from cockpit.backends.base import Address, Source, SourceError
from cockpit.backends.resolver import Resolver
from cockpit.board.clock import Clock, ManualClock, SystemClock
from cockpit.board.model import Instance, Reading, SafeText, Sample
from cockpit.board.secrets import Secrets
from cockpit.board.update import Probed, Sampled, Update
from cockpit.probes.run import FIRST_WITHIN, ProbeRunner
from cockpit.profile.schema import Profile
from tests.patience import PATIENCE


def profile_of(probes: Mapping[str, Mapping[str, Any]], **service: Any) -> Profile:
    """A profile with one service "shop" and these probes."""
    declared = {"version": 1, "name": "test", "services": {"shop": {"probes": probes, **service}}}
    return msgspec.convert(declared, Profile)


class Rig:
    """Runs probes and remembers what they said."""

    def __init__(
        self,
        profile: Profile,
        clock: Clock | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        port: int | None = None,
        instance: tuple[Source, Instance] | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self.updates: list[Update] = []
        self.secrets = Secrets()
        self._port = port
        self._changed = asyncio.Event()
        self.runner = ProbeRunner(
            profile,
            clock or SystemClock(),
            self._emit,
            self._resolve,
            secrets=self.secrets,
            environ=environ or {},
            instance_of=lambda _: instance,
            resolver=resolver,
        )

    @property
    def readings(self) -> list[Reading]:
        """All readings so far."""
        return [update.reading for update in self.updates if isinstance(update, Probed)]

    @property
    def samples(self) -> list[Sample]:
        """All samples so far."""
        return [sample for update in self.updates if isinstance(update, Sampled) for sample in update.samples]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The runner as a task, ended at the end."""
        task = asyncio.create_task(self.runner.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, predicate: Callable[[], bool], within: float = PATIENCE) -> None:
        """Wait until an update makes `predicate` true."""
        async with asyncio.timeout(within):
            while not predicate():
                self._changed.clear()
                await self._changed.wait()

    async def at_least(self, readings: int) -> None:
        """Wait for so many readings."""
        await self.until(lambda: len(self.readings) >= readings)

    def _emit(self, update: Update) -> None:
        self.updates.append(update)
        self._changed.set()

    async def _resolve(self, service: str, port: int) -> Address:
        if self._port is None:
            raise SourceError("no running instance to ask")
        return Address("127.0.0.1", self._port, SafeText(f"published port of {port}"))


class AtOnce(SystemClock):
    """The machine's clock, but nobody sleeps: the first question is put at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        if seconds > FIRST_WITHIN:
            await super().sleep(seconds)


async def ask(
    probe: Mapping[str, Any],
    clock: Clock | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    port: int | None = None,
    instance: tuple[Source, Instance] | None = None,
    resolver: Resolver | None = None,
) -> Reading:
    """The first reading of one probe; unless it says so itself, it waits longer for an answer than any may take."""
    probes = {"probe": {"timeout": PATIENCE, **probe}}
    rig = Rig(profile_of(probes), clock or AtOnce(), environ=environ, port=port, instance=instance, resolver=resolver)
    async with rig.running():
        await rig.until(lambda: bool(rig.readings))
    return rig.readings[0]


async def ask_late(probe: Mapping[str, Any], reached: Callable[[], bool], **more: Any) -> Reading:
    """The first reading of a probe whose deadline passes when its question has `reached()` so far, and not before."""
    clock = ManualClock()
    rig = Rig(profile_of({"probe": probe}), clock, **more)
    async with rig.running():
        await clock.advance(FIRST_WITHIN)
        async with asyncio.timeout(PATIENCE):
            while not reached():  # noqa: ASYNC110 - servers tell nobody
                await asyncio.sleep(0.01)
        await clock.advance(2 * float(probe["timeout"]))
        await rig.until(lambda: bool(rig.readings))
    return rig.readings[0]
