"""Finding rows against a plain list; how much work one step may be; levels and sources in a filter."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.board.model import SafeText
from cockpit.logs.find import find
from cockpit.logs.level import LEVEL_NAMES, level_named
from cockpit.logs.line import Level
from cockpit.logs.pattern import COMPILED_BYTES, LEAST_SLICE, SLICE_BYTES, WORK, Pattern, PatternError
from cockpit.logs.query import LogQuery
from cockpit.logs.ring import CHUNK, CHUNK_BYTES, Parsed, Ring
from cockpit.logs.view import View

START = datetime(2026, 3, 1, 14, tzinfo=UTC)
WORDS = ("alpha", "beta", "gamma ERROR", "delta", "")


def made(numbers: range) -> list[Parsed]:
    return [
        Parsed(START + timedelta(seconds=n), f"s{n % 3}", "out", Level(n % 7), SafeText(f"{n} {WORDS[n % 5]}"))
        for n in numbers
    ]


def through(view: View) -> View:
    for _ in view.search():
        pass
    view.extend()
    return view


def found(view: View, pattern: str, level: Level, start: int, direction: int) -> int | None:
    rows = [row for row in find(view, Pattern(pattern), level, start, direction) if row is not None]
    assert len(rows) <= 1
    return rows[0] if rows else None


@settings(max_examples=60)
@given(
    count=st.integers(0, 2600),
    query=st.sampled_from(
        [LogQuery(), LogQuery(pattern="a"), LogQuery(pattern="beta", context=1), LogQuery(level=Level.WARN)]
    ),
    pattern=st.sampled_from(["", "ERROR", "^1", "7 ", "zzz"]),
    level=st.sampled_from([Level.UNKNOWN, Level.ERROR]),
    start=st.integers(-20, 2700),
    direction=st.sampled_from([1, -1]),
)
def test_the_next_match_is_the_one_a_plain_search_finds(
    count: int, query: LogQuery, pattern: str, level: Level, start: int, direction: int
) -> None:
    ring = Ring(max_lines=2 * CHUNK)
    ring.append(made(range(count)))
    view = through(View(ring, query))
    first, lines, _ = view.window(view.first_row, 10**6)
    start += first
    matching = [
        first + index
        for index, line in enumerate(lines)
        if Pattern(pattern).matches(line.text) and line.level >= level and (first + index - start) * direction >= 0
    ]
    wanted = (min(matching) if direction > 0 else max(matching)) if matching else None
    assert found(view, pattern, level, start, direction) == wanted


def test_a_search_goes_on_over_lines_that_come_and_fall_off() -> None:
    ring = Ring(max_lines=3 * CHUNK)
    ring.append(made(range(3 * CHUNK)))
    view = through(View(ring, LogQuery(pattern="alpha|ERROR")))
    steps = find(view, Pattern("nowhere"), Level.UNKNOWN, view.first_row, 1)
    assert next(steps) is None
    ring.append(made(range(3 * CHUNK, 9 * CHUNK)))
    view.extend()
    assert [row for row in steps if row is not None] == []
    back = find(view, Pattern(f"^{7 * CHUNK + 2} "), Level.UNKNOWN, view.first_row + view.rows, -1)
    assert [view.window(row, 1)[1][0].seq for row in back if row is not None] == [
        seq for seq in (7 * CHUNK + 2,) if seq % 5 in (0, 2)
    ]


PATTERNS = ("a", "(?i)error|warn", "[a-q][^u-z]{13}x", "(.{50}){15}z", "x{1000}", "(a?){200}a{200}", r"\pL{10}~")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_one_call_gets_only_so_much_text_as_its_pattern_can_read_in_time(pattern: str) -> None:
    compiled = Pattern(pattern)
    sizes: list[int] = []

    class Spy:
        def search(self, text: bytes, position: int) -> None:
            sizes.append(len(text))

    size = compiled._compiled.programsize
    compiled._compiled = Spy()
    lines = ["some words of a line " * 5] * 5000 + ["x" * 16_000] * 10
    assert compiled.rows(lines) == []
    assert sum(sizes) >= sum(map(len, lines))
    assert max(sizes) <= max(compiled.stride, 16_000)
    assert compiled.stride <= SLICE_BYTES
    assert compiled.stride * size <= max(WORK, LEAST_SLICE * size)


def test_a_step_of_a_view_is_one_such_call_and_a_chunk_is_bounded() -> None:
    ring = Ring()
    ring.append([Parsed(None, "s", "", Level.INFO, SafeText("y" * 2000))] * 3000)
    chunk = ring.chunk_before(ring.end)
    assert chunk is not None
    assert len(chunk.texts) <= CHUNK
    assert chunk.size <= CHUNK_BYTES + 2100
    view = View(ring, LogQuery(pattern="y"))
    steps = sum(1 for _ in view.search())
    assert steps >= 3000 * 2000 // SLICE_BYTES
    assert view.rows == 3000


@pytest.mark.parametrize("pattern", [r"\pL{300}", "((a{100}){100}){100}", "x" * 1001, "(", "a**", r"\1"])
def test_patterns_that_would_take_long_or_mean_nothing_are_refused_in_one_line(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"^pattern [^\n]{1,1100}$"):
        Pattern(pattern)
    assert COMPILED_BYTES <= 2**20


def test_groups_cost_nothing_and_mean_nothing() -> None:
    assert Pattern("(a)(b)?").rows(["ab", "c", "a"]) == [0, 2]
    assert Pattern("(a)(b)").spans("xaby") == [(1, 3)]


def test_only_the_lines_of_some_sources_are_left() -> None:
    ring = Ring()
    ring.append(made(range(30)))
    view = through(View(ring, LogQuery(sources=("s1",), pattern="alpha")))
    ring.append(made(range(30, 60)))
    view.extend()
    _, lines, _ = view.window(view.first_row, 100)
    assert [line.seq for line in lines] == [n for n in range(60) if n % 3 == 1 and n % 5 == 0]
    assert not LogQuery(sources=("s1",)).everything


def test_a_source_that_comes_later_is_known_to_the_filter() -> None:
    ring = Ring()
    view = through(View(ring, LogQuery(sources=("late",))))
    ring.append(
        [Parsed(None, "early", "", Level.INFO, SafeText("a")), Parsed(None, "late", "", Level.INFO, SafeText("b"))]
    )
    view.extend()
    assert [line.text for line in view.window(0, 9)[1]] == ["b"]


def test_levels_have_names() -> None:
    assert list(LEVEL_NAMES) == ["trace", "debug", "info", "warn", "error", "fatal"]
    assert [level_named(word) for word in ("WARN", "warning", " err ", "critical", "loud")] == [
        Level.WARN,
        Level.WARN,
        Level.ERROR,
        Level.FATAL,
        None,
    ]
