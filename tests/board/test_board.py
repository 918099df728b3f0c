"""The board as a whole: merge, structural sharing, what each kind of news does to a service."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.board.assess import Assessment, World, assess
from cockpit.board.model import Freshness, Health, Phase, ReadingState, Remark, SafeText, State
from cockpit.board.slot import Slot
from cockpit.profile.schema import Backend, Selector, Service
from tests.board.fleet import SOURCE, START
from tests.board.scene import LONG_AGO, TCP, Scene, exited, identity, profile, service, unhealthy, workload

OK, DOWN = ReadingState.OK, ReadingState.DOWN


def test_before_anything_is_known_nothing_is_ok() -> None:
    assert Scene()["web"].state is State.UNKNOWN
    assert Scene().declared()["web"].state is State.UNKNOWN
    assert Scene().declared()["web"].why == "docker:main has not answered yet"


def test_while_a_source_is_listed_its_pages_cost_nobody_else_an_assessment(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(profile({name: service(name) for name in ("web", "api")})).declared()
    scene.changed(workload("web"))
    assert scene.why("web") == scene.why("api") == "docker:main is still being listed"
    assessed: list[str] = []

    def noted(slot: Slot, world: World) -> Assessment:
        assessed.append(slot.chosen.key)
        return assess(slot, world)

    monkeypatch.setattr("cockpit.board.statuses.assess", noted)
    scene.later(1, heard=False).changed(workload("web", {}, {}))
    assert scene["web"].state is State.UNKNOWN
    assert assessed == ["web"]


def test_what_is_not_there_is_down() -> None:
    status = Scene().listed()["web"]
    assert (status.state, status.why, status.ready, status.desired) == (State.DOWN, "no instance", 0, None)


def test_a_service_that_runs() -> None:
    status = Scene().listed(workload("web", {}, {}))["web"]
    assert (status.state, status.ready, status.desired, status.restarts) == (State.OK, 2, 2, 0)
    assert (status.since, status.since_exact, status.why) == (LONG_AGO, True, "")


def test_a_kill_shows_with_its_exit_code() -> None:
    scene = Scene().listed(workload("web")).later(5)
    died = exited(137, at=scene.at)
    scene.changed(workload("web", died))
    status = scene["web"]
    assert (status.state, status.why, status.since) == (State.DOWN, "exit 137 (SIGKILL)", scene.at)


def test_one_of_two_is_degraded_since_it_fell() -> None:
    status = Scene().listed(workload("web", {}, exited(1, ago=90)))["web"]
    assert (status.state, status.why, status.ready) == (State.DEGRADED, "exit 1", 1)
    assert (status.since, status.since_exact) == (START - timedelta(seconds=90), True)


def test_both_are_down_since_the_last_fell() -> None:
    oom = exited(137, ago=100, oom_killed=True)
    status = Scene().listed(workload("web", oom, exited(1, ago=90)))["web"]
    assert (status.state, status.why) == (State.DOWN, "OOM killed, 137")
    assert status.since == START - timedelta(seconds=90)
    assert status.evidence[:2] == ("web-1: OOM killed, 137", "web-2: exit 1")


def test_unhealthy_says_what_the_check_said() -> None:
    status = Scene().listed(workload("web", unhealthy("curl: (7) refused", ago=40)))["web"]
    assert (status.state, status.why) == (State.DOWN, "unhealthy: curl: (7) refused")
    assert status.since == START - timedelta(seconds=40)


def test_paused_keeps_its_facts_and_began_when_it_was_seen() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web")).probed("web", OK).later(9)
    paused = scene.changed(workload("web", {"phase": Phase.PAUSED})).probed("web", DOWN, "no answer")["web"]
    assert (paused.state, paused.why, paused.since, paused.since_exact) == (State.PAUSED, "paused", scene.at, True)
    assert "tcp 5432 no answer" in paused.evidence
    scene.later(9)
    back = scene.changed(workload("web")).probed("web", OK)["web"]
    assert (back.state, back.since) == (State.OK, scene.at)
    assert scene.later(30)["web"].state is not State.PAUSED


def test_maintenance_overrides_the_colour_only() -> None:
    status = Scene().listed(workload("web", exited(1), maintenance=True))["web"]
    assert (status.state, status.why, status.ready) == (State.PAUSED, "maintenance", 0)
    assert "web-1: exit 1" in status.evidence


def test_a_start_has_a_minute_of_grace() -> None:
    scene = Scene()
    booting = {"health": Health.STARTING, "started_at": START}
    scene.listed(workload("web", booting))
    assert (scene.state("web"), scene["web"].since) == (State.STARTING, START)
    assert scene.later(59)["web"].state is State.STARTING
    status = scene.later(2)["web"]
    assert (status.state, status.since) == (State.DOWN, START)
    assert status.why == "its health check has not passed since it started"


def test_a_probe_has_grace_while_its_service_starts() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)}))
    scene.listed(workload("web", {"started_at": START})).probed("web", DOWN, "connection refused")
    assert scene.state("web") is State.STARTING
    scene.later(61).probed("web", DOWN, "connection refused")
    assert (scene.state("web"), scene.why("web")) == (State.DOWN, "tcp 5432 connection refused")


def test_a_rollout_has_grace_too() -> None:
    rolling: dict[str, Any] = {"rollout": SafeText("1 of 2 updated"), "changed_at": START, "desired": 2}
    scene = Scene().listed(workload("web", **rolling))
    assert (scene.state("web"), scene.why("web")) == (State.STARTING, "1 of 2 updated")
    assert scene.later(61)["web"].state is State.DEGRADED


def test_a_rollout_that_is_stuck_is_told_once() -> None:
    stuck = SafeText("rollout stuck, 1 of 1 updated")
    remark = Remark(stuck, ReadingState.DEGRADED)
    status = Scene().listed(workload("web", {}, rollout=stuck, remarks=(remark,)))["web"]
    assert (status.state, status.evidence) == (State.DEGRADED, (stuck,))


def test_a_rollout_whose_pods_all_crash_is_down_when_its_grace_is_over() -> None:
    crash = {"phase": Phase.RESTARTING, "exit_code": 1, "restarts": 2}
    rolling: dict[str, Any] = {"rollout": SafeText("rollout: 2 of 2 updated"), "changed_at": START, "desired": 2}
    scene = Scene().listed(workload("web", crash, crash, **rolling))
    assert scene.state("web") is State.STARTING
    status = scene.later(61)["web"]
    assert (status.state, status.why) == (State.DOWN, "exit 1, restarted 2x, 1 m after rollout")


def test_a_crash_loop_is_down_also_while_it_runs() -> None:
    scene = Scene()
    scene.listed(workload("web", {"restarts": 0}))
    for count in range(1, 6):
        scene.later(4).changed(workload("web", exited(1, at=scene.at, restarts=count - 1)))
        scene.later(1).changed(workload("web", {"started_at": scene.at, "restarts": count}))
    assert scene.state("web") is State.DOWN
    assert scene.why("web") == "exit 1, restarted 5x in 1 min"
    # A minute of quiet ends it, with nothing to press.
    assert scene.later(61)["web"].state is State.OK


def test_a_crash_loop_is_known_at_first_sight() -> None:
    young = {"restarts": 7, "started_at": START - timedelta(seconds=2)}
    status = Scene().listed(workload("web", young))["web"]
    assert (status.state, status.why) == (State.DOWN, "restarted 7x")
    waiting = {"phase": Phase.RESTARTING, "exit_code": 1, "restarts": 7}
    assert Scene().listed(workload("web", waiting))["web"].why == "exit 1, restarted 7x"


def test_restarts_that_become_known_late_are_no_loop() -> None:
    scene = Scene().listed(workload("web", {"restarts": None, "started_at": None}))
    scene.changed(workload("web", {"restarts": 9, "started_at": LONG_AGO}))
    assert (scene.state("web"), scene["web"].restarts, scene["web"].since) == (State.OK, 9, LONG_AGO)
    scene.later(2).changed(workload("web", {"restarts": 10, "started_at": scene.at}))
    assert scene.state("web") is State.OK


def test_an_image_that_cannot_be_pulled() -> None:
    wanting = {"phase": Phase.CREATED, "error": SafeText("manifest for web:v9 not found"), "started_at": None}
    assert Scene().listed(workload("web", wanting))["web"].why == "image pull: manifest for web:v9 not found"


def test_jobs_that_are_done_are_not_down() -> None:
    scene = Scene(profile({}, discover=True))
    job = exited(0, restart_policy="no")
    scene.listed(workload("migrate", job), workload("failed", exited(3, restart_policy="no")))
    assert (scene.state("shop/migrate"), scene.why("shop/migrate")) == (State.NOT_WATCHED, "completed, exit 0")
    assert scene.state("shop/failed") is State.DOWN


def test_what_served_is_no_job_when_it_stops() -> None:
    scene = Scene(profile({}, discover=True))
    scene.listed(workload("web", {"health": Health.HEALTHY, "restart_policy": "no"}))
    scene.changed(workload("web", exited(0, restart_policy="no")))
    assert (scene.state("shop/web"), scene.why("shop/web")) == (State.DOWN, "stopped, exit 0")


def test_a_declared_service_is_no_job() -> None:
    status = Scene().listed(workload("web", exited(0, restart_policy="no")))["web"]
    assert (status.state, status.why) == (State.DOWN, "stopped, exit 0")


def test_one_off_containers_of_compose_are_neither_wanted_nor_missed() -> None:
    one_off = exited(1, name=SafeText("shop-web-run-0123456789ab"))
    status = Scene().listed(workload("web", {}, one_off))["web"]
    assert (status.state, status.ready, status.desired) == (State.OK, 1, 1)


def test_scaled_to_nothing() -> None:
    empty = replace(workload("web"), instances=(), desired=0)
    assert (Scene().listed(empty)["web"].state, Scene().listed(empty)["web"].why) == (State.PAUSED, "scaled to 0")


def test_a_lost_source_makes_unknown_and_keeps_what_was_known() -> None:
    scene = Scene().listed(workload("web")).later(7)
    scene.lost("connection refused")
    status = scene["web"]
    assert (status.state, status.ready, status.freshness) == (State.UNKNOWN, 1, Freshness.LOST)
    assert status.why == "no answer from docker:main since 14:00:05Z (connection refused)"
    scene.later(3).listed(workload("web"))
    assert (scene.state("web"), scene["web"].since) == (State.OK, LONG_AGO)


def test_after_a_loss_only_the_whole_list_is_believed() -> None:
    scene = Scene().listed(workload("web")).lost().later(1)
    scene.heard().changed(workload("web"))
    assert scene.state("web") is State.UNKNOWN
    assert scene.listed(workload("web"))["web"].state is State.OK


def test_silence_is_news() -> None:
    scene = Scene().listed(workload("web"))
    assert scene.later(20, heard=False)["web"].state is State.OK
    stale = scene.later(1, heard=False)["web"]
    assert (stale.state, stale.freshness) == (State.UNKNOWN, Freshness.STALE)
    assert stale.why == "no answer from docker:main since 14:00:00Z (silent, should speak every 10 s)"
    assert scene.later(30, heard=False)["web"].freshness is Freshness.LOST
    assert scene.heard()["web"].state is State.OK


def test_a_live_probe_says_down_although_the_source_is_lost() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web")).lost()
    scene.probed("web", DOWN, "refused")
    assert (scene.state("web"), scene.why("web")) == (State.DOWN, "tcp 5432 refused")


def test_a_probe_that_falls_silent_makes_unknown() -> None:
    scene = Scene(profile({"web": Service(probes=TCP)})).declared().listed().probed("web", OK)
    assert scene.later(20)["web"].state is State.OK
    status = scene.later(2)["web"]
    assert (status.state, status.why) == (State.UNKNOWN, "tcp tcp: stale, last answer 14:00:00Z")
    assert status.probes[0].freshness is Freshness.STALE


def test_a_probe_that_was_never_asked_is_not_ok() -> None:
    scene = Scene(profile({"web": service("web", probes=TCP)})).listed(workload("web"))
    assert (scene.state("web"), scene["web"].probes) == (State.UNKNOWN, ())
    assert scene.why("web") == "tcp tcp not asked yet"


def test_nothing_declared_is_not_watched() -> None:
    status = Scene(profile({"idea": Service()}))["idea"]
    assert (status.state, status.why) == (State.NOT_WATCHED, "no workload and no probe is declared")


def test_a_whole_list_removes_what_it_does_not_name() -> None:
    scene = Scene(profile({}, discover=True)).listed(workload("a"), workload("b"))
    assert scene.keys == ["shop/a", "shop/b"]
    scene.listed(workload("b"))
    assert scene.keys == ["shop/b"]
    assert list(scene.board.workloads()) == [identity("b")]
    scene.gone(identity("b"))
    assert scene.keys == []


def test_two_engines_that_match_are_both_shown() -> None:
    two = profile({"web": service("web")}, backends={SOURCE: Backend(kind="docker"), "second": Backend(kind="docker")})
    scene = Scene(two).declared().declared("second")
    scene.listed(workload("web"))
    other = workload("web", owner=identity("web", scope="E2"))
    assert scene.state("web") is State.OK
    scene.listed(replace(other, source="second"), source="second")
    assert {one.id.scope for one in scene["web"].workloads} == {"E1", "E2"}
    scene.lost(source="second")
    assert scene.state("web") is State.UNKNOWN


def test_services_selected_by_a_lost_backend_are_unknown_not_down() -> None:
    scene = Scene(profile({"web": Service(workloads=(Selector(backend="far", compose="web"),))}))
    scene.listed()
    assert (scene.state("web"), scene.why("web")) == (State.UNKNOWN, "nothing heard of far yet")
