"""Why a service is so: findings ranked, each one key from its evidence; back leads to the findings again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.board.model import Change, ChangeKind, Freshness, Identity, Phase, ReadingState, Remark, SafeText
from cockpit.board.revision import Revision
from cockpit.board.snapshot import Series, ServiceStatus, Snapshot
from cockpit.engine.port import CloseTail, Inspect, ListObjects, OpenTail, Revisions
from cockpit.logs.line import Level
from cockpit.logs.shapes import ErrorShape
from cockpit.ui.jumps import window
from tests.ui import scene
from tests.ui.drive import Shown, golden, shown
from tests.ui.fakeport import AT

IN_TROUBLE = frozenset({"hook-receiver", "postgres"})


def with_first(**more: Any) -> Snapshot:
    """The scene with another first service, and what it needs well again."""
    first, _, *others = scene.services()
    well = scene.well("postgres", 1, 2.0, 400, 1)
    return scene.snapshot(services=(replace(first, cause="", evidence=(), **more), well, *others))


def row_of(screen: Shown, words: str) -> int:
    """How often `j` is pressed until a finding is selected."""
    places = [place for place, line in enumerate(screen.text().splitlines()[4:]) if words in line]
    assert places, screen.text()
    return places[0]


async def enter(screen: Shown, words: str) -> None:
    """Into the evidence of the finding that says so."""
    await screen.press("g", *["j"] * row_of(screen, words), "enter")


async def seen(screen: Shown, words: str) -> None:
    """Wait until it is drawn: an answer comes in a turn of the loop of its own, and makes room in another."""
    for _ in range(200):
        if words in screen.text():
            return
        await screen.settle()
    raise AssertionError(screen.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_findings_first_then_what_is_around(size: tuple[int, int]) -> None:
    async with shown(scene.port(), size) as screen:
        await screen.press("x")
        golden(f"explain-{size[0]}x{size[1]}", screen.text())


async def test_what_fell_first_is_explained_in_turn() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("x")
        await enter(screen, "postgres down before it")
        assert "── Why postgres is so" in screen.line(2)
        await screen.press("q")
        assert "── Why hook-receiver is so" in screen.line(2)
        await screen.press("q")
        assert "── Services" in screen.line(2)


async def test_a_crash_leads_to_the_log_of_that_instance() -> None:
    made = scene.port()
    async with shown(made) as screen:
        await screen.press("x")
        await enter(screen, "OOM killed")
        opened = [one for one in made.sent if isinstance(one, OpenTail)][-1]
        assert [one.name for one in opened.instances] == ["hook-receiver"]
        assert opened.instances[0].instance.startswith("hook-receiver-02")
        assert not opened.previous
        assert "hook-receiver-2: log" in screen.line(2)


async def test_what_runs_again_is_read_in_the_run_before() -> None:
    work = scene.workload("hook-receiver", phase=Phase.RUNNING, exit_code=1, started_at=AT - timedelta(seconds=2))
    work = replace(work, instances=tuple(replace(one, health_detail=SafeText("")) for one in work.instances))
    snapshot = with_first(workloads=(work,), probes=())
    first = replace(snapshot.services[0], evidence=(SafeText("hook-receiver-1: exit 1, restarted 4x in 2 min"),))
    made = scene.port(snapshot=replace(snapshot, services=(first, *snapshot.services[1:])))
    async with shown(made) as screen:
        await screen.press("x")
        assert "run before" in screen.text()
        await enter(screen, "exit 1, restarted 4x")
        assert [one for one in made.sent if isinstance(one, OpenTail)][-1].previous


async def test_a_probe_leads_to_its_row_among_the_endpoints() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("x")
        await enter(screen, "http /ready")
        assert "── Health endpoints" in screen.line(2)
        assert "── hook-receiver: ready" in screen.text()


async def test_an_image_that_is_not_there_leads_to_what_the_platform_says() -> None:
    work = scene.workload("hook-receiver", phase=Phase.PENDING, error=SafeText("image pull: not found: v9"))
    made = scene.port(snapshot=with_first(workloads=(work,), probes=()))
    made.answers["Inspect"] = SafeText("events: Failed to pull")
    async with shown(made) as screen:
        await screen.press("x")
        await enter(screen, "image pull: not found")
        (asked,) = [one for one in made.sent if isinstance(one, Inspect)]
        assert asked.identity == work.instances[0].id
        assert "events: Failed to pull" in screen.text()


def clustered(*remarks: Remark) -> Snapshot:
    """The first service in a cluster."""
    work = replace(
        scene.workload("hook-receiver"), id=Identity("kubernetes", "c1", "shop", "deployment", "hook-receiver"),
        remarks=remarks,
    )  # fmt: skip
    snapshot = with_first(workloads=(work,), probes=())
    return replace(snapshot, sources=tuple(replace(one, kind="kubernetes") for one in snapshot.sources))


async def test_an_autoscaler_leads_to_itself_in_its_list() -> None:
    remark = Remark(SafeText("HPA hooks is at its maximum of 5"), ReadingState.OK)
    made = scene.port(snapshot=clustered(remark))
    async with shown(made) as screen:
        await screen.press("x")
        assert "HPA hooks" in screen.text()
        await enter(screen, "at its maximum")
        asked = [one for one in made.sent if isinstance(one, ListObjects)]
        assert asked[0].query.kind == "horizontalpodautoscalers"
        assert asked[0].query.space == "shop"


async def test_a_stuck_rollout_leads_to_the_revisions() -> None:
    stuck = Remark(SafeText("rollout stuck, 1 of 3 updated: no progress in time"), ReadingState.DEGRADED)
    made = scene.port(snapshot=clustered(stuck))
    made.answers["Revisions"] = (Revision(number=2, name="r2", images=(SafeText("hooks:2"),)),)
    async with shown(made) as screen:
        await screen.press("x")
        await enter(screen, "rollout stuck")
        assert sum(isinstance(one, Revisions) for one in made.sent) == 1
        assert "1 revision" in screen.line(2)


async def test_the_last_change_leads_to_the_timeline_at_that_time() -> None:
    change = Change(AT - timedelta(seconds=300), ChangeKind.CONFIG, SafeText("ConfigMap hooks changed"), "hooks")
    first = with_first(changes=(change,))
    at = scene.entry(1, 290, "note", "oncall", "somebody edited the pool")
    made = scene.port(snapshot=first, timeline=(at, *(replace(one, id=one.id + 1) for one in scene.TIMELINE)))
    async with shown(made) as screen:
        await screen.press("x")
        await enter(screen, "last change before it: ConfigMap")
        assert "── Timeline" in screen.line(2)
        assert any(line.startswith(">") and "edited the pool" in line for line in screen.text().splitlines())


async def test_a_number_leads_to_the_resources_of_its_service() -> None:
    series = {"memory": Series("bytes", AT, (5e8,), 5.4e8, ReadingState.DEGRADED)}
    async with shown(scene.port(snapshot=with_first(series=series, probes=()))) as screen:
        await screen.press("x")
        await enter(screen, "is beyond its threshold")
        assert any(line.startswith(">hook-receiver") for line in screen.text().splitlines())


async def test_a_source_that_is_silent_has_nothing_more_to_show() -> None:
    (source,) = scene.snapshot().sources
    lost = replace(source, freshness=Freshness.LOST, why=SafeText("connection refused"))
    async with shown(scene.port(snapshot=replace(with_first(), sources=(lost,)))) as screen:
        await screen.press("x")
        await enter(screen, "no answer from")
        assert "cockpit doctor" in screen.line(23)


async def test_kinds_of_errors_in_its_log_are_findings_and_the_log_is_given_back() -> None:
    made = scene.port()
    shape = ErrorShape(
        shape=SafeText("pool exhausted after … ms"), count=12, level=Level.ERROR, first=AT - timedelta(minutes=3),
        last=AT - timedelta(minutes=1), example_seq=0,
    )  # fmt: skip
    made.answers["TopErrors"] = (shape,)
    async with shown(made) as screen:
        await screen.press("x")
        await screen.pass_time(1)
        await seen(screen, "log: pool exhausted after … ms (12x)")
        assert [one.until for one in made.sent if isinstance(one, OpenTail)][-1] == AT
        closed = sum(isinstance(one, CloseTail) for one in made.sent)
        await enter(screen, "pool exhausted")
        assert sum(isinstance(one, CloseTail) for one in made.sent) == closed + 1
        around = [one for one in made.sent if isinstance(one, OpenTail)][-1]
        assert (around.since, around.until) == (AT - timedelta(minutes=3), AT)


async def test_what_is_well_says_that_nothing_speaks_against_it() -> None:
    made = scene.port(snapshot=scene.snapshot(services=(scene.well("auth", 1, 8.0, 140),)))
    async with shown(made) as screen:
        await screen.press("x")
        assert "nothing speaks against it" in screen.text()
        before = len(made.sent)
        await screen.press("enter")
        assert not any(isinstance(one, OpenTail) for one in made.sent[before:])


async def test_the_filter_and_a_service_that_goes() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("x", "slash", *"endpoint", "enter")
        assert "OOM killed, 137" not in "\n".join(screen.text().splitlines()[3:6])
        await screen.press("escape")
        gone: tuple[ServiceStatus, ...] = tuple(one for one in scene.services() if one.name not in IN_TROUBLE)
        await screen.push(snapshot=scene.snapshot(services=gone))
        assert "hook-receiver is not on the board any more" in screen.text()


def test_a_window_of_a_log_is_named_by_times_of_day() -> None:
    now = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
    assert window(now, now - timedelta(minutes=10)) == "since:14:18:00Z until:14:21:00Z"
    assert window(now, now - timedelta(seconds=10)) == "since:14:27:50Z"
    assert window(now, now - timedelta(hours=30)) == window(now, None) == ""
