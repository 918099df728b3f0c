"""The timeline as it goes on says the same as one folded from everything at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.text import safe
from cockpit.incident.entry import Entry
from cockpit.incident.rolling import Rolling
from cockpit.incident.timeline import Timeline, curated

START = datetime(2026, 3, 1, tzinfo=UTC)


def entry(number: int, kind: str = "note", subject: str = "", unique: str = "") -> Entry:
    at = START + timedelta(seconds=number)
    return Entry(
        id=number, happened=at, recorded=at, who="oncall", host="bastion", kind=kind, text=safe(f"{kind} {number}"),
        subject=subject, unique=unique,
    )  # fmt: skip


kinds = st.sampled_from(["note", "state", "edit", "pin", "hide", "annotate", "redact"])


@given(st.lists(st.tuples(kinds, st.integers(1, 8)), max_size=20), st.lists(st.integers(1, 5), min_size=20))
def test_it_does_not_matter_how_the_entries_come(made: list[tuple[str, int]], cuts: list[int]) -> None:
    entries = [entry(number, kind, str(about)) for number, (kind, about) in enumerate(made, 1)]
    rolling, left = Rolling(), list(entries)
    for size in cuts:
        rolling.hear(left[:size])
        left = left[size:]
    assert rolling.rows == curated(Timeline(entries).rows())


def test_what_is_not_saved_stays_shown_until_it_is() -> None:
    rolling = Rolling([entry(1)])
    aside = entry(0, unique="once:1")
    rolling.hear([aside])
    rolling.hear([entry(2)])
    assert [row.saved for row in rolling.rows] == [False, True, True]
    rolling.hear([entry(3, unique="once:1")])
    assert [row.entry.id for row in rolling.rows] == [1, 2, 3]


def test_it_is_cut_to_the_newest_and_keeps_what_is_not_saved() -> None:
    rolling = Rolling([entry(number) for number in range(1, 50)])
    rolling.hear([entry(0, unique="once:1")])
    rolling.renew([entry(number) for number in range(40, 50)])
    assert (rolling.size, [row.entry.id for row in rolling.rows][-3:]) == (10, [47, 48, 49])
    assert sum(not row.saved for row in rolling.rows) == 1
    rolling.hear([entry(50, unique="once:1")])
    assert [row.entry.id for row in rolling.rows] == list(range(40, 51))
