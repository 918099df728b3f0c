"""A log is followed over broken connections: nothing lost, nothing twice, and said so."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.base import SourceError
from cockpit.board.clock import ManualClock
from cockpit.engine.follow import follow
from cockpit.engine.seen import BACK, REMEMBERED, Seen
from cockpit.logs.line import LogRequest, RawLine
from tests.engine.fakes import START, FakeSource, instance, raw


class Taken:
    """A sink that remembers, and goes on as long as it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.asked: list[bool] = []
        self.goes_on_when: Callable[[bool], bool] = bool

    async def take(self, batch: Sequence[RawLine]) -> None:
        self.texts += [line.data.decode() for line in batch]

    def say(self, text: str, at: datetime | None = None) -> None:
        self.texts.append(f"--- {text}")

    async def goes_on(self, broken: bool) -> bool:
        self.asked.append(broken)
        return self.goes_on_when(broken)


REQUEST = LogRequest(instance=instance("web").id)


def following(
    source: FakeSource, sink: Taken, clock: ManualClock, request: LogRequest = REQUEST, seen: Seen | None = None
) -> "asyncio.Task[None]":
    return asyncio.create_task(follow(source.logs, request, sink, seen or Seen(), clock, sink.goes_on))


@given(
    steps=st.lists(st.integers(0, 200) | st.integers(0, 400_000), min_size=1, max_size=40),
    swaps=st.lists(st.integers(0, 38), max_size=4),
    cut=st.integers(0, 40),
    back=st.integers(0, 3),
    words=st.integers(1, 3),
)
def test_lines_asked_for_again_are_not_shown_again(
    steps: list[int], swaps: list[int], cut: int, back: int, words: int
) -> None:
    at, lines = START, []
    for number, step in enumerate(steps):
        at += timedelta(microseconds=step)
        # Few words and equal times: the same line may truly come twice.
        lines.append(RawLine(at, "out", f"word {number % words}".encode()))
    for swap in swaps:
        # Written in another order than stamped, by less than a millisecond in all.
        if swap + 1 < len(lines) and abs(lines[swap + 1].at - lines[swap].at) <= timedelta(microseconds=200):  # type: ignore[operator]
            lines[swap], lines[swap + 1] = lines[swap + 1], lines[swap]
    cut = min(cut, len(lines))
    seen = Seen()
    seen.resume()
    shown = list(seen.fresh(lines[:cut]))
    since = seen.since
    seen.resume()
    # What the engine gives from `since` on, and some older ones of one that reads it as whole seconds.
    again = [line for line in lines if since is None or line.at is None or line.at >= since]
    older = [line for line in lines[:cut] if line not in again][-back:] if back else []
    shown += seen.fresh(older + again[:2])
    shown += seen.fresh(again[2:])
    assert shown == lines
    assert seen.overlaps == bool(cut)


def test_more_lines_in_a_moment_than_are_remembered_are_asked_for_from_a_later_one() -> None:
    seen = Seen()
    lines = [RawLine(START + timedelta(microseconds=n // 2), "", b"x") for n in range(3 * REMEMBERED)]
    seen.fresh(lines)
    since = seen.since
    assert since is not None
    assert since > START + BACK / 1000
    seen.resume()
    assert seen.fresh([line for line in lines if line.at and line.at >= since]) == []


def test_lines_without_a_time_are_let_through() -> None:
    seen = Seen()
    line = RawLine(None, "", b"same")
    assert seen.fresh([line, line]) == [line, line]
    seen.resume()
    assert seen.fresh([line]) == [line]
    assert seen.since is None


async def test_a_broken_stream_is_renewed_from_before_the_last_time() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    task = following(source, sink, clock)
    queue.put_nowait([raw(1, "one"), raw(2, "two")])
    queue.put_nowait(SourceError("fake: daemon gone"))
    await clock.advance(2)
    queue.put_nowait([raw(2, "two"), raw(2, "two and a half"), raw(3, "three")])
    queue.put_nowait(None)
    await clock.advance(2)
    assert task.done()
    assert sink.texts == [
        "one",
        "two",
        "--- log interrupted: fake: daemon gone",
        "--- reconnected: nothing lost, nothing twice",
        "two and a half",
        "three",
    ]
    assert source.requests[1].tail is None
    assert source.requests[1].since == raw(0.999, "").at
    assert sink.asked == [True, False]


async def test_a_gap_that_nobody_can_vouch_for_is_not_called_whole() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    task = following(source, sink, clock)
    queue.put_nowait([raw(1, "one")])
    queue.put_nowait(SourceError("gone"))
    await clock.advance(1)
    queue.put_nowait([raw(60, "the log was rotated meanwhile")])
    await clock.advance(1)
    assert sink.texts[2] == "--- reconnected: lines written in between may be missing"
    task.cancel()


async def test_lines_without_a_time_are_not_read_again() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    task = following(source, sink, clock)
    queue.put_nowait([RawLine(None, "", b"one")])
    queue.put_nowait(SourceError("gone"))
    await clock.advance(1)
    queue.put_nowait([RawLine(None, "", b"two")])
    await clock.advance(1)
    assert source.requests[1].tail == 0
    assert sink.texts[2:] == ["--- reconnected: its lines have no time, some may be missing or twice", "two"]
    task.cancel()


async def test_a_stream_that_ends_while_its_instance_runs_is_opened_again() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    sink.goes_on_when = lambda broken: len(sink.asked) < 2
    queue = source.stream("web-1-id")
    task = following(source, sink, clock)
    queue.put_nowait([raw(1, "one")])
    queue.put_nowait(None)
    await clock.advance(1)
    assert sink.texts[-1] == "--- log interrupted: the stream ended although it still runs"
    queue.put_nowait([raw(1, "one"), raw(2, "two")])
    queue.put_nowait(None)
    await clock.advance(1)
    assert task.done()
    assert sink.texts[2:] == ["--- reconnected: nothing lost, nothing twice", "two"]


async def test_a_fault_of_ours_in_a_stream_is_told_like_a_broken_connection() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    task = following(source, sink, clock)
    queue.put_nowait(ZeroDivisionError("ours"))
    await clock.advance(1)
    queue.put_nowait([raw(1, "one")])
    await clock.advance(1)
    assert sink.texts == ["--- log interrupted: ZeroDivisionError: ours", "--- reconnected", "one"]
    task.cancel()


async def test_a_stream_that_keeps_breaking_is_asked_for_ever_more_seldom_and_told_once() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    for _ in range(50):
        queue.put_nowait(SourceError("refused"))
    task = following(source, sink, clock)
    await clock.advance(60)
    assert 6 <= len(source.requests) <= 10
    assert sink.texts == ["--- log interrupted: refused"]
    task.cancel()


async def test_a_window_that_breaks_says_that_it_is_not_whole() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    queue = source.stream("web-1-id")
    task = following(source, sink, clock, LogRequest(instance=REQUEST.instance, follow=False))
    queue.put_nowait([raw(1, "one")])
    queue.put_nowait(SourceError("gone"))
    await clock.advance(1)
    assert task.done()
    assert sink.texts == ["one", "--- log not read to its end: gone"]
    assert sink.asked == []


async def test_a_cancelled_stream_lets_go_of_its_connection() -> None:
    clock = ManualClock()
    source, sink = FakeSource(clock), Taken()
    task = following(source, sink, clock)
    await clock.advance(0)
    assert source.open_streams == 1
    task.cancel()
    await asyncio.wait({task})
    assert source.open_streams == 0
