"""A runner over a profile made in the test, and what it emitted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from cockpit.backends.base import Address, Source, SourceError
from cockpit.board.clock import Clock, SystemClock
from cockpit.board.model import Instance, Reading, SafeText, Sample
from cockpit.board.secrets import Secrets
from cockpit.board.update import Probed, Sampled, Update
from cockpit.probes.resolver import Resolver
from cockpit.probes.run import ProbeRunner
from cockpit.profile.schema import Profile


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

    async def until(self, predicate: Callable[[], bool], within: float = 10.0) -> None:
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


async def ask(
    probe: Mapping[str, Any],
    clock: Clock | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    port: int | None = None,
    instance: tuple[Source, Instance] | None = None,
    resolver: Resolver | None = None,
) -> Reading:
    """The first reading of one probe."""
    rig = Rig(profile_of({"probe": probe}), clock, environ=environ, port=port, instance=instance, resolver=resolver)
    async with rig.running():
        await rig.until(lambda: bool(rig.readings))
    return rig.readings[0]
