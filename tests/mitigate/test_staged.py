"""Plans that step back, go on after a failure, ask smoke checks last, and what counts as evidence after a change."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan, Verb, Watch
from cockpit.board.model import Phase, ReadingState, SafeText, Workload
from cockpit.board.snapshot import Series
from cockpit.board.text import safe
from cockpit.incident.audit import audit
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.recover import recover
from tests.mitigate.world import SERVICE, WORKLOAD, FakeOperator, InlineJournal, Stage, operation, plan


def step(name: str, probe: str = "", back: str = "", **fields: object) -> Operation:
    undo = step(back) if back else None
    return Operation(
        verb="call", title=safe(name), target=WORKLOAD, done_when="probe" if probe else "probes", back=undo,
        arguments=(("probe", probe),) if probe else (), service=SERVICE, source="declared", deadline=20.0,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


class Calls(FakeOperator):
    """Every call is taken; the probe answers one second later, badly from the title in `breaks` on."""

    def __init__(self, stage: Stage, breaks: str = "", refuses: str = "") -> None:
        super().__init__({"call": self.act, "smoke": self.act})
        self.stage, self.breaks, self.refuses = stage, breaks, refuses

    def act(self, target: Operation) -> Outcome:
        if target.title == self.refuses:
            return Outcome(False, SafeText("answered 503, not 200-299"))
        bad = target.title == self.breaks
        stage = self.stage
        stage.world.probed_at = stage.clock.now() + timedelta(milliseconds=1)
        stage.world.probe = (ReadingState.DOWN, "503") if bad else (ReadingState.OK, "200")
        stage.world.publish()
        return Outcome(True)


def staged(directory: Path, **fields: str) -> tuple[Stage, Calls]:
    stage = Stage(directory)
    stage.world.ask_probe(ReadingState.OK, "200")
    calls = Calls(stage, **fields)
    stage.door._operators = {"main": stage.operator, "declared": calls}
    return stage, calls


def shift(stage: Stage, *steps: Operation, **fields: object) -> Plan:
    made = plan(*steps, made_at=stage.clock.now(), on_failure="step back", **fields)
    return replace(made, verb="shift")


async def test_a_stage_that_fails_is_stepped_back_last_first(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state", breaks="50 %")
    steps = (step("10 %", back="0 %"), step("50 %", back="10 % again"), step("100 %"))
    verdict = await stage.play(shift(stage, *steps))
    assert calls.asked == ["10 %", "50 %", "10 % again", "0 %"]
    assert verdict.result == "did not work"
    assert "0 of 1 probes good: health: 503" in verdict.evidence
    assert verdict.evidence[-2:] == ("10 % again: taken back", "0 %: taken back")
    lines = stage.journal.lines()
    assert "result: stepping back: 10 % again: taken back" in lines
    assert lines[-1].startswith("verdict: shift hook-receiver: did not work")
    assert audit(stage.journal.store.raw()).whole


async def test_what_cannot_be_taken_back_is_said_and_the_rest_still_is(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state", refuses="third")
    steps = (step("first", back="unfirst"), step("second"), step("third", back="unthird"))
    verdict = await stage.play(shift(stage, *steps))
    assert calls.asked == ["first", "second", "third", "unfirst"]
    assert verdict.evidence == (
        "third: answered 503, not 200-299", "second: nothing takes it back", "unfirst: taken back",
    )  # fmt: skip


async def test_a_verb_is_stepped_back_by_its_planned_inverse(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state", refuses="then")

    class Backend(FakeOperator):
        async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
            back = operation(int(arguments["instance"][1:]), verb, done_when="running")
            return plan(back, made_at=stage.clock.now())

        def verbs(self, workload: Workload) -> tuple[Verb, ...]:
            return ()

    def pause(target: Operation) -> Outcome:
        phase = Phase.PAUSED if target.verb == "pause" else Phase.RUNNING
        stage.world.change(int(target.target.instance[1:]), phase=phase)
        return Outcome(True)

    backend = Backend({"pause": pause, "resume": pause})
    stage.door._operators = {"main": backend, "declared": calls}
    paused = operation(1, "pause", done_when="paused", inverse=("resume", (("instance", "c1"),)))
    verdict = await stage.play(shift(stage, paused, step("then")))
    assert backend.asked == [f"pause {SERVICE}-1", f"resume {SERVICE}-1"]
    assert verdict.evidence[-1] == f"resume {SERVICE}-1: taken back"


async def test_a_probe_must_be_good_before(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state")
    stage.world.ask_probe(ReadingState.DOWN, "refused")
    with pytest.raises(Refused, match="probe health must be good before, but it is refused: nothing was done"):
        await stage.play(shift(stage, step("10 %", requires="health")))
    assert calls.asked == []


async def test_without_a_critical_probe_a_call_is_never_said_to_have_worked(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path / "state")
    calls = FakeOperator({"call": lambda _: Outcome(True)})
    stage.world.probe = None
    stage.world.publish()
    stage.door._operators = {"declared": calls}
    verdict = await stage.play(replace(shift(stage, step("10 %")), on_failure="stop", source="declared"))
    assert (verdict.result, verdict.evidence[0]) == (
        "unknown", "not known whether probes good: no critical probe says whether it worked",
    )  # fmt: skip


async def test_smoke_checks_come_last_and_decide(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state", refuses="order")
    smoke = (replace(step("front page"), verb="smoke"), replace(step("order"), verb="smoke"), step("never"))
    verdict = await stage.play(replace(shift(stage, step("10 %"), smoke=smoke), on_failure="stop"))
    assert calls.asked == ["10 %", "front page", "order"]
    assert verdict.result == "did not work"
    assert verdict.evidence[0] == "smoke order: answered 503, not 200-299"


async def test_smoke_checks_that_pass_are_evidence(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path / "state")
    verdict = await stage.play(shift(stage, step("10 %"), smoke=(step("order"),)))
    assert (verdict.result, verdict.evidence[-1]) == ("worked", "smoke order: good")


@pytest.mark.parametrize(
    ("values", "result", "words"),
    [
        ((3.0, 0.0), "unknown", "no traffic (orders is 0)"),
        ((0.0, 3.0), "worked", "orders 3 /s"),
        (None, "unknown", "orders: not measured since"),
    ],
)
async def test_no_traffic_is_unknown(
    tmp_path: Path, values: tuple[float, ...] | None, result: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, _ = staged(tmp_path / "state")
    make = stage.world._make

    def with_series() -> object:
        made = make()
        series = {"orders": Series("/s", stage.clock.now(), values)} if values else {}
        return replace(made, services=tuple(replace(one, series=series) for one in made.services))

    monkeypatch.setattr(stage.world, "_make", with_series)
    watched = shift(stage, step("10 %"), watch=(Watch(service=SERVICE, traffic="orders"),), deadline=30.0)
    verdict = await stage.play(watched)
    assert verdict.result == result
    assert words in verdict.evidence


async def test_as_many_answers_as_the_profile_wants(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path / "state")
    watched = shift(stage, step("10 %"), watch=(Watch(service=SERVICE, samples=3),), deadline=40.0)
    verdict = await stage.play(watched)
    assert (verdict.result, verdict.evidence[-1]) == ("unknown", "GET :8001/health 200, 1 of 3 answers since")
    asked = {4.0: lambda: stage.world.ask_probe(ReadingState.OK, "200"), 8.0: lambda: None}
    asked[8.0] = asked[4.0]
    assert (await stage.play(watched, at=asked)).result == "worked"


async def test_a_failure_among_several_does_not_stop_the_others(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    stage.operator.acts["stop"] = lambda _: Outcome(False, SafeText("permission denied"))
    both = replace(
        plan(operation(1, "stop"), operation(2, service="web"), made_at=stage.clock.now()),
        on_failure="continue", verb="restart",
    )  # fmt: skip
    verdict = await stage.play(both, typed="2 services")
    assert verdict.result == "did not work"
    assert verdict.evidence[0].startswith(f"stop {SERVICE}-1: did not work: stop {SERVICE}-1: permission denied")
    assert verdict.evidence[1] == f"restart {SERVICE}-2: done"
    assert [step.state for step in stage.told[-1].steps] == ["failed", "done"]


async def test_what_may_not_have_been_done_is_not_found_worked(tmp_path: Path) -> None:
    stage, calls = staged(tmp_path / "state")

    class Killed(BaseException):
        pass

    def act(_: Operation) -> Outcome:
        raise Killed

    calls.acts["call"] = act
    with pytest.raises(Killed):
        await stage.play(shift(stage, step("10 %")))
    stage.journal.die()
    journal = InlineJournal(stage.journal.store.path.parent, stage.clock, "backup")
    stage.world.ask_probe(ReadingState.OK, "200")
    task = asyncio.create_task(recover(journal, stage.world, stage.clock))
    await stage.clock.advance(0.0)
    stage.world.probed_at = stage.clock.now() + timedelta(seconds=1)
    stage.world.publish()
    for _ in range(120):
        await stage.clock.advance(1.0)
    (found,) = await task
    assert found.text == "found at the start: shift hook-receiver: unknown (whether it was done is not known: 10 %)"
