"""The demo's faults as the engine's commands see them: a list, and a switch for each."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import cast

from cockpit.board.clock import Clock
from cockpit.board.text import safe
from cockpit.demo.client import DemoClient, DemoError, Facts
from cockpit.demo.faults import BY_NAME
from cockpit.demo.told import FaultTold, PlatformTold, read
from cockpit.engine.port import CommandError

STARTS_WITHIN = 10.0


def unknown_drill(name: str | None, known: Collection[str] = BY_NAME) -> str:
    """What is wrong with the name of a drill; empty when there is such a fault, or none is asked for."""
    if not name or name in known:
        return ""
    return f"{safe(name, 60)} is no drill; there are {', '.join(known)}"


class DemoFaults:
    """Starts and ends faults. speed: how quickly slow ones unfold (1.0 as in life, more is quicker)."""

    def __init__(self, socket: str, clock: Clock, speed: float = 1.0) -> None:
        self._client, self._clock, self._speed = DemoClient(socket, clock), clock, speed

    async def faults(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, description, active) of each. CommandError when the host does not answer."""
        try:
            found = (await self._client.request("faults"))["faults"]
            told = read(found, tuple[FaultTold, ...])
        except DemoError as error:
            raise CommandError(str(error)) from None
        return tuple((one.name, one.line, one.active) for one in told)

    async def inject(self, name: str, on: bool) -> None:
        """Start or end one; a service that is just being started is waited for. CommandError when it cannot be."""
        if wrong := unknown_drill(name):
            raise CommandError(wrong)
        try:
            if on:
                await self._started(BY_NAME[name].service)
            await self._client.request("fault", name=name, on=on, speed=self._speed)
        except DemoError as error:
            raise CommandError(str(error)) from None

    async def _started(self, service: str) -> None:
        """Wait while the service is only starting, at most 10 s; what else it may be is for the host to judge."""
        states: dict[str, str] = {}
        stream = cast(AsyncGenerator[Facts, None], self._client.stream("watch"))
        try:
            async with self._clock.timeout(STARTS_WITHIN), aclosing(stream) as events:
                async for event in events:
                    if event["type"] == "snapshot":
                        told = read(event, PlatformTold).instances_of(service)
                        states = {one.name: one.state for one in told}
                    elif event["type"] == "instance" and event["instance"]["service"] == service:
                        states[event["instance"]["name"]] = event["instance"]["state"]
                    if "running" in states.values() or "starting" not in states.values():
                        return
        except TimeoutError:
            return
