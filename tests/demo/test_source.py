"""The demo as a source, on a real host: what it emits, its logs, inspections, addresses, and its end."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import cast

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.board.clock import SystemClock
from cockpit.board.model import Phase, Workload
from cockpit.board.revision import difference
from cockpit.board.secrets import Secrets
from cockpit.board.update import Changed, Declared, Listed, Sampled, Update
from cockpit.demo.source import DemoSource
from cockpit.logs.line import LogRequest, RawLine
from tests.demo.platform import Platform
from tests.patience import PATIENCE

KEY = "demo-4f1c-not-a-real-key"


class Watched:
    """A source that is observed; `updates` is all that it emitted."""

    def __init__(self, demo: Platform) -> None:
        self.demo = demo
        self.secrets = Secrets()
        self.source = DemoSource("demo", demo.host.socket, SystemClock(), self.secrets)
        self.updates: list[Update] = []
        self._new = asyncio.Event()
        self.task = asyncio.create_task(self.source.observe(self._emit))

    def _emit(self, update: Update) -> None:
        self.updates.append(update)
        self._new.set()

    @property
    def workloads(self) -> dict[str, Workload]:
        """By name, as told last."""
        found: dict[str, Workload] = {}
        for update in self.updates:
            if isinstance(update, Listed):
                found = {one.id.name: one for one in update.workloads}
            elif isinstance(update, Changed):
                found[update.workload.id.name] = update.workload
        return found

    async def until(self, holds: Callable[[], object], within: float = PATIENCE) -> None:
        async with asyncio.timeout(within):
            while not holds():
                self._new.clear()
                await self._new.wait()

    async def sees(self, service: str, holds: Callable[[Workload], bool]) -> Workload:
        """The first state of a service that holds, of all that are told from now on, however short it lasts."""
        seen = len(self.updates)

        def told() -> Workload | None:
            changes = [update.workload for update in self.updates[seen:] if isinstance(update, Changed)]
            return next((one for one in changes if one.id.name == service and holds(one)), None)

        await self.until(told)
        found = told()
        assert found is not None
        return found

    async def lines(self, instance: str, **fields: object) -> list[RawLine]:
        """What a log request gives that does not follow."""
        identity = self.workloads["cart"].id
        request = LogRequest(instance=replace(identity, name=instance.rpartition("-")[0], instance=instance))
        request = replace(request, **({"follow": False, "tail": None} | fields))
        return [line async for batch in self.source.logs(request) for line in batch]


@pytest.fixture
async def watched(demo: Platform) -> AsyncGenerator[Watched]:
    found = Watched(demo)
    await found.until(lambda: len(found.workloads) == 6)
    yield found
    found.task.cancel()
    await asyncio.gather(found.task, return_exceptions=True)


async def test_it_declares_itself_lists_the_shop_and_measures_it(watched: Watched) -> None:
    assert isinstance(watched.updates[0], Declared)
    assert isinstance(watched.updates[1], Listed)
    assert set(watched.workloads) == {"cart", "catalog", "checkout", "gateway", "orders-db", "payments"}
    assert len(watched.workloads["catalog"].instances) == 2

    def measured(metric: str) -> set[str]:
        samples = [one for update in watched.updates if isinstance(update, Sampled) for one in update.samples]
        return {one.target.instance for one in samples if one.metric == metric and not isinstance(one.target, str)}

    everything = {one.id.instance for workload in watched.workloads.values() for one in workload.instances}
    await watched.until(lambda: measured("memory") == everything)
    await watched.until(lambda: measured("cpu") == everything)


async def test_what_happens_in_the_shop_is_told_as_it_happens(watched: Watched) -> None:
    dying = asyncio.create_task(watched.sees("cart", lambda one: one.instances[0].phase is Phase.EXITED))
    await asyncio.sleep(0)
    await watched.demo.client.request("kill", instance="cart-1")
    assert (await dying).instances[0].exit_code == 137
    await watched.until(lambda: watched.workloads["cart"].instances[0].phase is Phase.RUNNING)
    assert watched.workloads["cart"].instances[0].restarts == 1
    await watched.demo.client.request("scale", service="cart", n=2)
    await watched.until(
        lambda: len(watched.workloads["cart"].instances) == 2 and watched.workloads["cart"].desired == 2
    )
    await watched.demo.client.request("remove", instance="cart-1")
    await watched.until(lambda: [one.name for one in watched.workloads["cart"].instances] == ["cart-2", "cart-3"])


async def test_a_host_that_ends_is_lost_with_a_sentence(watched: Watched) -> None:
    os.kill(watched.demo.host.pid, signal.SIGTERM)
    with pytest.raises(SourceError, match="start the demo again"):
        await asyncio.wait_for(watched.task, PATIENCE)


async def test_a_host_that_hangs_is_lost(watched: Watched) -> None:
    os.kill(watched.demo.host.pid, signal.SIGSTOP)
    try:
        with pytest.raises(SourceError, match="no answer to stats within 5 s"):
            await asyncio.wait_for(watched.task, PATIENCE)
    finally:
        os.kill(watched.demo.host.pid, signal.SIGCONT)


async def test_it_lists_again_when_it_is_asked(watched: Watched) -> None:
    lists = sum(isinstance(update, Listed) for update in watched.updates)
    watched.source.relist()
    await watched.until(lambda: sum(isinstance(update, Listed) for update in watched.updates) > lists)


async def test_a_log_has_its_times_and_follows(watched: Watched) -> None:
    old = await watched.lines("cart-1")
    assert any(b"listening" in line.data for line in old)
    assert all(line.at is not None for line in old)
    identity = replace(watched.workloads["cart"].id, instance="cart-1")
    log = cast(AsyncGenerator[list[RawLine]], watched.source.logs(LogRequest(instance=identity, tail=0)))
    async with aclosing(log) as batches:
        wanted = asyncio.ensure_future(anext(batches))
        await watched.demo.client.request("restart", instance="cart-1")
        async with asyncio.timeout(PATIENCE):
            assert (await wanted)[0].at is not None


async def test_a_window_and_the_previous_run_are_given_as_asked(watched: Watched) -> None:
    first = await watched.lines("cart-1")
    assert first[0].at is not None
    before = first[0].at - timedelta(seconds=1)
    assert await watched.lines("cart-1", until=before) == []
    # The host's times are floats: a window's end is meant to the microsecond after it, so that no line is left out.
    end = first[0].at + timedelta(microseconds=1)
    within = await watched.lines("cart-1", since=before, until=first[0].at)
    assert first[0] in within
    assert within == [line for line in first if line.at is not None and line.at <= end][: len(within)]
    assert await watched.lines("cart-1", tail=1) != []
    earlier = watched.workloads["cart"].instances[0].started_at
    await watched.demo.client.request("restart", instance="cart-1")
    await watched.until(lambda: watched.workloads["cart"].instances[0].started_at not in (None, earlier))
    started = watched.workloads["cart"].instances[0].started_at
    previous = await watched.lines("cart-1", previous=True, until=started)
    assert previous[0] == first[0]
    assert any(b"SIGTERM received" in line.data for line in previous)


async def test_a_log_that_is_not_there_says_so(watched: Watched) -> None:
    with pytest.raises(SourceError, match="cart-9: no such instance"):
        await watched.lines("cart-9")


async def test_all_is_told_of_a_service_but_its_secrets(watched: Watched) -> None:
    payments = watched.workloads["payments"].id
    text = await watched.source.inspect(payments)
    assert "PROVIDER_TIMEOUT_MS: 2000" in text
    assert "PROVIDER_API_KEY: ***" in text
    assert KEY not in text
    assert watched.secrets.mask(f"sent {KEY} to the acquirer") == "sent *** to the acquirer"
    one = await watched.source.inspect(replace(watched.workloads["catalog"].id, instance="catalog-2"))
    assert "name: catalog-2" in one
    assert "name: catalog-1" not in one
    with pytest.raises(SourceError, match="no such service"):
        await watched.source.inspect(replace(payments, name="nothing"))


async def test_the_releases_that_a_service_ran_are_its_revisions(watched: Watched) -> None:
    now, *before = await watched.source.revisions(watched.workloads["orders-db"], ())
    assert (now.name, now.current, now.images) == ("15.6", True, ("orders-db:15.6",))
    assert [(one.name, one.current, one.replicas) for one in before] == [("15.5", False, 0)]
    assert difference(before[0], now)[1:3] == ("-release: 15.5", "+release: 15.6")
    unknown = replace(watched.workloads["cart"], id=replace(watched.workloads["cart"].id, name="nothing"))
    with pytest.raises(SourceError, match="no such service"):
        await watched.source.revisions(unknown, ())


async def test_a_port_is_where_the_running_instance_listens(watched: Watched) -> None:
    database = watched.workloads["orders-db"]
    http, line = await watched.source.address(database, 80), await watched.source.address(database, 5432)
    ports = watched.demo.instances["orders-db-1"]["ports"]
    assert (http.host, http.port, line.port) == ("127.0.0.1", ports["http"], ports["db"])
    assert line.how == "db port of orders-db-1"
    for workload, port, words in (
        (database, 8080, "port 80"),
        (watched.workloads["cart"], 5432, "cart has no port 5432"),
        (replace(database, instances=()), 80, "no instance runs"),
    ):
        with pytest.raises(SourceError, match=words):
            await watched.source.address(workload, port)


async def test_there_is_no_inside_to_run_a_command_in(watched: Watched) -> None:
    with pytest.raises(SourceError, match="no inside"):
        await watched.source.execute(watched.workloads["cart"].id, ["true"], 1.0)


async def test_what_is_not_on_the_screen_is_measured_less_often(watched: Watched) -> None:
    cart = watched.workloads["cart"].id
    watched.source.focus(frozenset({cart}))

    def alone() -> bool:
        last = next((one for one in reversed(watched.updates) if isinstance(one, Sampled)), None)
        return last is not None and {one.target for one in last.samples} == {replace(cart, instance="cart-1")}

    await watched.until(alone)
