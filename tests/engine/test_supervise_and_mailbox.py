"""Failures are told and tried again; the mailbox keeps the newest frame and wakes once."""

import asyncio
from random import Random

from cockpit.backends.base import SourceError
from cockpit.board.clock import ManualClock
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.engine.frame import Frame
from cockpit.engine.mailbox import Mailbox
from cockpit.engine.supervise import LONGEST_WAIT, Backoff, supervise
from tests.engine.fakes import START


def test_waits_double_up_to_a_bound_with_jitter() -> None:
    backoff = Backoff(Random(1))
    waits = [backoff.next() for _ in range(9)]
    assert all(
        0.8 * nominal <= wait <= 1.2 * nominal for wait, nominal in zip(waits, (0.5, 1, 2, 4, 8, 15, 15), strict=False)
    )
    assert max(waits) <= LONGEST_WAIT * 1.2
    backoff.reset()
    assert backoff.next() <= 0.6


async def test_a_failing_run_is_told_and_tried_again_for_ever() -> None:
    clock, told, runs = ManualClock(), list[SafeText](), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise SourceError("no socket")
        if runs == 2:
            raise ZeroDivisionError("ours")
        if runs == 3:
            return
        await clock.sleep(10**6)

    task = asyncio.create_task(supervise(run, told.append, clock))
    await clock.advance(20)
    assert runs == 4
    assert told == ["no socket", "ZeroDivisionError: ours", "the connection was closed"]
    task.cancel()


async def test_a_wait_can_be_cut_short() -> None:
    clock, hurry, runs = ManualClock(), asyncio.Event(), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        raise SourceError("no")

    task = asyncio.create_task(supervise(run, lambda _: None, clock, hurry))
    await clock.advance(0)
    assert runs == 1
    hurry.set()
    await clock.advance(0)
    assert runs == 2
    task.cancel()


def frame(version: int) -> Frame:
    return Frame(snapshot=Snapshot(version=version, at=START, profile="p"))


def test_the_newest_frame_wins_and_the_reader_is_woken_once() -> None:
    mailbox, woken = Mailbox(frame(0)), list[int]()
    mailbox.put(frame(1))
    mailbox.wake_by(lambda: woken.append(1))
    mailbox.put(frame(2))
    mailbox.put(frame(3))
    assert woken == [1]
    assert mailbox.take().snapshot.version == 3
    mailbox.put(frame(4))
    assert woken == [1, 1]
