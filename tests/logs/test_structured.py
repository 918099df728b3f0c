"""JSON and logfmt lines read apart; everything else stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.logs.ingest import LINE_LIMIT
from cockpit.logs.structured import MOST_FIELDS, MOST_ROWS, columns, fields, pretty

JSON = (
    '{"ts":"2026-03-01T14:27:52Z","level":"error","order":5,"err":{"type":"Timeout","ms":7.5},'
    '"msg":"no answer","ok":false}'
)


def test_json_has_dotted_keys_in_its_order() -> None:
    assert fields(JSON) == (
        ("ts", "2026-03-01T14:27:52Z"),
        ("level", "error"),
        ("order", "5"),
        ("err.type", "Timeout"),
        ("err.ms", "7.5"),
        ("msg", "no answer"),
        ("ok", "false"),
    )


def test_time_level_and_message_come_first() -> None:
    assert columns(JSON) == "2026-03-01T14:27:52Z ERROR no answer  order=5 err.type=Timeout err.ms=7.5 ok=false"
    assert columns(JSON, time=False) == "ERROR no answer  order=5 err.type=Timeout err.ms=7.5 ok=false"
    rows = pretty(JSON)
    assert rows is not None
    assert rows[:4] == ("ts        2026-03-01T14:27:52Z", "level     error", "msg       no answer", "order     5")


def test_a_second_message_keeps_its_key() -> None:
    assert columns('{"msg":"one","event":"two","message":"three"}') == "one  event=two message=three"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('ts=1 lvl=warn msg="a \\"b\\" c" n=3', (("ts", "1"), ("lvl", "warn"), ("msg", 'a "b" c'), ("n", "3"))),
        (
            "2026-03-01 INFO request done method=GET status=200",
            (("", "2026-03-01 INFO request done"), ("method", "GET"), ("status", "200")),
        ),
        ('12:00:01 {"a":"b"}', (("", "12:00:01"), ("a", "b"))),
        ("a= b=2", (("a", ""), ("b", "2"))),
        ("a={x} b={y}", (("a", "{x}"), ("b", "{y}"))),
    ],
)
def test_logfmt_and_words_before(line: str, found: tuple[tuple[str, str], ...]) -> None:
    assert fields(line) == found


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain words",
        "set x=1 and y=2",
        "one=1",
        "==",
        "x=1 y",
        "GET /path?a=1&b=2 HTTP/1.1",
        "{}",
        "[1,2]",
        '"text"',
        "{not json}",
        '{"cut":"… +12',
        "panic: {",
        '{"a":' + "9" * 5000 + "}",
        '{"a":' * 4000 + "1" + "}" * 4000,
        "[" * 16_000,
        '{"a":' + "[" * 7000 + "]" * 7000 + "}",
        "a=1 " * 5000,
    ],
    ids=lambda line: line[:20],
)
def test_what_is_neither_is_left_alone(line: str) -> None:
    assert fields(line) is None
    assert pretty(line) is None
    assert columns(line) is None


def test_a_stack_trace_takes_a_row_a_line() -> None:
    rows = pretty(json.dumps({"msg": "failed", "stack": "Error: x\n\tat one\r\n\tat two\n"}))
    assert rows == ("msg    failed", "stack  Error: x", "           at one", "           at two")


def test_what_was_escaped_is_made_safe_again() -> None:
    line = json.dumps({"msg": "\x1b]0;x\x07[/]\x1b[2J", "\x1b[31mkey": "\u202ered", "n": "a\nb"})
    found = fields(line)
    assert found is not None
    assert all(text.isprintable() for pair in found for text in pair)
    assert [str(value) for _, value in found] == ["[/]", "red", "a b"]
    assert (columns(line) or "").isprintable()
    assert all(row.isprintable() for row in pretty(line) or ())


def test_rows_and_fields_are_bounded() -> None:
    wide = json.dumps({f"k{n}": n for n in range(1000)})
    found = fields(wide)
    assert found is not None
    assert len(found) == MOST_FIELDS + 1
    assert found[-1] == ("…", "further fields")
    deep = json.dumps({"a": {"b": {"c": {"d": {"e": 1}}}}})
    assert fields(deep) == (("a.b.c.d", '{"e":1}'),)
    rows = pretty(json.dumps({"msg": "\n" * 10 + "x\n" * 5000}))
    assert rows is not None
    assert len(rows) == MOST_ROWS + 1


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=8,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_object_is_read_and_drawn_safely(value: dict[str, object]) -> None:
    line = json.dumps(value)
    found = fields(line)
    assert found is not None
    assert all(text.isprintable() for pair in found for text in pair)
    assert (columns(line) or "").isprintable()
    assert all(row.isprintable() for row in pretty(line) or ())


@given(st.text(max_size=300))
def test_any_line_is_read_or_left_alone(line: str) -> None:
    found = fields(line)
    assert (found is None) == (pretty(line) is None) == (columns(line) is None)
    assert found is None or len(found) >= 1


@given(
    st.text(alphabet='a="\\ {}:,1', max_size=60).map(
        lambda part: (part * (LINE_LIMIT // max(1, len(part))))[:LINE_LIMIT]
    )
)
def test_long_lines_of_signs_are_read_in_time(line: str) -> None:
    assert fields(line) is None or len(fields(line) or ()) <= MOST_FIELDS + 2
