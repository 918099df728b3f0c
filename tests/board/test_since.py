"""Since when: the sources' times where they have any, else what was seen; never a time from before the last state."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.model import State
from cockpit.board.since import Claim, Onset, next_onset
from tests.board.fleet import START

DOWN, DEGRADED, OK, UNKNOWN, PAUSED = State.DOWN, State.DEGRADED, State.OK, State.UNKNOWN, State.PAUSED


def ago(seconds: float) -> timedelta:
    return -timedelta(seconds=seconds)


def test_first_sight_is_not_exact() -> None:
    assert next_onset(None, OK, [], START) == Onset(OK, START, False)


def test_the_source_knows_better() -> None:
    assert next_onset(None, DOWN, [Claim(DOWN, START + ago(60))], START) == Onset(DOWN, START + ago(60), True)


def test_bad_began_with_its_first_cause_and_ok_with_the_last() -> None:
    times = [START + ago(60), START + ago(30)]
    assert next_onset(None, DOWN, [Claim(DOWN, at) for at in times], START).at == START + ago(60)
    assert next_onset(None, OK, [Claim(OK, at) for at in times], START).at == START + ago(30)


def test_claims_for_other_states_do_not_count() -> None:
    assert not next_onset(None, DOWN, [Claim(DEGRADED, START + ago(60))], START).exact


def test_an_exact_claim_beats_one_that_is_not() -> None:
    claims = [Claim(DOWN, START + ago(90), False), Claim(DOWN, START + ago(60))]
    assert next_onset(None, DOWN, claims, START) == Onset(DOWN, START + ago(60), True)


def test_a_change_that_was_seen_began_when_it_was_seen() -> None:
    paused = Onset(PAUSED, START + ago(10), True)
    assert next_onset(paused, OK, [Claim(OK, START + ago(9999))], START) == Onset(OK, START, True)


def test_after_silence_the_sources_time_counts() -> None:
    silent = Onset(UNKNOWN, START + ago(10), True)
    assert next_onset(silent, OK, [Claim(OK, START + ago(9999))], START) == Onset(OK, START + ago(9999), True)


def test_a_state_that_lasts_keeps_its_onset() -> None:
    began = Onset(DOWN, START + ago(100), True)
    assert next_onset(began, DOWN, [Claim(DOWN, START + ago(5))], START) is began
    assert next_onset(began, DOWN, [], START) is began


def test_a_first_sight_is_corrected_when_the_source_tells() -> None:
    seen = Onset(DOWN, START, False)
    assert next_onset(seen, DOWN, [Claim(DOWN, START + ago(60))], START) == Onset(DOWN, START + ago(60), True)


def test_a_restart_that_nobody_saw_begins_a_new_ok() -> None:
    began = Onset(OK, START + ago(1000), True)
    assert next_onset(began, OK, [Claim(OK, START + ago(5))], START) == Onset(OK, START + ago(5), True)
    assert next_onset(began, OK, [Claim(OK, START + ago(2000))], START) is began


STATES = st.sampled_from(State)
TIMES = st.none() | st.integers(-5000, 100).map(lambda seconds: START + timedelta(seconds=seconds))
CLAIMS = st.lists(st.builds(Claim, STATES, TIMES, st.booleans()), max_size=4)


@given(st.lists(st.tuples(STATES, CLAIMS), max_size=8))
def test_it_is_never_in_the_future_and_never_before_a_state_that_was_seen(
    steps: list[tuple[State, list[Claim]]],
) -> None:
    onset = None
    for number, (state, claims) in enumerate(steps):
        now = START + timedelta(seconds=200 + number)
        following = next_onset(onset, state, claims, now)
        assert following.at <= now
        assert following.state is state
        if onset is not None and onset.state is not state and onset.state not in (UNKNOWN, State.NOT_WATCHED):
            assert following.at >= onset.at
        onset = following
