"""Snapshots: the same object while nothing changed, shared parts, order, and waiting for one."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from cockpit.board.machine import HostFacts
from cockpit.board.model import Identity, Phase, ReadingState, SafeText, State
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Changed, HostSeen
from tests.board.fleet import SOURCE, START, board_of, busy, fleet
from tests.board.scene import Scene, exited, identity, workload

DOWN = ReadingState.DOWN


def test_the_same_snapshot_while_nothing_changes() -> None:
    scene = Scene().listed(workload("web"))
    first = scene.board.snapshot()
    assert scene.board.snapshot() is first
    scene.tell(Changed(source=SOURCE, at=scene.at, workload=workload("web")))
    assert scene.board.snapshot() is first
    scene.board.tick(scene.at + timedelta(seconds=1))
    assert scene.board.snapshot() is first
    scene.changed(workload("web", exited()))
    assert scene.board.snapshot().version == first.version + 1


def test_what_did_not_change_stays_the_same_object() -> None:
    board = board_of(*fleet(60))
    before = board.snapshot()
    target = next(one for one in before.services if one.state is State.OK and not one.dependents)
    own = target.workloads[0]
    first, *rest = own.instances
    worse = replace(own, instances=(replace(first, phase=Phase.EXITED, exit_code=1), *rest))
    board.apply(Changed(source=SOURCE, at=START, workload=worse))
    after = {one.key: one for one in board.snapshot().services}
    changed = [one.key for one in before.services if after[one.key] is not one]
    assert changed == [target.key]
    assert all(new is old for new, old in zip(after[target.key].workloads[0].instances[1:], rest, strict=True))
    assert board.snapshot().host is before.host


def test_a_list_that_repeats_what_is_known_changes_nothing_but_its_age() -> None:
    profile_, updates = fleet(60)
    board = board_of(profile_, updates)
    before = board.snapshot()
    for update in fleet(60)[1][:2]:
        board.apply(update)
    after = board.snapshot()
    assert all(new is old for new, old in zip(after.services, before.services, strict=True))


def test_services_stand_worst_first() -> None:
    profile_, updates = fleet(60)
    board = board_of(profile_, updates)
    order = list(State)
    for update in busy(60, seconds=30):
        board.apply(update)
        places = [(order.index(one.state), one.tier, one.name) for one in board.snapshot().services]
        assert places == sorted(places)
        assert len(places) == 60


def fresh(snapshot: Snapshot) -> dict[str, tuple[State, str, int | None]]:
    return {one.key: (one.state, one.why, one.ready) for one in snapshot.services}


def test_taking_snapshots_seldom_or_often_comes_to_the_same() -> None:
    profile_, updates = fleet(30)
    often, seldom = board_of(profile_, updates), board_of(profile_, updates)
    for update in busy(30, seconds=60):
        often.apply(update)
        often.snapshot()
        seldom.apply(update)
    assert fresh(often.snapshot()) == fresh(seldom.snapshot())


def test_the_host_is_shown() -> None:
    facts = HostFacts(
        name=SafeText("db-host-3"), cores=2, cpu=None, load=(0, 0, 0), memory_total=1, memory_used=1, swap_total=0,
        swap_used=0,
    )  # fmt: skip
    scene = Scene()
    scene.tell(HostSeen(at=scene.at, facts=facts))
    assert scene.board.snapshot().host is facts
    assert scene.board.snapshot().host_at == scene.at


def test_readings_of_services_that_do_not_exist_are_passed_over() -> None:
    scene = Scene().listed(workload("web"))
    scene.probed("nobody", DOWN)
    assert scene.keys == ["web"]


async def test_until_wakes_when_it_is_true() -> None:
    scene = Scene().listed(workload("web"))
    waiting = asyncio.create_task(scene.board.until(lambda now: now.services[0].state is State.DOWN, within=30))
    await asyncio.sleep(0)
    scene.changed(workload("web", exited()))
    assert (await waiting).services[0].why == "exit 1"
    assert (await scene.board.until(lambda now: bool(now.services), within=0.1)).services


async def test_until_gives_up_in_the_boards_own_time() -> None:
    scene = Scene()
    waiting = asyncio.create_task(scene.board.until(lambda _: False, within=30))
    await scene.clock.advance(29)
    assert not waiting.done()
    await scene.clock.advance(2)
    with pytest.raises(TimeoutError):
        await waiting


async def test_until_raises_what_its_predicate_raises() -> None:
    scene = Scene().listed(workload("web"))
    asked = 0

    def broken(_: Snapshot) -> bool:
        nonlocal asked
        asked += 1
        return asked > 1 and bool(1 / 0)

    waiting = asyncio.create_task(scene.board.until(broken, within=30))
    await asyncio.sleep(0)
    scene.changed(workload("web", exited()))
    with pytest.raises(ZeroDivisionError):
        await waiting


def test_a_service_of_an_instance_is_found() -> None:
    scene = Scene().listed(workload("web"))
    assert scene.board.services_of(identity("web", "web1")) == ("web",)
    assert scene.board.services_of(Identity("docker", "E9", "", "container", "x")) == ()
