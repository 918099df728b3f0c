"""The line of time: changes above how much went wrong, on one axis, and the changes newest first."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cockpit.board.model import ChangeKind, Freshness, SafeText
from cockpit.board.rate import Rate
from cockpit.board.snapshot import ServiceStatus, SourceStatus
from cockpit.ui.look import look_of
from cockpit.ui.panes.changes import changes_lines, title
from cockpit.ui.settings import Settings
from tests.ui import scene
from tests.ui.fakeport import AT

LOOK = look_of(Settings(theme="dark", ascii=False, utc=True))
ASCII = look_of(Settings(theme="dark", ascii=True, utc=True))


def drawn(service: ServiceStatus, columns: int = 80, look: object = LOOK, **more: object) -> list[str]:
    lines = changes_lines(look, service, (), AT, columns, **more)  # type: ignore[arg-type]
    return [line.text.rstrip() for line in lines]


def column(lines: list[str], row: int, mark: str) -> int:
    return lines[row].index(mark)


def stepwise() -> Rate:
    """No instance was missing until the service fell."""
    return Rate("instances not ready", "", ((scene.ago(9000), 0.0), (scene.ago(252), 2.0)), holds=True)


def test_what_goes_wrong_rises_in_the_column_in_which_it_fell() -> None:
    lines = drawn(replace(scene.broken(), rate=stepwise()))
    assert column(lines, 0, "✗") == column(lines, 1, "█")
    assert column(lines, 0, "R") < column(lines, 0, "✗") < column(lines, 0, "M")
    assert lines[1].strip("▁█ ") == ""
    assert lines[2].split() == ["13:32Z", "14:02Z", "14:32Z"]
    assert lines[3].strip() == "above: changes; below: instances not ready, most 2"
    assert [line.split()[0] for line in lines[4:]] == ["M", "R"]


def test_minutes_without_an_answer_stay_empty() -> None:
    points = tuple((scene.ago(60 * minute).replace(second=0), 1.0) for minute in (50, 49, 10))
    line = drawn(replace(scene.broken(), rate=Rate("failing probe answers a minute", "", points)))[1]
    assert 2 <= line.count("█") <= 6
    assert " " * 20 in line.strip()


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_every_line_fits(columns: int) -> None:
    many = tuple(scene.changed(60 * number, f"rollout {'x' * 90}") for number in range(20))
    lines = drawn(replace(scene.broken(), changes=many, rate=stepwise()), columns, most=5)
    assert all(len(line) <= columns for line in lines)
    assert lines[-1].strip() == "15 more"


def test_several_changes_in_one_column_are_counted() -> None:
    near = (scene.changed(1800, "a"), scene.changed(1801, "b", ChangeKind.SCALE))
    assert "2" in drawn(replace(scene.broken(), changes=near))[0]


def test_what_counts_and_what_of_it_is_missing_is_said() -> None:
    rate = Rate("error lines a minute", "", ((scene.ago(120), 4.0),), partly=SafeText("in 1 of 2 logs"))
    words = drawn(replace(scene.broken(), rate=rate))[3].strip()
    assert words == "above: changes; below: error lines a minute, most 4 (in 1 of 2 logs)"
    old = replace(rate, points=((scene.ago(20_000), 4.0),))
    for unknown in (None, old):
        lines = drawn(replace(scene.broken(), rate=unknown))
        assert "above: changes; errors -: no number, log or probe tells of them yet" in [one.strip() for one in lines]


def test_ascii_is_ascii() -> None:
    assert all(line.isascii() for line in drawn(replace(scene.broken(), rate=stepwise()), look=ASCII))


def test_two_hours_are_shown_where_what_matters_was_more_than_one_ago() -> None:
    fallen = replace(scene.broken(), since=AT - timedelta(minutes=90))
    assert title(scene.broken(), AT) == "Recent changes, last hour"
    assert title(fallen, AT) == "Recent changes, last 2 hours"


def test_nothing_is_said_to_be_nothing_and_what_is_not_seen_is_named() -> None:
    quiet = replace(scene.broken(), changes=())
    source = SourceStatus(
        name="main", label=SafeText("k"), kind="kubernetes", freshness=Freshness.LIVE, since=AT, heard_at=AT,
        aside=SafeText("needs list and watch on secrets"),
    )  # fmt: skip
    lines = [line.text.strip() for line in changes_lines(LOOK, quiet, (source,), AT, 80)]
    assert lines == [
        "nothing is known to have changed within a day", "changes not seen: needs list and watch on secrets",
    ]  # fmt: skip
