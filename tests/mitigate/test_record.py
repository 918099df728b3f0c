"""What the engine makes of the door's refusals: the second person asked for, what cannot be recorded asked again."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from cockpit.backends.change import Verdict
from cockpit.backends.history import UNKNOWN, History, Ran
from cockpit.board.board import Board
from cockpit.board.clock import Clock, ManualClock
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.commands.records import approved
from cockpit.engine.parts import BackendPart, Parts
from cockpit.engine.port import AddNote, Approve, CommandError, NotRecordedError, Perform
from cockpit.engine.record import Record
from cockpit.incident.commands import At
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import NotRecorded
from cockpit.profile.policy import PolicyRule
from cockpit.profile.schema import Profile
from tests.mitigate.world import SERVICE, WORKLOAD, FakeOperator, World, operation, plan
from tests.patience import PATIENCE

RULE = PolicyRule(need="second person", verbs=("restart",), why="two see more")


def record_in(directory: Path, *policy: PolicyRule, who: str = "") -> Record:
    clock = ManualClock()

    def operator(_: Clock, __: Secrets) -> FakeOperator:
        return FakeOperator()

    parts = Parts(
        profile=Profile(version=1, name="shop", policy=policy), profile_name="shop", state_dir=directory, who=who,
        backends=(BackendPart("main", lambda *_: pytest.fail("no source is needed"), operator),),
    )  # fmt: skip
    return Record(parts, cast("Board", World(clock)), clock, Secrets(), lambda: None)


def shared(path: Path) -> Path:
    path.mkdir()
    path.chmod(0o2770)
    return path


async def test_a_second_person_is_asked_in_the_shared_timeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = shared(tmp_path / "state")
    restart = plan(operation(1), made_at=ManualClock().now())
    record = record_in(state, RULE)
    await record.open()
    with pytest.raises(CommandError, match=rf"two see more.*nobody approved.*cockpit approve {restart.hash[:8]}"):
        await record.mitigations.perform(Perform(plan=restart))
    with pytest.raises(CommandError, match="you asked for it yourself"):
        await record.approve(Approve(restart.hash[:8]))
    at = At(clock=ManualClock(), zone=ManualClock().now().tzinfo, environ={"COCKPIT_STATE": str(state)})  # type: ignore[arg-type]
    assert approved(restart.hash[:8], at).code == 3
    monkeypatch.setattr("cockpit.incident.people.login_name", lambda: "backup")
    told = approved(restart.hash[:8], at)
    assert (told.code, told.lines[-1]) == (0, f"  1. restart {SERVICE}-1")
    assert "nobody asked for it" in approved("0" * 8, at).lines[0]
    assert "too short" in approved(restart.hash[:3], at).lines[0]
    await record.close()


async def test_what_was_approved_is_let_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = shared(tmp_path / "state")
    restart = plan(operation(1), made_at=ManualClock().now())
    first = record_in(state, RULE)
    await first.open()
    with pytest.raises(CommandError, match="second person"):
        await first.mitigations.perform(Perform(plan=restart))
    monkeypatch.setattr("cockpit.incident.people.login_name", lambda: "backup")
    second = record_in(state, RULE)
    await second.open()
    entry = await second.approve(Approve(restart.hash[:12]))
    assert (entry.who, entry.kind) == ("backup", "approval")
    await first.note(AddNote(text="asked backup"))  # whatever is written, what others wrote is heard before it
    assert first.rolling.rows[-2].entry == entry

    async def accepted(*_: object, **__: object) -> Verdict:
        return Verdict(result="worked", evidence=(), seconds=1.0)

    monkeypatch.setattr("cockpit.mitigate.run._Run.carry_out", accepted)
    assert (await first.mitigations.perform(Perform(plan=restart))).result == "worked"
    await first.close()
    await second.close()


async def test_a_private_journal_asks_nobody(tmp_path: Path) -> None:
    record = record_in(tmp_path / "state", RULE)
    await record.open()
    with pytest.raises(CommandError, match="the journal is private") as refused:
        await record.mitigations.perform(Perform(plan=plan(operation(1), made_at=ManualClock().now())))
    assert "cockpit approve" not in str(refused.value)
    with pytest.raises(CommandError, match="not approved: the journal is private"):
        await record.approve(Approve("12345678"))
    await record.close()


async def test_the_profiles_policy_denies(tmp_path: Path) -> None:
    record = record_in(tmp_path / "state", PolicyRule(need="deny", tiers=(3,), why="freeze until Monday"))
    await record.open()
    with pytest.raises(CommandError, match="is denied: freeze until Monday"):
        await record.mitigations.perform(Perform(plan=plan(operation(1), made_at=ManualClock().now())))
    await record.close()


async def test_what_nothing_records_is_an_outcome_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_in(tmp_path / "state")
    await record.open()

    async def fails(*_: object) -> Entry:
        raise NotRecorded("disk full")

    monkeypatch.setattr("cockpit.incident.journal.Journal.open_intent", fails)
    with pytest.raises(NotRecordedError, match="disk full; nothing was done"):
        await record.mitigations.perform(Perform(plan=plan(operation(1), made_at=ManualClock().now())))
    await record.close()


async def test_a_note_that_is_only_set_aside_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_in(tmp_path / "state")
    await record.open()

    async def aside(_: object, draft: Draft) -> Entry:
        now = ManualClock().now()
        return Entry(id=0, happened=now, recorded=now, who="oncall", host="b", kind=draft.kind, text=safe(draft.text))

    monkeypatch.setattr("cockpit.incident.journal.Journal.append", aside)
    await record.note(AddNote(text="the disk is full"))
    assert [(row.text, row.saved) for row in record.rolling.rows] == [("the disk is full", False)]
    await record.close()


class Remembering(FakeOperator):
    """Plans with what was recorded."""

    history: History = UNKNOWN

    def remember(self, history: History) -> None:
        self.history = history


async def test_what_ran_is_recorded_and_told_to_whoever_plans(tmp_path: Path) -> None:
    operators: list[Remembering] = []
    changed = asyncio.Event()

    async def known(count: int) -> tuple[Ran, ...]:
        while len(found := operators[-1].history.ran(WORKLOAD)) < count:
            changed.clear()
            await asyncio.wait_for(changed.wait(), PATIENCE)
        return found

    async def session() -> tuple[World, Record]:
        world = World(ManualClock(), 1)
        operators.append(Remembering())
        part = BackendPart("main", lambda *_: pytest.fail("no source is needed"), lambda *_: operators[-1])
        parts = Parts(
            profile=Profile(version=1, name="shop"), profile_name="shop", state_dir=tmp_path / "state", backends=(part,)
        )
        record = Record(parts, cast("Board", world), world.clock, Secrets(), changed.set)
        await record.open()
        return world, record

    world, record = await session()
    world.change(1, image="app:v1", image_id="sha256:1", created_at=world.clock.now())
    record.watch(world.snapshot())
    await known(1)
    await record.close()
    # Meanwhile somebody deploys, and nobody looks.
    world, record = await session()
    assert [one.id for one in await known(1)] == ["sha256:1"]
    world.change(1, image="app:v2", image_id="sha256:2", created_at=world.clock.now())
    record.watch(world.snapshot())
    now, before = await known(2)
    assert (now.id, now.until, before.id, before.until) == ("sha256:2", None, "sha256:1", now.since)
    assert now.healthy == before.healthy == world.clock.now(), "that is when each was looked at"
    # The first sight is in the record, but no part of the story.
    told = [str(row.text) for row in record.rolling.rows if row.entry.kind == "release"]
    assert told == [f"{SERVICE}: image app:v1 1 -> app:v2 2"]
    await record.close()


async def test_only_what_is_under_way_can_be_stopped(tmp_path: Path) -> None:
    record = record_in(tmp_path / "state")
    await record.open()
    with pytest.raises(CommandError, match="not under way any more"):
        record.mitigations.halt("no such run")
    await record.close()
