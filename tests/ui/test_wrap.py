"""A long line of what is read whole: broken at its blanks, and seen to be one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.ui.cells import width, wrap_hanging


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("kind: Pod", ["kind: Pod"]),
        ('  Failed  to pull the image "web"', ["  Failed  to pull", "    the image", '    "web"']),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqr", "  stuvwxyz"]),
        ("", [""]),
    ],
)
def test_a_line_is_broken_at_its_blanks_and_goes_on_indented(text: str, rows: list[str]) -> None:
    assert wrap_hanging(text, 18) == rows


@given(st.text(alphabet="ab -:é日", max_size=60), st.integers(4, 30))
def test_every_row_fits_and_nothing_but_blanks_is_lost(text: str, size: int) -> None:
    rows = wrap_hanging(text, size)
    assert [row for row in rows if width(row) > size] == []
    assert "".join("".join(rows).split()) == "".join(text.split())
