"""Ages that were read go on as the API server would write them by now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.ages import duration, later, later_within, rough, seconds_of


@pytest.mark.parametrize(
    ("cell", "spent", "now"),
    [
        ("9s", 0.4, "9s"),
        ("9s", 3, "12s"),
        ("119s", 1, "2m"),
        ("3m20s", 15, "3m35s"),
        ("9m59s", 1, "10m"),
        ("179m", 60, "3h"),
        ("3d4h", 3600, "3d5h"),
        ("12d", 59, "12d"),
        ("<unknown>", 60, "<unknown>"),
        ("-", 60, "-"),
        ("9s", -30, "9s"),
    ],
)
def test_an_age_goes_on(cell: str, spent: float, now: str) -> None:
    assert later(cell, spent) == now


def test_an_age_within_a_cell_goes_on_and_nothing_else_of_it() -> None:
    assert later_within("14 (2m ago)", 30) == "14 (2m30s ago)"
    assert later_within("14", 30) == "14"
    assert later_within("5s", 30) == "5s"
    assert later_within("x ago)", 30) == "x ago)"


def test_an_age_that_is_not_looked_at_goes_on_in_steps() -> None:
    assert [later("3s", spent, exact=False) for spent in (0, 8, 16, 17)] == ["3s", "10s", "10s", "20s"]
    assert later("3h5m", 60, exact=False) == "3h6m"


def test_an_age_to_choose_by_has_one_unit() -> None:
    assert [rough(spent) for spent in (-5, 59, 60, 3_599, 3_600, 86_399, 86_400, 6 * 86_400)] == [
        "under 1 min", "under 1 min", "1 min", "59 min", "1 h", "23 h", "1 d", "6 d",
    ]  # fmt: skip


@given(st.integers(0, 400_000_000))
def test_what_is_written_is_read_and_loses_less_than_its_last_unit(seconds: int) -> None:
    read = seconds_of(duration(seconds))
    assert read is not None
    assert 0 <= seconds - read <= max(60, seconds * 0.51)
    assert duration(read) == duration(seconds)
