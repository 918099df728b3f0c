"""When a probe's state changes."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.model import ReadingState
from cockpit.probes.hysteresis import Hysteresis

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN


def states(bad_after: int, good_after: int, *answers: ReadingState) -> list[ReadingState]:
    """The state after each answer."""
    held = Hysteresis(bad_after, good_after)
    return [held.take(answer) for answer in answers]


def test_the_first_answer_counts_at_once() -> None:
    assert states(3, 3, DOWN) == [DOWN]
    assert states(3, 3, OK) == [OK]


def test_a_blip_changes_nothing() -> None:
    assert states(2, 1, OK, DOWN, OK, DOWN, OK) == [OK] * 5


def test_as_many_bad_as_asked_for() -> None:
    assert states(3, 1, OK, DOWN, DOWN, DOWN, OK) == [OK, OK, OK, DOWN, OK]


def test_the_mildest_of_several_bad_answers_is_what_all_agree_on() -> None:
    assert states(2, 1, OK, DEGRADED, DOWN, DOWN) == [OK, OK, DEGRADED, DOWN]


def test_as_many_good_as_asked_for() -> None:
    assert states(1, 2, DOWN, OK, DOWN, OK, OK) == [DOWN, DOWN, DOWN, DOWN, OK]
    assert states(1, 2, DOWN, DEGRADED, OK) == [DOWN, DOWN, DEGRADED]


def test_unknown_is_never_hidden_nor_counted() -> None:
    assert states(3, 3, OK, UNKNOWN, DOWN) == [OK, UNKNOWN, DOWN]


def test_what_is_waited_for_is_said() -> None:
    held = Hysteresis(3, 2)
    seen = []
    for answer in (OK, DOWN, DEGRADED, DOWN, OK, OK):
        held.take(answer)
        seen.append((held.state, held.waiting))
    assert seen == [(OK, ""), (OK, "1 of 3"), (OK, "2 of 3"), (DEGRADED, "1 of 3"), (DEGRADED, "1 of 2"), (OK, "")]


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.sampled_from(list(ReadingState)), min_size=1, max_size=40),
)
def test_the_state_is_one_that_was_answered(bad_after: int, good_after: int, answers: list[ReadingState]) -> None:
    held = Hysteresis(bad_after, good_after)
    for count, answer in enumerate(answers, 1):
        state = held.take(answer)
        assert state in answers[:count]
        assert bool(held.waiting) == (state is not answer)
    longest = max(bad_after, good_after)
    for answer in (OK, DOWN):
        for _ in range(longest):
            held.take(answer)
        assert (held.state, held.waiting) == (answer, "")
