"""The ring and its views against a plain list that keeps everything."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.board.model import SafeText
from cockpit.logs.line import Level
from cockpit.logs.pattern import PatternError
from cockpit.logs.query import LogQuery
from cockpit.logs.ring import CHUNK, Parsed, Ring
from cockpit.logs.view import View

START = datetime(2026, 3, 1, 14, tzinfo=UTC)
WORDS = ("alpha", "beta", "gamma ERROR", "delta", "")


def made(numbers: list[int]) -> list[Parsed]:
    return [
        Parsed(START + timedelta(seconds=n), f"s{n % 3}", "out", Level(n % 7), SafeText(f"{n} {WORDS[n % 5]}"))
        for n in numbers
    ]


def finish(view: View) -> None:
    for _ in view.search():
        pass


def shown(view: View) -> list[str]:
    _, lines, _ = view.window(view.first_row, 10**6)
    return [line.text for line in lines]


def test_the_oldest_lines_go_first_and_are_counted() -> None:
    ring = Ring(max_lines=3 * CHUNK)
    ring.append(made(list(range(10 * CHUNK + 5))))
    assert ring.end == 10 * CHUNK + 5
    assert 2 * CHUNK < ring.end - ring.first <= 3 * CHUNK + 5
    assert ring.dropped == ring.first
    (line,) = ring.window([ring.first])
    assert line.text.startswith(f"{ring.first} ")
    assert line.source == f"s{ring.first % 3}"
    assert line.at == START + timedelta(seconds=ring.first)


def test_bytes_are_bounded() -> None:
    ring = Ring(max_bytes=2**20)
    ring.append([Parsed(None, "s", "", Level.INFO, SafeText("x" * 1000))] * 5000)
    assert ring.size <= 2**20
    assert ring.dropped > 0


def test_a_single_source_with_no_time_keeps_none() -> None:
    ring = Ring()
    ring.append([Parsed(None, "s", "err", Level.INFO, SafeText("x"), True)])
    (line,) = ring.window([0])
    assert (line.at, line.stream, line.note) == (None, "err", True)


@settings(max_examples=60)
@given(
    first=st.integers(0, 3000),
    batches=st.lists(st.integers(1, 900), max_size=4),
    pattern=st.sampled_from(["", "ERROR", "^1", "a$", "zzz", "(alpha|delta)"]),
    inverse=st.booleans(),
    level=st.sampled_from(list(Level)),
    context=st.integers(0, 2),
    steps_before=st.integers(0, 3),
)
def test_a_view_shows_what_a_plain_filter_would(
    first: int, batches: list[int], pattern: str, inverse: bool, level: Level, context: int, steps_before: int
) -> None:
    ring = Ring(max_lines=2 * CHUNK)
    count = first
    ring.append(made(list(range(count))))
    query = LogQuery(pattern=pattern, inverse=inverse, level=level, context=context)
    view = View(ring, query)
    search = view.search()
    for _ in range(steps_before):
        next(search, None)
    for size in batches:
        ring.append(made(list(range(count, count + size))))
        count += size
        view.extend()
    for _ in search:
        pass
    view.extend()
    kept = ring.window(range(ring.first, ring.end))
    wanted = {line.seq for line in kept if view.matcher.matches(line)}
    got = [int(text.split()[0]) for text in shown(view)]
    assert got == sorted(set(got)), "in order, none twice"
    assert wanted <= set(got), "every match is shown"
    if not context:
        assert set(got) == wanted
    else:
        near = {seq for hit in wanted | {ring.first - 1} for seq in range(hit - context, hit + context + 1)}
        assert set(got) - wanted <= near | set(range(ring.first, ring.first + context + 1))


def test_a_row_keeps_its_number_when_lines_fall_off() -> None:
    ring = Ring(max_lines=2 * CHUNK)
    ring.append(made(list(range(2 * CHUNK))))
    view = View(ring, LogQuery(pattern="ERROR"))
    finish(view)
    row = view.first_row + view.rows - 5
    _, (before,), _ = view.window(row, 1)
    ring.append(made(list(range(2 * CHUNK, 3 * CHUNK + 10))))
    view.extend()
    first, (after,), _ = view.window(row, 1)
    assert (first, after) == (row, before)
    assert view.row_of(before.seq) == row


def test_context_lines_are_marked_as_such() -> None:
    ring = Ring()
    ring.append(made(list(range(20))))
    view = View(ring, LogQuery(pattern="^7 ", context=2))
    finish(view)
    _, lines, matched = view.window(view.first_row, 100)
    assert [line.seq for line in lines] == [5, 6, 7, 8, 9]
    assert matched == (False, False, True, False, False)


def test_a_window_of_time() -> None:
    ring = Ring()
    ring.append(made(list(range(100))))
    view = View(ring, LogQuery(since=START + timedelta(seconds=10), until=START + timedelta(seconds=12)))
    finish(view)
    assert [int(text.split()[0]) for text in shown(view)] == [10, 11, 12]


def test_a_pattern_that_cannot_be_used_says_so_in_one_line() -> None:
    with pytest.raises(PatternError, match=r"^pattern '\(': missing \)[^\n]*$"):
        View(Ring(), LogQuery(pattern="("))


def test_a_catastrophic_pattern_is_linear() -> None:
    ring = Ring()
    ring.append([Parsed(None, "s", "", Level.INFO, SafeText("a" * 5000))] * 200)
    view = View(ring, LogQuery(pattern="(a+)+$b"))
    finish(view)
    assert view.rows == 0
