"""What the next cockpit makes of a change whose cockpit ended in the middle, and two cockpits on one target."""

import asyncio
from pathlib import Path

import pytest

from cockpit.backends.change import Operation, Outcome
from cockpit.board.model import Freshness, Phase
from cockpit.incident.audit import audit
from cockpit.incident.entry import Entry
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.recover import recover
from cockpit.mitigate.run import Door
from tests.mitigate.world import InlineJournal, Stage, operation, plan


class Killed(BaseException):
    """The process ends here."""


async def die_at(stage: Stage, when: str) -> None:
    """Restart both replicas; the cockpit ends before or after the second one is done."""

    def act(target: Operation) -> Outcome:
        if target.target.instance == "c2":
            if when == "after":
                stage.restart(target)
            raise Killed
        return stage.restart(target)

    stage.operator.acts["restart"] = act
    both = plan(operation(1), operation(2), made_at=stage.clock.now())
    with pytest.raises(Killed):
        await stage.play(both)
    stage.journal.die()


async def next_start(stage: Stage, seconds: float = 200.0) -> tuple[Entry, ...]:
    """Another cockpit opens the journal and looks."""
    journal = InlineJournal(stage.journal.store.path.parent, stage.clock, "backup")
    task = asyncio.create_task(recover(journal, stage.world, stage.clock))
    passed = 0.0
    while not task.done() and passed < seconds:
        await stage.clock.advance(1.0)
        stage.world.seen()
        passed += 1.0
    assert audit(journal.store.raw()).whole
    return await task


async def test_a_change_that_was_done_is_found_done(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    await die_at(stage, "after")
    (found,) = await next_start(stage)
    assert found.text == "found at the start: restart hook-receiver: worked (2 of 2 ready for 10 s)"
    assert ("evidence", "the cockpit of oncall ended after step 1 of 2") in found.facts
    assert found.who == "backup"
    assert await next_start(stage) == ()


async def test_a_change_that_was_not_done_is_found_not_done(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    await die_at(stage, "before")
    (found,) = await next_start(stage)
    assert found.text.startswith("found at the start: restart hook-receiver: did not work (1 of 2 ready")


async def test_a_crash_since_is_found(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    await die_at(stage, "after")
    stage.world.change(2, phase=Phase.EXITED, exit_code=1)
    (found,) = await next_start(stage)
    assert "did not work (exit 1" in found.text


async def test_without_a_live_source_it_stays_open(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    await die_at(stage, "after")
    stage.world.freshness = Freshness.LOST
    stage.world.publish()
    assert await next_start(stage) == ()
    assert len(await stage.journal.dangling()) == 1
    stage.world.freshness = Freshness.LIVE
    assert len(await next_start(stage)) == 1


async def test_a_change_of_another_profile_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path / "state")
    await die_at(stage, "after")
    other = Stage(tmp_path / "other")
    other.journal = stage.journal
    monkeypatch.setattr("tests.mitigate.world.PROFILE", "bank")
    other.world.seen()
    assert await next_start(other) == ()


async def test_the_second_cockpit_is_told_who_and_when(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    journal = InlineJournal(tmp_path / "state", stage.clock, "backup")
    second = Door(journal, stage.world, {"main": stage.operator}, stage.clock, Guard())
    refused: list[str] = []

    one = plan(operation(1), made_at=stage.clock.now())

    async def try_too() -> None:
        await stage.clock.sleep(3)
        try:
            await second.perform(plan(operation(2), made_at=stage.clock.now()))
        except Refused as error:
            refused.append(str(error))

    trying = asyncio.create_task(try_too())
    assert (await stage.play(one)).result == "worked"
    await trying
    assert refused == [
        "oncall is changing this since 14:00:00Z (restart hook-receiver): wait for the verdict, or talk first;"
        " nothing was done"
    ]
    assert stage.operator.asked == ["restart hook-receiver-1"]
