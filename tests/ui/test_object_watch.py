"""A list that is watched: rows change as objects do, nothing goes on unseen, what cannot be watched is read again."""

import pytest
from msgspec.structs import replace

from cockpit.board.model import Freshness
from cockpit.engine.port import CommandError, ObjectChanges
from cockpit.ui.objectlist import EVERY, WATCHED_AGAIN
from cockpit.ui.objectwatch import MOST, Happened
from tests.ui.cluster import COLUMNS, ROWS, ClusterPort, pod, watched
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import AT
from tests.ui.test_objects import PO, names

CRASHING = pod("web-5c6d7e8f9a-mmp2l", "0/1", "CrashLoopBackOff", "3 (1s ago)", "12d")
NEW = pod("checkout-7d9f8b6c54-abcde", "0/1", "Pending", "0", "0s")


def port_of(**more: object) -> ClusterPort:
    return ClusterPort(pods=(watched(*ROWS, **more),))


async def standing(screen: Shown) -> ClusterPort:
    """The list of pods, watched."""
    port = screen.port
    assert isinstance(port, ClusterPort)
    await screen.press(*PO)
    await screen.pass_time(1)
    port.happen()
    await screen.pass_time(1)
    return port


async def test_a_row_changes_when_its_object_does() -> None:
    async with shown(port_of()) as screen:
        port = await standing(screen)
        assert screen.line(2).endswith("live ──")
        await screen.press("j")
        port.happen(CRASHING, NEW, gone=ROWS[:1])
        await screen.settle()
        await screen.pass_time(3)
        assert names(screen) == [str(one.name) for one in (ROWS[3], NEW, ROWS[1], CRASHING)]
        assert "CrashLoopBackOff 3 (" in next(screen.line(row) for row in range(4, 8) if "web-" in screen.line(row))
        assert any(screen.line(row).startswith(f">{ROWS[1].name}") for row in range(4, 8)), (
            "the cursor stays on its object"
        )
        await screen.press("ctrl+z")
        assert names(screen) == [str(one.name) for one in (NEW, ROWS[1], CRASHING)]
        await screen.pass_time(10 * EVERY)
        assert len(port.asked) == 1, "it is not read again"


async def test_it_is_live_only_while_its_cluster_is_heard_of() -> None:
    async with shown(port_of()) as screen:
        port = await standing(screen)
        sources = tuple(replace(one, freshness=Freshness.STALE) for one in port.frame().snapshot.sources)
        await screen.push(snapshot=replace(port.frame().snapshot, sources=sources))
        await screen.pass_time(1)
        assert "live" not in screen.line(2)
        assert screen.line(2).endswith("old ──")


async def test_nothing_is_watched_unseen_and_it_goes_on_from_where_it_was() -> None:
    async with shown(port_of()) as screen:
        port = await standing(screen)
        await screen.press("question_mark")
        (first, ended), *more = port.watches
        assert ended.cancelled()
        assert not more
        await screen.pass_time(100)
        assert len(port.watches) == 1
        await screen.press("escape")
        await screen.pass_time(1)
        assert [one.since for one, _ in port.watches] == [((0, "7"),), ((0, "9"),)]
        port.happen(CRASHING)
        await screen.pass_time(1)
        await screen.press("escape")
        assert all(end.cancelled() for _, end in port.watches)
        assert len(port.asked) == 1
        assert first.source == "prod"


async def test_what_cannot_be_watched_is_read_again_and_later_tried_again() -> None:
    async with shown(port_of()) as screen:
        port = screen.port
        assert isinstance(port, ClusterPort)
        await screen.press(*PO)
        await screen.pass_time(1)
        port.watches[-1][1].set_exception(CommandError("pods: not permitted: needs watch on pods"))
        await screen.settle()
        await screen.pass_time(EVERY)
        await screen.settle()
        assert len(port.asked) == 2
        assert "not permitted" not in screen.text()
        assert "old" in screen.line(2)
        assert len(port.watches) == 1
        await screen.pass_time(WATCHED_AGAIN)
        assert len(port.watches) == 2


@pytest.mark.parametrize("how", ["forgotten", "columns", "lost"])
async def test_a_watch_that_ends_is_followed_by_a_reading(how: str) -> None:
    async with shown(port_of()) as screen:
        port = await standing(screen)
        if how == "columns":
            port.happen(CRASHING, columns=COLUMNS[:2])
        elif how == "lost":
            port.watches[-1][1].set_exception(CommandError("prod does not answer"))
        else:
            port.watches[-1][1].set_result(None)
        await screen.settle()
        await screen.pass_time(1)
        await screen.pass_time(EVERY)
        assert len(port.asked) == 2
        assert names(screen) == [str(one.name) for one in ROWS]


async def test_a_part_of_a_list_is_read_again() -> None:
    async with shown(port_of(remaining=100)) as screen:
        port = screen.port
        assert isinstance(port, ClusterPort)
        await screen.press(*PO)
        await screen.pass_time(EVERY)
        assert not port.watches
        assert len(port.asked) == 2


def test_of_each_object_only_the_last_is_kept_and_too_much_is_said() -> None:
    happened = Happened()
    changes = ObjectChanges(at=AT, since=(0, "1"), columns=COLUMNS, rows=(NEW, CRASHING))
    happened.put(changes)
    happened.put(ObjectChanges(at=AT, since=(0, "2"), rows=(CRASHING,), gone=(NEW.key,)))
    news = happened.take()
    assert news.changed == {NEW.key: None, CRASHING.key: CRASHING}
    assert [one.since for one in news.heard] == [(0, "2")]
    assert (news.columns, news.whole) == (frozenset({COLUMNS}), True)
    assert not happened.take().changed
    for number in range(MOST // 100 + 1):
        rows = tuple(pod(f"p-{number}-{n}", "1/1", "Running", "0", "1d") for n in range(100))
        happened.put(replace(changes, rows=rows))
    assert not happened.take().whole
