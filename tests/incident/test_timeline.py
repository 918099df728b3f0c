"""Entries folded into rows, filtered and exported."""

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.board.clock import ManualClock
from cockpit.board.text import safe
from cockpit.incident import export, filter, said
from cockpit.incident.entry import Entry
from cockpit.incident.timeline import Row, Timeline, curated, raw

NOW = ManualClock().now()


def entry(number: int, kind: str, text: str, *, minute: int | None = None, **more: object) -> Entry:
    at = NOW + timedelta(minutes=number if minute is None else minute)
    fields = {"who": "oncall", "host": "bastion", "recorded": NOW + timedelta(minutes=number)} | more
    return Entry(id=number, happened=at, kind=kind, text=safe(text), **fields)  # type: ignore[arg-type]


STORY = [
    entry(1, "state", "redis: down", facts=(("service", "redis"),)),
    entry(2, "note", "webooks failing"),
    entry(3, "note", "noise"),
    entry(4, "edit", "webhooks failing", minute=0, subject="2"),
    entry(5, "hide", "hide entry 3", subject="3"),
    entry(6, "pin", "pin entry 2", subject="2", who="backup"),
    entry(7, "annotate", "planned work", subject="1"),
    entry(8, "edit", "redis: fine", subject="1"),
    entry(9, "evidence", "log of redis 14:00-14:05", subject="1", facts=(("sha256", "ab12"),)),
    entry(10, "intent", "restart redis", unique="intent:r1", facts=(("service", "redis"),)),
    entry(11, "result", "step 1 of 1: accepted", unique="result:r1:1", facts=(("service", "redis"),)),
    entry(12, "verdict", "restart redis: worked", unique="verdict:r1", facts=(("service", "redis"),)),
    entry(13, "intent", "restart kafka", unique="intent:r2", facts=(("service", "kafka"),)),
    entry(14, "decision", "keep the old release"),
]


def by_id(rows: tuple[Row, ...]) -> dict[int, Row]:
    return {row.entry.id: row for row in rows}


def test_rows_read_as_they_were_edited_and_keep_what_was_said_before() -> None:
    rows = Timeline(STORY).rows()
    note = by_id(rows)[2]
    assert [row.entry.id for row in rows][:2] == [2, 1]  # the edit moved it before the first
    assert (note.text, note.pinned, note.said.id) == ("webhooks failing", True, 4)
    assert [(one.text, one.entry.id) for one in note.earlier] == [("webooks failing", 2)]


def test_what_the_cockpit_recorded_is_annotated_not_reworded() -> None:
    state = by_id(Timeline(STORY).rows())[1]
    assert (state.text, state.locked, state.earlier) == ("redis: down", True, ())
    assert [one.text for one in state.annotations] == ["planned work"]
    assert [one.entry.facts for one in state.evidence] == [(("sha256", "ab12"),)]


def test_the_curated_view_tells_a_mitigation_once() -> None:
    rows = curated(Timeline(STORY).rows())
    assert [row.entry.id for row in rows] == [2, 1, 12, 13, 14]
    assert [part.id for part in by_id(rows)[12].parts] == [10, 11]
    assert [row.entry.id for row in raw(STORY)] == [one.id for one in STORY]
    assert raw(STORY)[3].text == "edit of entry 2: webhooks failing"


def test_a_pinned_row_is_shown_though_hidden() -> None:
    more = [*STORY, entry(15, "pin", "", subject="3"), entry(16, "unpin", "", subject="2")]
    rows = by_id(curated(Timeline(more).rows()))
    assert 3 in rows
    assert not rows[2].pinned


def test_a_redaction_takes_every_wording() -> None:
    gone = [entry(15, "redact", "a password", subject="2"), entry(16, "redact", "a password", subject="4")]
    note = by_id(Timeline([*STORY, *gone]).rows())[2]
    assert (note.text, [one.text for one in note.earlier]) == ("[redacted]", ["[redacted]"])
    assert note.redaction is not None
    assert note.redaction.text == "a password"
    remark = by_id(Timeline([*STORY, entry(15, "redact", "x", subject="7")]).rows())[1]
    assert (remark.text, remark.annotations[0].text, remark.redaction) == ("redis: down", "[redacted]", None)


def test_what_is_only_set_aside_is_shown_as_not_saved() -> None:
    timeline = Timeline(STORY)
    timeline.add([entry(0, "note", "disk full", minute=60)])
    assert (timeline.rows()[-1].text, timeline.rows()[-1].saved) == ("disk full", False)
    timeline.forget_unsaved()
    assert all(row.saved for row in timeline.rows())


KINDS = ["note", "state", "edit", "pin", "unpin", "hide", "unhide", "annotate", "redact", "intent", "result", "verdict"]


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 12), st.integers(0, 3)), max_size=30), st.integers(0, 30)
)
def test_a_fold_in_two_parts_is_the_fold_of_the_whole(steps: list[tuple[str, int, int]], cut: int) -> None:
    entries = [
        entry(number, kind, f"text {number}", minute=minute, subject=str(about), unique=f"{kind}:r{about}:{number}")
        for number, (kind, about, minute) in enumerate(steps, 1)
    ]
    timeline = Timeline(entries[:cut])
    timeline.rows()
    timeline.add(entries[cut:])
    assert timeline.rows() == Timeline(entries).rows()
    kept = {row.entry.id for row in timeline.rows()}
    assert kept == {one.id for one in entries if one.kind in {"note", "state", "intent", "result", "verdict"}}


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("", [2, 1, 12, 13, 14]),
        ("kind:decision", [14]),
        ("kind:state,decision", [1, 14]),
        ("service:redis", [1, 12]),
        ("service:redis kind:verdict", [12]),
        ("!kind:state !kind:verdict WEBHOOKS", [2]),
        ("planned", [1]),
        ("who:backup", []),
        ("!redis", [2, 13, 14]),
        ("! nothing:like", []),
    ],
)
def test_filters(line: str, ids: list[int]) -> None:
    rows = curated(Timeline(STORY).rows())
    assert [row.entry.id for row in filter.parse(line).of(rows)] == ids


@given(st.text(max_size=60))
def test_any_filter_line_can_be_read(line: str) -> None:
    rows = curated(Timeline(STORY).rows())
    assert set(filter.parse(line).of(rows)) <= set(rows)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("line", "kind", "happened", "text"),
    [
        ("pool exhausted", "note", None, "pool exhausted"),
        ("14:27 pool exhausted", "note", "13:27", "pool exhausted"),
        ("14:27:30Z pool", "note", "13:59:30-", "pool"),
        ("15:00 now", "note", "14:00", "now"),
        ("23:50 late", "note", "22:50-", "late"),
        ("-5m restarted by hand", "note", "13:55", "restarted by hand"),
        ("-1h30m deployed", "note", "12:30", "deployed"),
        ("-90s blip", "note", "13:58:30", "blip"),
        ("! fail over", "decision", None, "fail over"),
        ("14:27 ! fail over", "decision", "13:27", "fail over"),
        ("! 14:27 fail over", "decision", "13:27", "fail over"),
        ("?since the deploy", "finding", None, "since the deploy"),
        ("@dba look at locks", "action", None, "@dba look at locks"),
        ("-5 is what it shows", "note", None, "-5 is what it shows"),
        ("25:99 is no time", "note", None, "25:99 is no time"),
        ("14:27pool", "note", None, "14:27pool"),
        ("a\x1b[2Jb", "note", None, "ab"),
    ],
)
def test_a_typed_line(line: str, kind: str, happened: str | None, text: str) -> None:
    draft = said.draft_of(line, NOW, BERLIN, "redis")  # 14:00 UTC, 15:00 in Berlin
    assert (draft.kind, draft.text) == (kind, text)
    assert draft.facts[0] == ("service", "redis")
    if happened is None:
        assert draft.happened is None
    elif happened == "13:59:30-":
        assert draft.happened == datetime(2026, 2, 28, 14, 27, 30, tzinfo=UTC)
    else:
        day = NOW - timedelta(days=1) if happened.endswith("-") else NOW
        clock = [int(part) for part in happened.rstrip("-").split(":")]
        assert draft.happened == day.replace(hour=clock[0], minute=clock[1], second=(clock[2:] or [0])[0])


def test_the_one_who_is_asked_is_a_fact() -> None:
    assert ("for", "dba") in said.draft_of("@dba look at locks", NOW, UTC).facts


@pytest.mark.parametrize("line", ["", "   ", "14:27", "!", "? ", "-5m ", "@dba", "\x1b[2J"])
def test_a_line_without_words_is_refused(line: str) -> None:
    with pytest.raises(said.NothingSaid):
        said.draft_of(line, NOW, UTC)


@given(st.text(max_size=40))
def test_any_line_gives_a_draft_or_a_reason(line: str) -> None:
    try:
        draft = said.draft_of(line, NOW, timezone(timedelta(hours=5, minutes=30)))
    except said.NothingSaid:
        return
    assert draft.text
    assert draft.text.isprintable()
    assert draft.happened is None or draft.happened <= NOW + said.AHEAD


def test_markdown_shows_what_was_said_and_renders_nothing() -> None:
    rows = curated(Timeline([*STORY, entry(15, "note", "[x](javascript:1) <b> |")]).rows())
    text = export.markdown(rows, BERLIN, title="INC-1")
    assert "## 2026\\-03\\-01 \\(CET\\)" in text
    assert "- 15:00:00 oncall, note: **webhooks failing**" in text
    assert "  - edited by oncall, first: webooks failing" in text
    assert "  - evidence: log of redis 14:00\\-14:05" in text
    assert "\\[x\\]\\(javascript:1\\) \\<b\\> \\|" in text


def test_json_holds_every_fact() -> None:
    rows = curated(Timeline(STORY).rows())
    document = json.loads(export.as_json(rows, NOW, filtered="kind:note"))
    assert (document["schema"], document["filter"], document["at"]) == (1, "kind:note", "2026-03-01T14:00:00Z")
    first, second = document["rows"][:2]
    assert (first["text"], first["earlier"][0]["text"], first["pinned"]) == (
        "webhooks failing",
        "webooks failing",
        True,
    )
    assert second["evidence"][0]["facts"] == [["sha256", "ab12"]]
