"""Log streams are put together whole, however the bytes were cut on their way."""

import itertools
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.docker.frames import LINE_LIMIT, PIECE, FrameReader, LineReader, Payloads, RawReader
from cockpit.backends.docker.logs import reader_for
from cockpit.backends.docker.longstream import Dechunker
from cockpit.logs.line import RawLine

START = datetime(2026, 3, 1, 14, 27, 52, 118000, tzinfo=UTC)


def stamp(number: int) -> bytes:
    at = START + timedelta(milliseconds=number)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}123Z ".encode()


def frame(stream: int, payload: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(payload)) + payload


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def read(reader: LineReader, parts: list[bytes]) -> list[RawLine]:
    return [line for part in parts for line in reader.feed(part)] + reader.rest()


words = st.binary(max_size=40).map(lambda one: one.replace(b"\n", b"").replace(b"\r", b""))
places = st.lists(st.integers(0, 5000), max_size=12)


@given(lines=st.lists(st.tuples(st.sampled_from([1, 2]), words), max_size=12), places=places)
def test_frames_cut_anywhere(lines: list[tuple[int, bytes]], places: list[int]) -> None:
    data = b"".join(frame(stream, stamp(n) + word + b"\n") for n, (stream, word) in enumerate(lines))
    found = read(FrameReader(), cut(data, places))
    assert [(line.stream, line.data) for line in found] == [
        ({1: "out", 2: "err"}[stream], word) for stream, word in lines
    ]
    assert [line.at for line in found] == [START + timedelta(milliseconds=n) for n in range(len(lines))]


@given(lines=st.lists(words, max_size=12), places=places, ending=st.sampled_from([b"\n", b"\r\n"]))
def test_raw_bytes_cut_anywhere(lines: list[bytes], places: list[int], ending: bytes) -> None:
    data = b"".join(stamp(n) + word + ending for n, word in enumerate(lines))
    found = read(RawReader(), cut(data, places))
    assert [line.data for line in found] == lines
    assert {line.stream for line in found} <= {""}


@given(data=st.binary(max_size=400), places=places)
def test_no_bytes_break_a_reader(data: bytes, places: list[int]) -> None:
    for reader in (FrameReader(), RawReader()):
        for line in read(reader, cut(data, places)):
            assert len(line.data) <= LINE_LIMIT
            assert b"\n" not in line.data


def test_the_streams_are_put_together_apart() -> None:
    data = frame(1, stamp(0) + b"half of ") + frame(2, stamp(1) + b"an error\n") + frame(1, stamp(2) + b"a line\n")
    found = read(FrameReader(), [data])
    assert [(line.stream, line.data) for line in found] == [("err", b"an error"), ("out", b"half of a line")]
    assert found[1].at == START


def test_a_frame_of_several_lines_and_one_of_a_part() -> None:
    data = frame(1, stamp(0) + b"one\n" + stamp(1) + b"two\nthr") + frame(1, b"ee\n") + frame(1, b"no newline")
    found = read(FrameReader(), [data])
    assert [line.data for line in found] == [b"one", b"two", b"three", b"no newline"]
    assert [line.at for line in found] == [START, START + timedelta(milliseconds=1), None, None]


def test_a_long_line_loses_the_stamps_in_its_middle() -> None:
    pieces = [b"a" * PIECE, b"b" * PIECE, b"c" * 100]
    data = b"".join(frame(1, stamp(n) + piece) for n, piece in enumerate(pieces[:2])) + frame(
        1, stamp(2) + pieces[2] + b"\n"
    )
    assert [line.data for line in read(FrameReader(), [data])] == [b"".join(pieces)]
    terminal = b"".join(stamp(n) + piece for n, piece in enumerate(pieces)) + b"\r\n"
    assert [line.data for line in read(RawReader(), [terminal])] == [b"".join(pieces)]


@pytest.mark.parametrize("reader", [FrameReader, RawReader])
def test_ten_megabytes_are_cut_and_counted(reader: type[LineReader]) -> None:
    size = 10 * 1024 * 1024
    whole = stamp(0) + b"x" * size + b"\n"
    data = whole if reader is RawReader else frame(1, whole)
    parts = [data[start : start + 65536] for start in range(0, len(data), 65536)]
    first, *others = read(reader(), [*parts, *([stamp(1) + b"next\n"] if reader is RawReader else [])])
    assert (len(first.data), first.cut) == (LINE_LIMIT, size - LINE_LIMIT)
    assert first.at == START
    assert [line.data for line in others] == ([b"next"] if reader is RawReader else [])


def test_times_of_other_engines_are_understood() -> None:
    data = b"2026-03-01T16:27:52.118+02:00 hello\n" + b"no time at all\n" + b"2026-99-01T14:27:52.118000000Z odd\n"
    found = read(RawReader(), [data])
    assert [(line.at, line.data) for line in found] == [
        (START, b"hello"),
        (None, b"no time at all"),
        (None, b"2026-99-01T14:27:52.118000000Z odd"),
    ]


def test_which_reader_fits() -> None:
    assert isinstance(reader_for("application/vnd.docker.raw-stream", tty=False), RawReader)
    assert isinstance(reader_for("application/vnd.docker.multiplexed-stream", tty=False), FrameReader)
    assert isinstance(reader_for("", tty=True), RawReader)
    assert isinstance(reader_for("", tty=False), FrameReader)


@given(pieces=st.lists(words, max_size=8), places=places)
def test_payloads_are_kept_up_to_their_limit(pieces: list[bytes], places: list[int]) -> None:
    payloads = Payloads(50)
    for part in cut(b"".join(frame(1, piece) for piece in pieces), places):
        payloads.feed(part)
    whole = b"".join(pieces)
    assert (bytes(payloads.kept), payloads.dropped) == (whole[:50], max(0, len(whole) - 50))


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


@given(pieces=st.lists(st.binary(max_size=300), max_size=8), places=places)
def test_chunks_cut_anywhere(pieces: list[bytes], places: list[int]) -> None:
    reader = Dechunker()
    parts = cut(chunked(pieces), places)
    assert b"".join(reader.feed(part) for part in parts) == b"".join(pieces)
    assert reader.ended


@given(data=st.binary(max_size=100))
def test_what_is_no_chunk_is_an_error_or_waited_for(data: bytes) -> None:
    reader = Dechunker()
    try:
        reader.feed(data)
    except ValueError:
        return
    assert len(reader.feed(b"")) == 0
