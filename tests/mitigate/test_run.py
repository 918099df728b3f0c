"""The door: what is done, recorded and believed, on a pretended platform."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.backends.change import Operation, Outcome, Plan
from cockpit.board.model import Freshness, Phase, ReadingState, SafeText
from cockpit.mitigate.errors import Refused, TargetChanged
from cockpit.mitigate.guard import Guard
from tests.mitigate.world import SERVICE, Stage, operation, plan


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "state")


def restart_both(stage: Stage, **fields: object) -> Plan:
    return plan(operation(1), operation(2), made_at=stage.clock.now(), **fields)


async def test_a_restart_that_works_is_recorded_whole(stage: Stage) -> None:
    verdict = await stage.play(restart_both(stage))
    assert verdict.result == "worked"
    assert verdict.evidence == ("2 of 2 ready for 10 s",)
    assert stage.journal.lines() == [
        "intent: restart hook-receiver",
        "result: step 1 of 2: restart hook-receiver-1: accepted",
        "result: step 2 of 2: restart hook-receiver-2: accepted",
        "verdict: restart hook-receiver: worked (2 of 2 ready for 10 s)",
    ]
    assert [step.state for step in stage.told[-1].steps] == ["done", "done"]
    assert stage.told[-1].verdict == verdict


async def test_the_second_replica_waits_for_the_first(stage: Stage) -> None:
    def slow(target: Operation) -> Outcome:
        number = int(target.target.instance[1:])
        stage.world.change(number, phase=Phase.STARTING, started_at=stage.clock.now())
        return Outcome(True)

    stage.operator.acts["restart"] = slow
    asked: list[int] = []
    events: dict[float, Callable[[], None]] = {
        5: lambda: asked.append(len(stage.operator.asked)),
        6: lambda: stage.world.change(1, phase=Phase.RUNNING),
        9: lambda: stage.world.change(2, phase=Phase.RUNNING),
    }
    verdict = await stage.play(restart_both(stage), at=events)
    assert asked == [1]
    assert verdict.result == "worked"


async def test_being_accepted_is_not_success(stage: Stage) -> None:
    stage.operator.acts["restart"] = lambda _: Outcome(True)
    verdict = await stage.play(restart_both(stage))
    assert verdict.result == "did not work"
    assert verdict.evidence == ("0 of 1 ready: it still is the one from before",)
    assert stage.operator.asked == ["restart hook-receiver-1"]
    assert dict(stage.journal.store.of_kind("verdict")[0].facts)["not done"] == "restart hook-receiver-2"


async def test_a_crash_loop_did_not_work(stage: Stage) -> None:
    stage.world.change(1, phase=Phase.EXITED, exit_code=1)
    once = plan(operation(1), made_at=stage.clock.now())

    def crash() -> None:
        stage.world.change(1, phase=Phase.EXITED, exit_code=1, finished_at=stage.clock.now())

    verdict = await stage.play(once, at={9: crash})
    assert verdict.result == "did not work"
    assert verdict.evidence == ("exit 1 again after 8 s (hook-receiver-1)",) or verdict.evidence[0].startswith(
        "exit 1 again after"
    )


async def test_a_restart_count_that_grows_did_not_work(stage: Stage) -> None:
    verdict = await stage.play(
        plan(operation(1), made_at=stage.clock.now()), at={4: lambda: stage.world.change(1, restarts=2)}
    )
    assert (verdict.result, verdict.evidence) == ("did not work", ("restarted by itself 2 x",))


async def test_a_probe_must_answer_anew(stage: Stage) -> None:
    stage.world.ask_probe(ReadingState.OK, "200")
    once = plan(operation(1), made_at=stage.clock.now(), deadline=30.0)
    verdict = await stage.play(once)
    assert verdict.result == "unknown"
    assert "GET :8001/health: not asked since" in verdict.evidence


async def test_a_probe_that_recovers_is_evidence(stage: Stage) -> None:
    stage.world.ask_probe(ReadingState.DOWN, "refused")
    once = plan(operation(1), made_at=stage.clock.now())
    verdict = await stage.play(once, at={3: lambda: stage.world.ask_probe(ReadingState.OK, "200")})
    assert verdict.result == "worked"
    assert verdict.evidence == ("1 of 1 ready for 10 s", "GET :8001/health 200 (was refused)")


async def test_a_probe_that_stays_bad_did_not_work(stage: Stage) -> None:
    stage.world.ask_probe(ReadingState.DOWN, "refused")
    once = plan(operation(1), made_at=stage.clock.now(), deadline=20.0)
    verdict = await stage.play(once, at={3: lambda: stage.world.ask_probe(ReadingState.DOWN, "refused")})
    assert verdict.result == "did not work"


async def test_a_lost_source_is_unknown(stage: Stage) -> None:
    def lose() -> None:
        stage.world.freshness = Freshness.LOST
        stage.world.publish()

    verdict = await stage.play(plan(operation(1), made_at=stage.clock.now(), deadline=30.0), at={3: lose})
    assert verdict.result == "unknown"
    assert "docker prod-1 is lost" in verdict.evidence[0]


async def test_a_refusal_of_the_backend_ends_the_plan(stage: Stage) -> None:
    stage.operator.acts["restart"] = lambda _: Outcome(False, SafeText("409 name in use"))
    verdict = await stage.play(restart_both(stage))
    assert verdict.result == "did not work"
    assert verdict.evidence == ("restart hook-receiver-1: 409 name in use",)
    assert stage.operator.asked == ["restart hook-receiver-1"]


async def test_an_answer_that_never_came_is_judged_by_what_is_seen(stage: Stage) -> None:
    def broken(target: Operation) -> Outcome:
        stage.restart(target)
        raise ConnectionResetError("connection reset by the daemon")

    stage.operator.acts["restart"] = broken
    verdict = await stage.play(plan(operation(1), made_at=stage.clock.now()))
    assert verdict.result == "worked"
    assert "no answer (connection reset by the daemon); it may have been done" in stage.journal.lines()[1]
    waited = [str(one.steps[0].detail) for one in stage.told if one.steps[0].state == "running"]
    assert any(words.startswith("no answer (connection reset by the daemon), so it is watched") for words in waited)


async def test_a_target_that_changed_is_left_alone(stage: Stage) -> None:
    stage.operator.differences["restart hook-receiver-1"] = "image is v2 now, was v1"
    with pytest.raises(TargetChanged, match=r"image is v2 now, was v1: nothing was done"):
        await stage.play(restart_both(stage))
    assert stage.operator.asked == []
    assert stage.journal.lines()[-1].startswith("verdict: restart hook-receiver: did not work")
    assert await stage.journal.dangling() == ()


async def test_what_cannot_be_checked_is_not_begun(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: Operation) -> str:
        raise ConnectionRefusedError("the daemon is not there")

    monkeypatch.setattr(stage.operator, "check", fail)
    with pytest.raises(Refused, match="it cannot be checked: the daemon is not there: nothing was done"):
        await stage.play(restart_both(stage))
    assert stage.operator.asked == []
    assert "restart hook-receiver-1 was not begun" in stage.journal.lines()[-1]


async def test_a_stop_lets_the_running_operation_finish_and_says_what_is_next(stage: Stage) -> None:
    def stop(target: Operation) -> Outcome:
        stage.door.stop("SIGTERM")
        return stage.restart(target)

    stage.operator.acts["restart"] = stop
    verdict = await stage.play(restart_both(stage))
    assert verdict.result == "unknown"
    assert verdict.evidence == ("stopped after step 1 of 2 (SIGTERM); next would be: restart hook-receiver-2",)
    assert stage.operator.asked == ["restart hook-receiver-1"]
    with pytest.raises(Refused, match="ending"):
        await stage.door.perform(restart_both(stage))


async def test_a_stop_does_not_fall_between_two_that_belong_together(stage: Stage) -> None:
    def stop(target: Operation) -> Outcome:
        stage.door.stop("SIGTERM")
        return stage.restart(target)

    stage.operator.acts["restart"] = stop
    both = plan(operation(1, safe_to_stop_after=False), operation(2), made_at=stage.clock.now())
    verdict = await stage.play(both)
    assert stage.operator.asked == ["restart hook-receiver-1", "restart hook-receiver-2"]
    assert verdict.evidence[0] == "every step was done, then not watched to the end: SIGTERM"


async def test_read_only_writes_and_does_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state", guard=Guard(read_only="--read-only"))
    with pytest.raises(Refused, match="read-only"):
        await stage.play(restart_both(stage))
    assert stage.journal.lines() == []
    assert stage.operator.asked == []


async def test_a_critical_service_is_typed(stage: Stage) -> None:
    stage.world.tier = 1
    stage.world.publish()
    with pytest.raises(Refused, match=f"type {SERVICE} to confirm"):
        await stage.door.perform(restart_both(stage), typed_name="hook")
    assert (await stage.play(restart_both(stage))).result == "worked"


async def test_the_permit_names_the_plan(stage: Stage) -> None:
    wanted = restart_both(stage)
    await stage.play(wanted)
    assert {permit.plan_hash for permit in stage.operator.permits} == {wanted.hash}
