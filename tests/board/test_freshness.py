"""Sources and readings: live, stale after twice their interval, lost after five times."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.freshness import LOST_AFTER, STALE_AFTER, Sources, age
from cockpit.board.model import Freshness, SafeText
from tests.board.fleet import START

LIVE, STALE, LOST = Freshness.LIVE, Freshness.STALE, Freshness.LOST


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "freshness"),
    [(0, LIVE), (20, LIVE), (20.1, STALE), (50, STALE), (50.1, LOST), (1e6, LOST), (-60, LIVE)],
)
def test_ages(seconds: float, freshness: Freshness) -> None:
    assert age(START, 10, START + after(seconds)).freshness is freshness


@given(st.floats(0.5, 1e5), st.floats(0, 1e6), st.floats(0, 1e6))
def test_time_alone_never_makes_fresher(interval: float, first: float, more: float) -> None:
    order = list(Freshness)
    early, late = (age(START, interval, START + after(one)) for one in (first, first + more))
    assert order.index(late.freshness) >= order.index(early.freshness)
    assert late.since <= START + after(first + more)


@given(st.floats(1, 1000))
def test_the_next_moment_is_the_one_at_which_it_gets_worse(interval: float) -> None:
    now = START
    for expected, factor in ((STALE, STALE_AFTER), (LOST, LOST_AFTER)):
        following = age(START, interval, now).next
        assert following == START + after(factor * interval)
        now = following + after(0.001)
        assert age(START, interval, now).freshness is expected
    assert age(START, interval, now).next is None


def declared() -> Sources:
    sources = Sources()
    sources.declare("main", START, SafeText("docker:prod-1"), "docker", 10)
    return sources


def status(sources: Sources) -> tuple[Freshness, str]:
    found = sources.get("main")
    assert found is not None
    return found.freshness, found.why


def test_a_source_is_not_live_before_it_listed() -> None:
    sources = declared()
    assert status(sources) == (STALE, "has not answered yet")
    sources.heard("main", START)
    assert not sources.is_live("main")
    assert status(sources) == (STALE, "is still being listed")
    sources.heard("main", START, listed=True)
    assert status(sources) == (LIVE, "")
    assert not sources.is_live("nobody")


def test_silence() -> None:
    sources = declared()
    sources.heard("main", START, listed=True)
    assert sources.tick(START + after(20)) == []
    assert sources.tick(START + after(21)) == ["main"]
    assert status(sources) == (STALE, "silent, should speak every 10 s")
    assert sources.tick(START + after(22)) == []
    assert sources.tick(START + after(51)) == ["main"]
    found = sources.get("main")
    assert found is not None
    assert (found.freshness, found.since, found.heard_at) == (LOST, START + after(50), START)
    sources.heard("main", START + after(60))
    assert status(sources) == (LIVE, "")


def test_a_source_that_never_answers_is_lost_too() -> None:
    sources = declared()
    assert sources.tick(START + after(51)) == ["main"]
    assert status(sources) == (LOST, "has not answered yet")


def test_lost_keeps_its_moment_and_renews_its_reason() -> None:
    sources = declared()
    sources.heard("main", START, listed=True)
    sources.lost("main", START + after(5), SafeText("connection refused"))
    sources.lost("main", START + after(9), SafeText("no such socket"))
    found = sources.get("main")
    assert found is not None
    assert (found.freshness, found.since, found.why) == (LOST, START + after(5), "no such socket")
    sources.declare("main", START + after(10), SafeText("docker:prod-1"), "docker", 10)
    sources.heard("main", START + after(10))
    assert status(sources)[0] is LOST
    sources.heard("main", START + after(11), listed=True)
    assert status(sources) == (LIVE, "")


def test_a_clock_that_is_set_back_keeps_nobody_live() -> None:
    sources = declared()
    sources.heard("main", START + after(3600), listed=True)
    assert sources.tick(START) == []
    assert sources.tick(START + after(21)) == ["main"]


def test_a_source_that_was_not_declared_is_taken_in() -> None:
    sources = Sources()
    sources.heard("x", START, listed=True)
    sources.lost("y", START, SafeText("gone"))
    assert [(one.name, one.freshness) for one in sources.statuses()] == [("x", LIVE), ("y", LOST)]


def test_what_a_live_source_cannot_see_is_said_until_it_can() -> None:
    sources = declared()
    assert not sources.limited("main", SafeText("needs list events"), SafeText(""))
    sources.heard("main", START, listed=True)
    assert sources.limited("main", SafeText("needs list events"), SafeText(""))
    assert status(sources) == (LIVE, "needs list events")
    sources.heard("main", START + after(5))
    assert status(sources) == (LIVE, "needs list events")
    assert sources.limited("main", SafeText(""), SafeText(""))
    assert status(sources) == (LIVE, "")
