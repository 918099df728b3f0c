"""A witness is asked before the intent is written and before the verdict is: what it saw stands in both."""

from pathlib import Path

from msgspec.structs import replace

from cockpit.backends.change import Facts, Outcome, Plan
from cockpit.board.model import ReadingState, SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.mitigate.witness import Testimony as Told
from cockpit.mitigate.witness import history
from tests.mitigate.world import SERVICE, Stage, operation, plan


class Witness:
    """Sees the same before every plan."""

    facts: Facts = (("log before", SafeText("3 lines, no error")),)

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.entries_before: list[int] = []

    async def before(self, _: Plan) -> Told:
        self.entries_before.append(len(self._stage.journal.entries))
        return self

    async def since(self) -> tuple[SafeText, ...]:
        return (SafeText("new in the log since: 2 x no table"),)


def witnessed(directory: Path) -> tuple[Stage, Witness]:
    stage = Stage(directory)
    witness = Witness(stage)
    stage.door.witness = witness
    return stage, witness


async def test_it_stands_in_the_intent_and_in_the_verdict(tmp_path: Path) -> None:
    stage, witness = witnessed(tmp_path / "state")
    verdict = await stage.play(plan(operation(1), made_at=stage.clock.now()))
    assert (verdict.result, verdict.evidence[-1]) == ("worked", "new in the log since: 2 x no table")
    intent = next(entry for entry in stage.journal.entries if entry.kind == "intent")
    assert ("log before", "3 lines, no error") in intent.facts
    assert witness.entries_before == [0]


async def test_what_did_not_work_is_compared_too_and_what_was_not_begun_is_not(tmp_path: Path) -> None:
    stage, _ = witnessed(tmp_path / "state")
    stage.operator.acts["stop"] = lambda _: Outcome(False, SafeText("permission denied"))
    both = plan(operation(1), operation(2, "stop"), made_at=stage.clock.now())
    assert (await stage.play(both)).evidence[-1] == "new in the log since: 2 x no table"
    alone = plan(operation(2, "stop"), made_at=stage.clock.now())
    assert (await stage.play(alone)).evidence == (f"stop {SERVICE}-2: permission denied",)


def test_the_history_of_probes_and_restarts(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    stage.world.ask_probe(ReadingState.DOWN, "503")
    stage.world.change(2, restarts=4)
    made = plan(operation(1), made_at=stage.clock.now())
    assert list(history(_asked_before(stage.world.snapshot()), made)) == [
        ("probe before", "health down: 503, 1 of the last 2 good"),
        ("restarts before", f"{SERVICE}-1 0, {SERVICE}-2 4"),
    ]


def _asked_before(now: Snapshot) -> Snapshot:
    past = ((ReadingState.OK, 12.0), (ReadingState.DOWN, None))
    return replace(
        now,
        services=tuple(
            replace(one, probes=tuple(replace(each, history=past) for each in one.probes)) for one in now.services
        ),
    )
