"""Error lines a minute: from when on they are known, what counts as one, and what is said to be left out."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.rate import KEPT
from cockpit.logs import tally
from cockpit.logs.ingest import ingest
from cockpit.logs.level import level_of
from cockpit.logs.line import Level, RawLine
from cockpit.logs.tally import Listener, Tally
from tests.board.fleet import START

OPENED = START.replace(second=30)
FULL = OPENED.replace(second=0)


def lines(*told: tuple[float, str]) -> list[RawLine]:
    """(seconds after the log was opened, words)."""
    return [RawLine(OPENED + timedelta(seconds=seconds), "out", words.encode()) for seconds, words in told]


def minutes(one: Tally, later: float = 6.0) -> dict[int, int]:
    """What is told, by minutes since the one in which the log was opened."""
    return {round((at - FULL).total_seconds() / 60): count for at, count in one.news(OPENED + timedelta(seconds=later))}


def heard(one: Tally, raw: list[RawLine], tail: int | None = 500) -> None:
    Listener([one], tail).take(ingest("web-1", raw))


def test_errors_are_counted_by_the_minute_in_which_they_were_written() -> None:
    one = Tally(OPENED, OPENED - timedelta(minutes=3))
    heard(
        one, lines((-100, "ERROR a"), (-95, "INFO b"), (-40, "FATAL c"), (-35, "ERROR d"), (1, "WARN e"), (2, "ERROR"))
    )
    # The first minute that was asked for in part only is not known.
    assert minutes(one) == {-2: 1, -1: 2, 0: 1}
    heard(one, lines((10, "ERROR f")))
    assert minutes(one, 12) == {0: 2}
    assert minutes(one, 40) == {1: 0}
    assert minutes(one, 40) == {}


def test_where_older_lines_were_left_out_nothing_is_known_before_those_that_came() -> None:
    one = Tally(OPENED, OPENED - timedelta(minutes=15))
    heard(one, lines((-400, "ERROR quiet")))
    heard(one, lines(*((-170 + number, "ERROR busy") for number in range(100))), tail=100)
    assert min(minutes(one)) == -2


def test_a_log_that_was_read_from_its_beginning_is_known_from_there() -> None:
    one = Tally(OPENED, None)
    heard(one, lines((-190, "INFO up"), (-20, "ERROR x")))
    assert minutes(one) == {-3: 0, -2: 0, -1: 0, 0: 1}


def test_nothing_is_told_before_old_lines_can_have_come_nor_of_lines_that_have_no_time() -> None:
    one = Tally(OPENED, None)
    heard(one, lines((-20, "ERROR x")))
    assert minutes(one, 4) == {}
    other = Tally(OPENED, None)
    heard(other, [RawLine(None, "out", b"ERROR x")])
    assert minutes(other) == {}
    assert other.untimed


def test_what_is_kept_is_bounded() -> None:
    one = Tally(OPENED, None)
    heard(one, lines(*((-60.0 * number, "ERROR x") for number in range(3 * KEPT, 0, -1))), tail=None)
    assert len(minutes(one)) == KEPT
    assert len(one._errors) <= KEPT


def test_of_lines_that_are_not_read_only_the_first_of_each_minute_are_looked_at() -> None:
    one = Tally(OPENED, None)
    listener = Listener([one], None)
    listener.take_raw(lines(*((1.0, "\x1b[31mERROR\x1b[0m x") for _ in range(tally.LOOKED_AT + 5))))
    assert one.limited
    listener.take_raw(lines((31.0, "error: y")))
    assert minutes(one, 40) == {0: tally.LOOKED_AT, 1: 1}


@given(
    st.lists(st.tuples(st.floats(-600, 600), st.sampled_from(["ERROR x", "INFO y", "level=error z", "[crit] w", ""])))
)
def test_both_ways_of_counting_agree_with_the_lines(told: list[tuple[float, str]]) -> None:
    raw = lines(*sorted(told))
    first, second = Tally(OPENED, None), Tally(OPENED, None)
    heard(first, raw) if raw else None
    Listener([second], 500).take_raw(raw)
    until = OPENED + timedelta(seconds=700)
    expected: dict[datetime, int] = {}
    for at, words in ((line.at, line.data.decode()) for line in raw):
        if at is not None and level_of(words) >= Level.ERROR:
            minute = at.replace(second=0, microsecond=0)
            expected[minute] = expected.get(minute, 0) + 1
    for one in (dict(first.news(until)), dict(second.news(until))):
        assert {at: count for at, count in one.items() if count} == expected
