"""The table: nothing unknown is ok, nothing gets better by getting worse, and the rows that people rely on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.board.model import ReadingState, State
from cockpit.board.rollup import RANK, Check, Facts, Runs, is_set_aside, roll_up

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN
COUNT = st.integers(0, 3)
RUNS = st.builds(
    Runs, live=st.booleans(), desired=COUNT, ready=COUNT, starting=COUNT, paused=COUNT, done=COUNT, unknown=COUNT,
    maintenance=st.booleans(), rolling=st.booleans(),
)  # fmt: skip
CHECKS = st.builds(Check, st.sampled_from(ReadingState), st.booleans(), st.booleans())
FACTS = st.builds(
    Facts,
    watched=st.sampled_from([True, True, True, False]),
    expects=st.booleans(),
    sources_live=st.booleans(),
    runs=st.lists(RUNS, max_size=3).map(tuple),
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    numbers=st.lists(st.sampled_from(ReadingState), max_size=2).map(tuple),
    alerts=st.integers(0, 2),
    fresh=st.booleans(),
)


def aside(facts: Facts) -> bool:
    return is_set_aside(facts) or not facts.watched


@given(FACTS)
def test_ok_needs_everything_live_and_well(facts: Facts) -> None:
    if roll_up(facts) is not State.OK:
        return
    assert all(run.live and run.ready >= run.desired and run.ready for run in facts.runs if run.desired)
    assert all(check.live and check.state is OK for check in facts.checks if check.critical)
    assert not any(check.live and check.state in (DEGRADED, DOWN) for check in facts.checks)
    assert facts.alerts == 0
    assert facts.runs or not facts.expects
    assert facts.runs or any(check.live and check.state is OK for check in facts.checks)


@given(FACTS)
def test_without_anything_live_it_is_never_ok_nor_down(facts: Facts) -> None:
    silent = replace(
        facts,
        watched=True,
        sources_live=False,
        runs=tuple(replace(run, live=False) for run in facts.runs),
        checks=tuple(replace(check, live=False) for check in facts.checks),
        numbers=(),
        alerts=0,
    )
    assert roll_up(silent) is State.UNKNOWN


@given(FACTS)
def test_what_is_not_watched_has_no_other_state(facts: Facts) -> None:
    assert roll_up(replace(facts, watched=False)) is State.NOT_WATCHED


def worse_check(check: Check) -> Check:
    return replace(check, state={OK: DEGRADED, DEGRADED: DOWN, DOWN: DOWN, UNKNOWN: DOWN}[check.state], live=True)


@given(FACTS, st.data())
def test_a_worse_probe_makes_nothing_better(facts: Facts, data: Any) -> None:
    if not facts.checks or aside(facts):
        return
    index = data.draw(st.integers(0, len(facts.checks) - 1))
    check = facts.checks[index]
    # A start's grace is for what was asked and answered badly; not knowing is not softened by it.
    if facts.fresh and (check.state is UNKNOWN or not check.live):
        return
    checks = (*facts.checks[:index], worse_check(check), *facts.checks[index + 1 :])
    assert RANK[roll_up(replace(facts, checks=checks))] <= RANK[roll_up(facts)]


@given(FACTS, st.data())
def test_one_instance_less_makes_nothing_better(facts: Facts, data: Any) -> None:
    candidates = [index for index, run in enumerate(facts.runs) if run.live and (run.ready or run.starting)]
    if not candidates or aside(facts):
        return
    index = data.draw(st.sampled_from(candidates))
    run = facts.runs[index]
    fewer = replace(run, ready=run.ready - 1) if run.ready else replace(run, starting=run.starting - 1)
    slower = replace(run, ready=run.ready - 1, starting=run.starting + 1) if run.ready else fewer
    state = roll_up(facts)
    for changed in (fewer, slower):
        worse = replace(facts, runs=(*facts.runs[:index], changed, *facts.runs[index + 1 :]))
        # Scaled to nothing, or all that is left is paused: people did that.
        if not aside(worse) and any(one.desired for one in worse.runs):
            assert RANK[roll_up(worse)] <= RANK[state]


@given(FACTS)
def test_an_alert_makes_nothing_better(facts: Facts) -> None:
    assert RANK[roll_up(replace(facts, alerts=facts.alerts + 1))] <= RANK[roll_up(facts)]


@given(FACTS)
def test_grace_never_makes_it_ok(facts: Facts) -> None:
    if roll_up(replace(facts, fresh=True)) is State.OK:
        assert roll_up(replace(facts, fresh=False)) is State.OK


def runs(**counts: Any) -> Facts:
    return Facts(expects=True, runs=(Runs(**counts),))


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (runs(desired=2, ready=2), State.OK),
        (runs(desired=2, ready=1), State.DEGRADED),
        (runs(desired=2, ready=0), State.DOWN),
        (runs(desired=2, ready=1, starting=1), State.STARTING),
        (runs(desired=2, ready=0, starting=1), State.DEGRADED),
        (runs(desired=1, ready=0, starting=1), State.STARTING),
        (runs(desired=3, ready=1, rolling=True), State.STARTING),
        (runs(desired=2, ready=2, live=False), State.UNKNOWN),
        (runs(desired=0), State.PAUSED),
        (runs(desired=0, done=1), State.NOT_WATCHED),
        (runs(desired=1, paused=1), State.PAUSED),
        (runs(desired=2, ready=1, paused=1), State.DEGRADED),
        (runs(desired=2, ready=0, maintenance=True), State.PAUSED),
        (runs(desired=2, ready=0, maintenance=True, live=False), State.UNKNOWN),
        (runs(desired=2, ready=1, unknown=1), State.DEGRADED),
        (runs(desired=1, unknown=1), State.UNKNOWN),
        (Facts(expects=True), State.DOWN),
        (Facts(expects=True, sources_live=False), State.UNKNOWN),
        (Facts(), State.UNKNOWN),
        (Facts(watched=False), State.NOT_WATCHED),
        (Facts(checks=(Check(OK),)), State.OK),
        (Facts(checks=(Check(OK, live=False),)), State.UNKNOWN),
        (Facts(checks=(Check(DOWN),)), State.DOWN),
        (Facts(checks=(Check(DOWN, critical=False), Check(OK))), State.DEGRADED),
        (Facts(checks=(Check(UNKNOWN, critical=False),)), State.UNKNOWN),
        (Facts(checks=(Check(UNKNOWN, critical=False), Check(OK))), State.OK),
        (Facts(checks=(Check(DOWN), Check(OK, live=False))), State.DOWN),
        (Facts(checks=(Check(OK),), numbers=(DOWN,)), State.DEGRADED),
        (Facts(numbers=(OK,)), State.UNKNOWN),
        (replace(runs(desired=1, ready=1), checks=(Check(DOWN),), fresh=True), State.STARTING),
        (replace(runs(desired=1, ready=1), checks=(Check(DOWN),)), State.DOWN),
        (replace(runs(desired=1, ready=1, live=False), checks=(Check(DOWN),)), State.DOWN),
    ],
)
def test_rows(facts: Facts, state: State) -> None:
    assert roll_up(facts) is state
