"""Revisions: a definition is bounded where it is kept, a difference where it is made."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.revision import DEFINITION_LINES, DIFF_LINES, Revision, definition, difference


def revision(text: str, number: int = 1) -> Revision:
    return Revision(number=number, name=f"web-{number}", images=(), definition=definition(text))


def test_a_difference_has_no_head_and_two_lines_around() -> None:
    old = revision("a: 1\nb: 1\nc: 1\nimage: v1\nd: 1")
    new = revision("a: 1\nb: 1\nc: 1\nimage: v2\nd: 1")
    assert difference(old, new) == ("@@ -2,4 +2,4 @@", " b: 1", " c: 1", "-image: v1", "+image: v2", " d: 1")
    assert difference(new, new) == ()


def test_a_long_difference_and_a_long_definition_say_what_was_left_out() -> None:
    told = difference(revision(""), revision("\n".join(map(str, range(1_000)))))
    assert len(told) == DIFF_LINES + 1
    assert told[-1].startswith("... and ")
    kept = definition("\n".join(map(str, range(DEFINITION_LINES + 5))))
    assert kept[-1] == "... and 5 lines more"
    assert len(kept) == DEFINITION_LINES + 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_differs_is_told_whatever_stands_in_it(old: str, new: str) -> None:
    before, after = revision(old), revision(new)
    told = difference(before, after)
    assert bool(told) == (before.definition != after.definition)
    assert all("\x1b" not in line and "\n" not in line for line in told)


def test_it_is_called_by_its_number_or_its_name() -> None:
    assert revision("", 3).title == "3"
    assert revision("", 0).title == "web-0"
