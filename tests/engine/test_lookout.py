"""The log of objects that no service runs: their pods are looked up, those that come are followed, ends are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectRef
from cockpit.board.model import Instance
from cockpit.engine.lookout import EVERY
from cockpit.engine.port import OpenTail
from tests.engine import stage as stages
from tests.engine.fakes import FakeSource, instance, raw
from tests.engine.stage import Stage, exited, stage

DNS = ObjectRef("fake", "deployments.apps", "kube-system", "dns")
ONE, TWO = instance("dns", 1), instance("dns", 2)


class Catalogue:
    """What is there of the object now; an error is raised."""

    def __init__(self) -> None:
        self.now: tuple[Instance, ...] | Exception = ()
        self.asked = 0

    async def instances(self, one: ObjectRef) -> tuple[Instance, ...]:
        assert one == DNS
        self.asked += 1
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


class Cluster(FakeSource):
    """A source with a catalogue."""

    catalogue = Catalogue()


@asynccontextmanager
async def on_cluster(monkeypatch: pytest.MonkeyPatch, *pods: Instance) -> AsyncIterator[tuple[Stage, Catalogue]]:
    monkeypatch.setattr(Cluster, "catalogue", Catalogue())
    monkeypatch.setattr(stages, "FakeSource", Cluster)
    Cluster.catalogue.now = pods
    async with stage() as on:
        yield on, Cluster.catalogue


async def opened(on: Stage, **more: object) -> str:
    tail = on.tails.open(replace(OpenTail(objects=(DNS,)), **more))
    await on.clock.advance(0)
    return tail


async def test_its_pods_are_followed_also_those_that_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch, ONE) as (on, there):
        tail = await opened(on)
        await on.write("dns-1", raw(1, "one"))
        there.now = (ONE, TWO)
        await on.clock.advance(EVERY)
        await on.write("dns-2", raw(2, "two"))
        assert on.texts(tail) == ["one", "two"]
        assert on.status(tail).following
        there.now = (TWO,)
        await on.clock.advance(EVERY + 6)
        assert on.texts(tail)[2:] == ["--- dns-1 is gone ---"]
        assert on.source.open_streams == 1


async def test_a_pod_that_runs_again_is_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch, ONE) as (on, there):
        tail = await opened(on)
        await on.write("dns-1", raw(1, "first"))
        there.now = (exited(ONE, 1, 2),)
        on.feed("dns-1", None)
        await on.clock.advance(EVERY + 6)
        there.now = (instance("dns", 1, started=9),)
        await on.clock.advance(EVERY)
        await on.write("dns-1", raw(10, "second"))
        assert on.texts(tail) == [
            "first", "--- dns-1 ended: exit 1; nothing is writing any more ---", "--- dns-1 runs again ---", "second",
        ]  # fmt: skip


async def test_a_stream_that_ends_while_its_pod_runs_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch, ONE) as (on, _):
        tail = await opened(on)
        await on.write("dns-1", raw(1, "before"), None, wait=10)
        await on.write("dns-1", raw(1, "before"), raw(20, "after"), wait=1)
        assert on.texts(tail) == [
            "before", "--- log interrupted: the stream ended although it still runs ---",
            "--- reconnected: nothing lost, nothing twice ---", "after",
        ]  # fmt: skip


async def test_what_cannot_be_looked_up_is_told_once_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch) as (on, there):
        there.now = SourceError("dns: not permitted: needs get on deployments.apps")
        tail = await opened(on)
        await on.clock.advance(60)
        assert on.texts(tail) == ["--- dns: not permitted: needs get on deployments.apps ---"]
        assert 2 < there.asked < 30
        there.now = ()
        await on.clock.advance(60)
        assert on.texts(tail)[1:] == ["--- dns: no pod is there now ---"]
        there.now = (ONE,)
        await on.clock.advance(EVERY)
        await on.write("dns-1", raw(121, "up"))
        assert on.texts(tail)[2:] == ["up"]


async def test_a_fault_of_ours_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch) as (on, there):
        there.now = ZeroDivisionError("oops")
        tail = await opened(on)
        there.now = (ONE,)
        await on.clock.advance(10)
        await on.write("dns-1", raw(1, "up"))
        assert sorted(on.texts(tail)) == ["--- ZeroDivisionError: oops ---", "up"]


async def test_what_is_not_followed_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch, ONE) as (on, there):
        tail = await opened(on, previous=True)
        await on.write("dns-1", raw(-1, "before"), None)
        await on.clock.advance(20)
        assert (on.texts(tail), there.asked) == (["before"], 1)


async def test_a_closed_log_looks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_cluster(monkeypatch, ONE) as (on, there):
        tail = await opened(on)
        await on.tails.close_one(tail)
        asked = there.asked
        await on.clock.advance(60)
        assert (there.asked, on.source.open_streams) == (asked, 0)


async def test_a_source_that_lists_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        tail = await opened(on)
        assert on.texts(tail) == ["--- fake has no kinds of objects to list: only clusters do ---"]
