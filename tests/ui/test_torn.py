"""A key's sequence that a slow link cuts in two never becomes letters, for letters are commands."""

import pytest

from cockpit.ui.driver import LATE, Torn


@pytest.mark.parametrize(
    ("first", "rest"), [("\x1b", "[A"), ("\x1b[", "A"), ("\x1bO", "H"), ("jj\x1b[1;", "5C"), ("\x1b", "[5~k")]
)
def test_the_rest_of_a_sequence_is_joined_to_what_was_told(first: str, rest: str) -> None:
    torn = Torn()
    assert torn.joined(first, 1.0) == first
    torn.told(1.025)
    assert torn.joined(rest, 1.2) == first.removeprefix("jj") + rest
    assert torn.joined("A", 1.21) == "A"


def test_letters_after_esc_are_letters() -> None:
    torn = Torn()
    torn.joined("\x1b", 1.0)
    torn.told(1.025)
    assert torn.joined("A", 1.1) == "A"
    assert torn.joined("[A", 1.1) == "[A", "the next reading is its own"
    torn.joined("\x1b", 2.0)
    torn.told(2.025)
    assert torn.joined("[A", 2.03 + LATE) == "[A"
    torn.joined("\x1b[A", 3.0)
    assert torn.joined("[A", 3.01) == "[A", "nothing was cut"
