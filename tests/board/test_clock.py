"""The clock that stands still, and that the real one keeps its promises."""

import asyncio

import pytest

from cockpit.board.clock import ManualClock, SystemClock


async def test_sleepers_wake_in_order_of_their_moment() -> None:
    clock = ManualClock()
    seen: list[tuple[str, float]] = []

    async def sleeper(name: str, *waits: float) -> None:
        for wait in waits:
            await clock.sleep(wait)
            seen.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("a", 3, 3)), asyncio.create_task(sleeper("b", 2, 2, 2, 2))]
    await clock.advance(7)
    assert seen == [("b", 2), ("a", 3), ("b", 4), ("a", 6), ("b", 6)]
    await clock.advance(1)
    await asyncio.gather(*tasks)
    assert clock.monotonic() == 8


async def test_now_moves_with_it() -> None:
    clock = ManualClock()
    before = clock.now()
    await clock.advance(90.5)
    assert (clock.now() - before).total_seconds() == 90.5
    assert before.utcoffset() is not None


async def test_nothing_wakes_before_its_moment() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.advance(4.999)
    assert not task.done()
    await clock.advance(0.001)
    assert task.done()


async def test_a_timeout_expires_in_its_time() -> None:
    clock = ManualClock()

    async def hurried() -> None:
        async with clock.timeout(10):
            await clock.sleep(60)

    task = asyncio.create_task(hurried())
    await clock.advance(9)
    assert not task.done()
    await clock.advance(2)
    with pytest.raises(TimeoutError):
        await task


async def test_a_timeout_that_is_not_needed_leaves_nothing_behind() -> None:
    clock = ManualClock()
    async with clock.timeout(10):
        await clock.sleep(0)
    await clock.advance(100)
    assert len(asyncio.all_tasks()) == 1


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(5))
    await clock.advance(1)
    task.cancel()
    await clock.advance(10)
    assert task.cancelled()


async def test_the_real_one() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(-1)
    with pytest.raises(TimeoutError):
        async with clock.timeout(0.001):
            await asyncio.Event().wait()
    assert clock.monotonic() >= before
    assert clock.now().utcoffset() is not None
