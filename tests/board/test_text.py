"""Safe text: nothing that moves a cursor, hides or reorders text comes through, and hostile input costs linear work."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.text import MARKS_KEPT, safe, safe_block, safe_bytes

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d\x90\x07\x9c\\[]()PX^_0;m\t\n\r\x00\x7f\xa0\u202e\u200b\u200d\ufe0f\ufe0e\u0301\u0489"),
    ),
    max_size=200,
)  # fmt: skip
INVISIBLE = {0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)}


def forbidden(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me")
        or (unicodedata.category(char) == "Zs" and char != " ")
        or ord(char) in INVISIBLE
    )


@given(NASTY)
def test_nothing_forbidden_is_left(text: str) -> None:
    result = safe(text)
    assert not [char for char in result if forbidden(char)]


@given(NASTY, st.integers(0, 80))
def test_it_is_bounded_and_idempotent(text: str, limit: int) -> None:
    result = safe(text, limit)
    assert len(result) <= limit
    assert safe(result, limit) == result


@given(NASTY)
def test_marks_do_not_pile_up(text: str) -> None:
    run = 0
    for char in safe(text):
        run = run + 1 if unicodedata.category(char) in ("Mn", "Mc") else 0
        assert run <= MARKS_KEPT


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_plain_text_is_left_alone(text: str) -> None:
    assert safe(text) is text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;x\x07[/]", "[/]"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred\x9d0;title\x9cback", "redback"),
        ("\x1bP+q544e\x1b\\dcs", "dcs"),
        ("\x1b(Bcharset\x1b7", "charset"),
        ("no end: \x1b]the rest stays", "no end: the rest stays"),
        ("a\tb\r\nc\xa0d\u3000e", "a b  c d e"),
        ("[@click=app.bell]x[/]", "[@click=app.bell]x[/]"),
        ("\u202eevil\u2066\u200b", "evil"),
        ("❤\ufe0f 1\ufe0f\u20e3", "❤ 1"),
        ("👨\u200d👩 👍🏽 🇩🇪", "👨👩 👍 DE"),
        ("Zürich 東京 naïve e\u0301", "Zürich 東京 naïve e\u0301"),
        ("z" + "\u0335" * 50, "z\u0335\u0335"),
        ("\udc80 \ue000 \U000e0041", "  "),
    ],
)
def test_examples(raw: str, shown: str) -> None:
    assert safe(raw) == shown


def test_a_cut_is_counted() -> None:
    assert safe("x" * 30, 20) == "x" * 15 + "… +15"
    assert safe("\x1b]0;" + "x" * 30, 20).endswith("… +19")


def test_bytes_that_are_not_utf8() -> None:
    assert safe_bytes(b"ok \xff\xfe\x1b[31m") == "ok \ufffd\ufffd"


def test_a_block_keeps_its_lines() -> None:
    assert safe_block("a\x1b[1m\r\nb\n\nc\x85d") == "a\nb\n\nc d"
    assert safe_block("x" * 50 + "\ny", limit=50).splitlines()[-1] == "… +2"


@pytest.mark.parametrize("hostile", ["\x1b]", "\x9d", "\x1bP\x9d", "\x1b[0", "e\u0301\u0301\u0301", "\x1b]0;a"])
def test_hostile_input_is_seen_once(hostile: str) -> None:
    # Quadratic work on 300 kB would take minutes and be ended by the fault handler.
    assert len(safe(hostile * (300_000 // len(hostile)), 10**6)) <= 300_000
