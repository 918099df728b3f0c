"""A running demo as tests see it: its watch stream folded into what is true now, and ways to act on it."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

from cockpit.board.clock import SystemClock
from cockpit.demo.client import DemoClient
from cockpit.demo.launch import DemoHost
from cockpit.demo.shop.wire import CallError, call
from tests.patience import PATIENCE

Facts = dict[str, Any]
PACE = 0.2
"""Slow rhythms (health checks each second, back-off) run five times as fast in tests."""


class PatientClient(DemoClient):
    """Waits longer for an answer than any may take."""

    async def request(self, op: str, deadline: float = PATIENCE, **params: Any) -> Facts:
        return await super().request(op, deadline, **params)


class Platform:
    """The newest facts of every instance, service and fault; `events` holds all that came."""

    def __init__(self, host: DemoHost, client: DemoClient) -> None:
        self.host, self.client = host, client
        self.instances: dict[str, Facts] = {}
        self.services: dict[str, Facts] = {}
        self.faults: dict[str, Facts] = {}
        self.events: list[Facts] = []
        self._stream = cast(AsyncGenerator[Facts], client.stream("watch"))

    async def _step(self) -> None:
        event = await anext(self._stream)
        self.events.append(event)
        kind = event["type"]
        if kind == "snapshot":
            self.instances = {each["name"]: each for each in event["instances"]}
            self.services = {each["name"]: each for each in event["services"]}
            self.faults = {each["name"]: each for each in event["faults"]}
        elif kind == "removed":
            del self.instances[event["instance"]]
        elif kind in ("instance", "service", "fault"):
            into = {"instance": self.instances, "service": self.services, "fault": self.faults}[kind]
            into[event[kind]["name"]] = event[kind]

    async def until(self, holds: Callable[[], bool], within: float = PATIENCE) -> None:
        """Follow the stream until `holds`; fails with what is true instead."""
        try:
            async with asyncio.timeout(within):
                while not holds():
                    await self._step()
        except TimeoutError:
            shown = {name: [facts[key] for key in SHOWN] for name, facts in self.instances.items()}
            raise AssertionError(f"not within {within:g} s; now {json.dumps(shown, indent=1)}") from None

    async def all_healthy(self) -> None:
        await self.until(self.is_well)

    def is_well(self) -> bool:
        return bool(self.instances) and all(
            each["health"] == "healthy" and each["health_status"] == "ok" for each in self.instances.values()
        )

    def of(self, service: str) -> list[Facts]:
        return [each for each in self.instances.values() if each["service"] == service]

    def says(self, instance: str, words: str) -> bool:
        """Whether the instance's health names `words` as not well."""
        facts = self.instances[instance]
        return bool(facts["health_status"] != "ok" and words in facts["health_detail"])

    def get(self, instance: str, path: str, method: str = "GET", timeout: float = PATIENCE) -> tuple[int, Any]:
        """(status, JSON or text) of one request to an instance; (0, words) when there was no answer."""
        try:
            status, body = call(self.instances[instance]["port"], method, path, timeout=timeout)
        except CallError as error:
            return 0, str(error)
        return status, json.loads(body) if body.startswith((b"{", b"[")) else body.decode()

    async def lines(self, instance: str, **params: Any) -> list[Facts]:
        """Log lines of an instance as they are kept now."""
        found: list[Facts] = []
        async with aclosing(
            cast(AsyncGenerator[Facts], self.client.stream("logs", instance=instance, **params))
        ) as log:
            async for event in log:
                found += event.get("lines", [])
        return found

    async def line(self, instance: str, words: str, within: float = PATIENCE) -> str:
        """Follow an instance's log until a line holds `words`."""
        stream = self.client.stream("logs", instance=instance, follow=True)
        async with asyncio.timeout(within), aclosing(cast(AsyncGenerator[Facts], stream)) as log:
            async for event in log:
                for line in event.get("lines", []):
                    if words in line["text"]:
                        return str(line["text"])
        raise AssertionError(f"{instance}: its log ended without {words!r}")

    async def close(self) -> None:
        await self._stream.aclose()


SHOWN = ("state", "health", "health_status", "health_detail", "exit_code", "restarts", "effects", "release")


@asynccontextmanager
async def running(pace: float = PACE) -> AsyncGenerator[Platform]:
    """A demo of its own, all healthy; nothing of it is left afterwards."""
    clock = SystemClock()
    host = DemoHost.start(pace)
    await host.ready(clock)
    platform = Platform(host, PatientClient(host.socket, clock))
    try:
        await platform.all_healthy()
        yield platform
    finally:
        await platform.close()
        await host.close(clock)
        assert not exists(host.folder)


def exists(path: str) -> bool:
    return os.path.lexists(path)


def text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


async def gone(pid: int, within: float = PATIENCE) -> None:
    """Wait until a process has ended, whoever's child it is."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, ended.set)
    try:
        async with asyncio.timeout(within):
            await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
