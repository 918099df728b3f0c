"""Who takes whose place among the processes of one selector."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.process.slots import CALM, KEPT, Slot, advance
from cockpit.backends.procfs import Stat

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)


def process(pid: int, started: int = 1, name: str = "nginx") -> Stat:
    """A process that runs."""
    return Stat(pid, name, "S", 1, 0, started, 4096)


def after(seconds: float) -> datetime:
    """A moment."""
    return START + timedelta(seconds=seconds)


def shown(slots: tuple[Slot, ...]) -> list[tuple[str, int, int, bool]]:
    """(name, pid, restarts, gone) of each."""
    return [(slot.name, slot.process.pid, slot.restarts, slot.gone_at is not None) for slot in slots]


def test_an_exit_is_kept_until_something_runs_again() -> None:
    slots = advance((), [process(10)], START)
    assert shown(slots) == [("nginx", 10, 0, False)]
    slots = advance(slots, [], after(5))
    assert (shown(slots), slots[0].gone_at) == ([("nginx", 10, 0, True)], after(5))
    assert advance(slots, [], after(500)) == slots
    slots = advance(slots, [process(11)], after(501))
    assert shown(slots) == [("nginx", 11, 1, False)]
    slots = advance(slots, [process(12)], after(502))
    assert shown(slots) == [("nginx", 12, 2, False)]


def test_the_same_pid_of_another_start_is_another_process() -> None:
    slots = advance(advance((), [process(10, 1)], START), [process(10, 2)], after(1))
    assert shown(slots) == [("nginx", 10, 1, False)]


def test_a_calm_run_ends_the_series() -> None:
    slots = advance((), [process(1)], START)
    slots = advance(slots, [process(2)], after(1))
    slots = advance(slots, [process(3)], after(2))
    slots = advance(slots, [process(4)], after(2) + CALM)
    assert shown(slots) == [("nginx", 4, 1, False)]


def test_several_keep_their_places() -> None:
    slots = advance((), [process(1), process(2), process(3)], START)
    slots = advance(slots, [process(1), process(3)], after(1))
    assert shown(slots) == [("nginx", 1, 0, False), ("nginx-2", 2, 0, True), ("nginx-3", 3, 0, False)]
    slots = advance(slots, [process(1), process(3), process(9)], after(2))
    assert shown(slots) == [("nginx", 1, 0, False), ("nginx-2", 9, 1, False), ("nginx-3", 3, 0, False)]


def test_one_that_went_is_forgotten_beside_others() -> None:
    slots = advance(advance((), [process(1), process(2)], START), [process(1)], after(1))
    assert len(slots) == 2
    assert shown(advance(slots, [process(1)], after(1) + KEPT)) == [("nginx", 1, 0, False)]


def test_what_did_not_change_stays_the_same_object() -> None:
    slots = advance((), [process(1)], START)
    again = advance(slots, [process(1)], after(1))
    assert again[0] is slots[0]
    assert advance(again, [process(1, name="nginx: idle")], after(2))[0].name == "nginx: idle"


@given(st.lists(st.sets(st.integers(1, 8), max_size=5), max_size=12))
def test_all_that_runs_is_there_once(looks: list[set[int]]) -> None:
    slots: tuple[Slot, ...] = ()
    started = 0
    for count, pids in enumerate(looks):
        slots = advance(slots, [process(pid) for pid in sorted(pids)], after(count))
        live = [slot for slot in slots if slot.gone_at is None]
        assert sorted(slot.process.pid for slot in live) == sorted(pids)
        assert len({slot.number for slot in slots}) == len(slots)
        started = max(started, len(slots))
        assert all(slot.number <= started for slot in slots)
