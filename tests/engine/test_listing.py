"""Commands that list a cluster's kinds and objects, through the engine: who answers, and what the reader is told."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import Form, ObjectChanges, ObjectKind, ObjectPage, ObjectQuery, Since
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.engine import listing
from cockpit.engine.commands import dispatch
from cockpit.engine.port import CommandError, DescribeObject, ListKinds, ListObjects, WatchObjects
from tests.engine.fakes import FakeSource
from tests.engine.test_core import good, running
from tests.ui.cluster import KINDS, ROWS, page
from tests.ui.fakeport import AT


class Catalogue:
    """Answers; `hangs`: never."""

    hangs = False

    async def kinds(self) -> tuple[ObjectKind, ...]:
        return KINDS

    async def page(self, query: ObjectQuery) -> ObjectPage:
        if self.hangs:
            await asyncio.Event().wait()
        if query.kind != "po":
            raise SourceError(f"there is no {query.kind}")
        return page(*ROWS)

    async def watch(self, query: ObjectQuery, since: tuple[Since, ...], take: Callable[[ObjectChanges], None]) -> None:
        take(ObjectChanges(at=AT, since=since[0], rows=ROWS))
        await asyncio.Event().wait()

    async def show(self, kind: str, space: str, name: str, form: Form) -> SafeText:
        return SafeText(f"{form} {kind} {space}/{name}")


class Cluster(FakeSource):
    """A source with a catalogue."""

    catalogue = Catalogue()


def cluster(clock: Clock) -> FakeSource:
    return Cluster(clock, "bad")


async def test_a_source_with_a_catalogue_answers() -> None:
    async with running(good, cluster) as on:
        assert await dispatch(on.core, ListKinds("bad")) == KINDS
        assert (await dispatch(on.core, ListObjects("bad", ObjectQuery(kind="po")))).rows == ROWS
        command = DescribeObject(source="bad", kind="po", space="shop", name="web", form="yaml")
        assert await dispatch(on.core, command) == "yaml po shop/web"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (ListKinds("good"), "good has no kinds of objects to list: only clusters do"),
        (ListKinds("nowhere"), "nowhere is not watched"),
        (ListObjects("bad", ObjectQuery(kind="x")), "there is no x"),
    ],
)
async def test_who_cannot_answer_says_why(command: Any, words: str) -> None:
    async with running(good, cluster) as on:
        with pytest.raises(CommandError) as failed:
            await dispatch(on.core, command)
        assert str(failed.value) == words


async def test_a_watch_goes_on_until_nobody_wants_it() -> None:
    heard: list[ObjectChanges] = []
    command = WatchObjects(source="bad", query=ObjectQuery(kind="po"), since=((0, "7"),), take=heard.append)
    async with running(good, cluster) as on:
        asked = asyncio.create_task(dispatch(on.core, command))
        await on.clock.advance(10 * listing.DEADLINE)
        assert [(one.since, one.rows) for one in heard] == [((0, "7"), ROWS)]
        assert not asked.done()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked


async def test_an_answer_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalogue, "hangs", True)
    async with running(good, cluster) as on:
        asked = asyncio.create_task(dispatch(on.core, ListObjects("bad", ObjectQuery(kind="po"))))
        await on.clock.advance(listing.DEADLINE + 1)
        with pytest.raises(CommandError, match="ListObjects: no answer within 40 s"):
            await asked
