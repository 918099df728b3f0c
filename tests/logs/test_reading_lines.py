"""Levels, ingestion, shapes and merging."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.board.model import SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.logs.ingest import LINE_LIMIT, SLICE_BYTES, SLICE_LINES, Ingest, ingest, slices
from cockpit.logs.level import level_of
from cockpit.logs.line import Level, LogLine, RawLine
from cockpit.logs.merge import LONGEST, MAX_HELD, MAX_HELD_BYTES, Merge
from cockpit.logs.ring import Parsed
from cockpit.logs.shapes import MAX_SHAPES, Shapes, shape_of

START = datetime(2026, 3, 1, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-03-01T14:00:00Z ERROR pool exhausted", Level.ERROR),
        ('{"level":"warn","msg":"no error here"}', Level.WARN),
        ('level=info msg="ERROR is only a word"', Level.INFO),
        ('{"level":50,"msg":"pino"}', Level.ERROR),
        ("[error] 12#0: *1 connect() failed", Level.ERROR),
        ("E0301 14:00:00.000000 1 controller.go:1] x", Level.ERROR),
        ("panic: runtime error: index out of range", Level.FATAL),
        ("Traceback (most recent call last):", Level.ERROR),
        ("java.lang.IllegalStateException: closed", Level.ERROR),
        ("2026-03-01 LOG:  database system is ready", Level.INFO),
        ("an error in prose is only a word", Level.UNKNOWN),
        ("errors=0 handled", Level.UNKNOWN),
        ("", Level.UNKNOWN),
    ],
)
def test_levels(text: str, level: Level) -> None:
    assert level_of(text) is level


def test_hostile_lines_become_safe_text() -> None:
    hostile = b"\x1b]0;x\x07[/] \x1b[2J\x1bPq#0\x1b\\[@click=app.quit]\xff\xc2\x9b31m\xe2\x80\xae"
    (line,) = ingest("s", [RawLine(START, "out", hostile)])
    assert line.text.isprintable()
    assert "[/]" in line.text
    assert "[@click=app.quit]" in line.text
    assert "\x1b" not in line.text


def test_what_stands_after_a_carriage_return_is_what_is_seen() -> None:
    lines = ingest("s", [RawLine(None, "", b"10 %\r50 %\r100 %\r"), RawLine(None, "", b"windows\r")])
    assert [line.text for line in lines] == ["100 %", "windows"]


def test_long_lines_are_cut_and_counted() -> None:
    (line,) = ingest("s", [RawLine(None, "", b"x" * (LINE_LIMIT + 10), cut=999)])
    assert len(line.text) < LINE_LIMIT + 40
    assert re.search(r"x… \+\d+ … \+999 bytes$", line.text)


def test_masks_are_applied_to_clean_and_unclean_batches() -> None:
    def mask(text: str) -> str:
        return text.replace("hunter2", "***")

    clean = ingest("s", [RawLine(None, "", b"pw hunter2"), RawLine(None, "", b"ok")], mask)
    unclean = ingest("s", [RawLine(None, "", b"pw hunter2 \x1b[1m")], mask)
    assert [line.text for line in (*clean, *unclean)] == ["pw ***", "ok", "pw *** "]


@given(st.lists(st.binary(max_size=60).filter(lambda data: b"\n" not in data), max_size=20))
def test_every_line_stays_one_line(data: list[bytes]) -> None:
    lines = ingest("s", [RawLine(None, "", one) for one in data])
    assert len(lines) == len(data)
    assert all(line.text.isprintable() for line in lines)


def test_shapes_leave_out_what_changes() -> None:
    one = shape_of("2026-03-01T14:27:52.118Z ERROR pool exhausted after 30000 ms (size 20, peer 10.0.0.7:5432)")
    two = shape_of("2026-03-02T01:00:00.000Z ERROR pool exhausted after 31 ms (size 4, peer 10.0.0.9:1)")
    assert one == two == "ERROR pool exhausted after … ms (size …, peer …)"


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ('{"ts":1,"level":"error","msg":"order 17 failed","error":"dial 10.0.0.1:5432: refused"}',
         "order … failed: dial …: refused"),
        ('{"level":"error","message":"no answer","error":null,"cause":"  ","trace":"4f"}', "no answer"),
        ('{"level":"error","exc_info":"Traceback:\\n  line 7\\nValueError: bad 7"}', "ValueError: bad …"),
        ('{"msg":"x\\u001b[31m red"}', "x red"),
        ('level=error msg="pool exhausted after 31 ms" size=20', "pool exhausted after … ms"),
        ("ERROR connection failed host=db port=5432", "ERROR connection failed"),
        ('{"a":1}', "{…:…}"),
        ("ERROR a{1} = b", "ERROR a{…} = b"),
    ],
)  # fmt: skip
def test_the_shape_of_fields_is_what_they_say(line: str, shape: str) -> None:
    assert shape_of(line) == shape


@given(st.text(max_size=300))
def test_any_line_has_a_shape(line: str) -> None:
    assert shape_of(safe("{" + line + "}")).isprintable()
    assert len(shape_of(safe("a=" + line))) <= 200


def test_top_errors_count_and_keep_first_and_last() -> None:
    shapes = Shapes()
    shapes.add(
        LogLine(
            n, START + timedelta(seconds=n), "s", "out", Level.ERROR if n % 3 else Level.INFO, SafeText(f"fail {n}")
        )
        for n in range(9)
    )
    (top,) = shapes.top()
    assert (top.shape, top.count, top.example_seq) == ("fail …", 6, 8)
    assert (top.first, top.last) == (START + timedelta(seconds=1), START + timedelta(seconds=8))


def test_shapes_are_bounded() -> None:
    shapes = Shapes()
    words = (chr(97 + a) + chr(97 + b) + chr(97 + c) for a in range(26) for b in range(26) for c in range(26))
    shapes.add(LogLine(n, None, "s", "", Level.ERROR, SafeText(word)) for n, word in enumerate(words))
    assert shapes.top(1)[0].shape == "other shapes"
    assert len(shapes.top(10**6)) == MAX_SHAPES + 1


def line(source: str, second: float | None, text: str = "") -> Parsed:
    at = None if second is None else START + timedelta(seconds=second)
    return Parsed(at, source, "", Level.INFO, SafeText(text or f"{source}{second}"))


def test_streams_are_merged_by_time_within_the_hold() -> None:
    merge = Merge(hold=0.25)
    merge.put([line("a", 1), line("a", 3)], arrived=0.0, now=START)
    merge.put([line("b", 2), line("b", 4)], arrived=0.1, now=START)
    assert merge.take(0.2) == []
    assert [one.text for one in merge.take(0.4)] == ["a1", "b2", "a3", "b4"]


def test_a_line_without_a_time_stays_behind_its_predecessor() -> None:
    merge = Merge()
    merge.put([line("a", 1), line("a", None, "more of a1")], arrived=0, now=START)
    merge.put([line("b", 2)], arrived=0, now=START)
    assert [one.text for one in merge.take(1)] == ["a1", "more of a1", "b2"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("battery_level=50 ok", Level.UNKNOWN),
        ('{"logLevel":"warn"}', Level.WARN),
        ("log_level=debug", Level.DEBUG),
        ("severity: 3 disk", Level.ERROR),
        ("level=9", Level.UNKNOWN),
        ("error: cannot open", Level.ERROR),
        ("12:00 worker| warning: low", Level.WARN),
        ("terror: not a level", Level.UNKNOWN),
        ("MYERROR_CODE", Level.UNKNOWN),
        ("x [warn] then ERROR", Level.WARN),
        ("raise ValueError: bad", Level.ERROR),
        ("a " * 200 + "ERROR", Level.UNKNOWN),
    ],
)
def test_words_that_only_look_like_levels(text: str, level: Level) -> None:
    assert level_of(text) is level


def test_an_escape_sequence_does_not_split_a_secret() -> None:
    (line,) = ingest(
        "s", [RawLine(None, "", b"pw hun\x1b[1mter2 \xe2\x80\x8bend")], lambda text: text.replace("hunter2", "***")
    )
    assert line.text == "pw *** end"


def test_a_secret_at_the_cut_of_a_long_line_is_masked_whole() -> None:
    data = b"x" * (LINE_LIMIT - 15) + b"hunter2hunter2" + b"y" * 100
    (line,) = ingest("s", [RawLine(None, "", data)], lambda text: text.replace("hunter2hunter2", "***"))
    assert "hunter" not in line.text


def test_masking_one_line_reaches_into_no_other() -> None:
    secrets = Secrets()
    lines = ["password:", "harmless word", "Cookie: a=b; c=d", "next line", "token=abc123", "last"]
    texts = [line.text for line in ingest("s", [RawLine(None, "", line.encode()) for line in lines], secrets.mask)]
    assert texts[0] == "password:"
    assert texts[1] == "harmless word"
    assert texts[2] == "Cookie: ***"
    assert texts[3] == "next line"
    assert texts[4] == "token=***"
    assert texts[5] == "last"


def test_a_private_key_over_several_lines_and_batches_is_masked() -> None:
    read = Ingest("s", Secrets().mask)
    body = "MIIEowIBAAKCAQEAsecretsecretsecretsecretsecret"
    first = [RawLine(None, "out", text.encode()) for text in ("before", "-----BEGIN RSA PRIVATE KEY-----", body)]
    other = RawLine(None, "err", b"word")
    second = [RawLine(None, "out", text.encode()) for text in (body, "-----END RSA PRIVATE KEY-----", "after", body)]
    texts = [line.text for line in [*read([*first, other]), *read(second)]]
    assert texts[1].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert texts[2] == texts[4] == "***"
    assert (texts[0], texts[3], texts[6], texts[7]) == ("before", "word", "after", body)


def test_a_key_that_is_never_ended_hides_no_later_line() -> None:
    read = Ingest("s")
    texts = ["-----BEGIN PRIVATE KEY-----", "AAAA", "2026-03-01 INFO the next request, with words", "AAAA"]
    lines = read([RawLine(None, "out", text.encode()) for text in texts])
    assert [line.text for line in lines] == [texts[0], "***", texts[2], "AAAA"]


@settings(max_examples=50)
@given(
    st.lists(st.text(alphabet="ab \x1b[m\rü\u200b", max_size=12).map(str.encode) | st.binary(max_size=12), max_size=400)
)
def test_a_batch_is_read_as_its_lines_alone_would_be(data: list[bytes]) -> None:
    batch = [RawLine(None, "", one.replace(b"\n", b"")) for one in data]
    assert ingest("s", batch) == [line for raw in batch for line in ingest("s", [raw])]


def test_slices_are_bounded_and_whole() -> None:
    batch = [RawLine(None, "", b"x" * size) for size in (1, 60_000, 60_000, 10, 65_536, *[3] * 1000)]
    parts = list(slices(batch))
    assert [raw for part in parts for raw in part] == batch
    assert max(len(part) for part in parts) <= SLICE_LINES
    assert all(len(part) == 1 or sum(len(raw.data) for raw in part) <= SLICE_BYTES for part in parts)


def test_a_backlog_that_pours_in_delays_others_only_so_long() -> None:
    merge = Merge(hold=0.25)
    merge.put([line("live", 1000)], arrived=0.0, now=START)
    gone: list[str] = []
    now = 0.0
    while "live1000" not in gone:
        now += 0.1
        merge.put([line("old", now)], arrived=now, now=START)
        gone += [one.text for one in merge.take(now)]
        assert now <= LONGEST + 0.2
    assert now >= LONGEST - 0.2
    assert gone[:2] == ["old0.1", "old0.2"]


def test_lines_without_any_time_count_as_written_when_they_came() -> None:
    merge = Merge()
    merge.put([line("file", None, "one")], arrived=0.0, now=START + timedelta(seconds=5))
    merge.put([line("web", 4), line("web", 6)], arrived=0.1, now=START + timedelta(seconds=5))
    assert [one.text for one in merge.take(1.0)] == ["web4", "one", "web6"]


def test_what_is_held_is_bounded_in_lines_and_bytes() -> None:
    merge = Merge()
    merge.put([line("a", n) for n in range(MAX_HELD + 10)], arrived=0, now=START)
    assert merge.full
    assert [one.text for one in merge.take(0)] == [f"a{n}" for n in range(10)]
    big = Merge()
    big.put([line("a", n, "x" * 10_000) for n in range(500)], arrived=0, now=START)
    assert big.full
    assert len(big.take(0)) == 500 - MAX_HELD_BYTES // 10_000


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=8).map(sorted), min_size=1, max_size=5))
def test_what_comes_within_the_hold_is_in_order_and_whole(streams: list[list[int]]) -> None:
    merge = Merge(hold=0.25)
    for number, times in enumerate(streams):
        merge.put([line(f"s{number}", second) for second in times], arrived=number / 100, now=START)
    taken = merge.take(1.0)
    assert [one.at for one in taken] == sorted(one.at for one in taken if one.at)
    for number, times in enumerate(streams):
        assert [one.text for one in taken if one.source == f"s{number}"] == [f"s{number}{second}" for second in times]
