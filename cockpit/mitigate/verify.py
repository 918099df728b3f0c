"""Whether a mitigation worked, by observation alone.

*Worked*: every required signal good for the whole hold. *Did not work*: one is bad at the deadline, or something
crashed again. Missing is *unknown*. `Judge` decides and knows no time but what it is told; `verify` is its edge.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from cockpit.backends.change import Facts, Life, Operation, Verdict, Watch
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.crashes import Crashes
from cockpit.mitigate.predicates import required
from cockpit.mitigate.sight import Baseline, BoardView, Sight, SnapshotTest
from cockpit.mitigate.signals import Signal, Signals

LOOK_EVERY = 1.0
"""Seconds after which it is looked again though nothing changed, for whoever counts along."""


class Done(Struct, frozen=True, kw_only=True):
    """One operation that was done, what was true just before, when the backend's answer came, and what stood in it."""

    operation: Operation
    baseline: Baseline
    answered: datetime
    told: Facts = ()
    lives: tuple[Life, ...] = ()


class Question(Struct, frozen=True, kw_only=True):
    """What is to be judged. hold, deadline: seconds; probes: whether the service's critical probes count.

    baseline: before the first operation, for what the evidence compares with.
    """

    source: str
    service: str
    baseline: Baseline
    done: tuple[Done, ...]
    hold: float
    deadline: float
    probes: bool = True
    watch: tuple[Watch, ...] = ()


class Ruling(Struct, frozen=True, kw_only=True):
    """A judgement; result None: not yet, evidence says what is waited for."""

    result: str | None
    evidence: tuple[SafeText, ...]


class Judge:
    """Looks at one snapshot after the other until it can rule. `began`: monotonic seconds of the start."""

    def __init__(self, question: Question, began: float, crashes: Crashes | None = None) -> None:
        self._question = question
        self._ends = began + question.deadline
        self._good_since: float | None = None
        self._crashes = crashes or Crashes()
        self._signals = Signals(question.baseline, question.watch)
        # The last operation on a target decides: what an earlier one left behind is not meant to last.
        last = {done.operation.target: done for done in question.done}
        self._done = tuple(one for one in last.values() if required(one.operation.done_when).lasts) or tuple(
            last.values()
        )

    def look(self, snapshot: Snapshot, now: float) -> Ruling:
        """Rule on what is seen now. Monotonic `now`, in seconds."""
        sights = [self._sight(done, snapshot) for done in self._done]
        for sight in sights:
            wanted = required(sight.operation.done_when)
            if wanted.crashes and (crash := self._crashes.look(sight, only_new=wanted.exchanges)):
                return Ruling(result="did not work", evidence=(crash,))
        findings = [(sight, required(sight.operation.done_when).test(sight)) for sight in sights]
        probes = self._probes(snapshot)
        answers = [finding.answer for _, finding in findings] + [answer for answer, _ in probes]
        held = self._hold(all(answer is Answer.YES for answer in answers), now)
        evidence = (*_counted(findings, held), *(text for _, text in probes))
        if held is not None and held >= self._question.hold:
            return Ruling(result="worked", evidence=evidence)
        if held is None and now >= self._ends:
            result = "did not work" if Answer.NO in answers else "unknown"
            return Ruling(result=result, evidence=evidence)
        return Ruling(result=None, evidence=evidence)

    def wait(self, now: float) -> float:
        """Seconds until it must look again even if nothing changes."""
        due = self._ends if self._good_since is None else self._good_since + self._question.hold
        return min(LOOK_EVERY, max(0.0, due - now))

    def _hold(self, good: bool, now: float) -> float | None:
        if not good:
            self._good_since = None
            return None
        if self._good_since is None:
            self._good_since = now
        return now - self._good_since

    def _sight(self, done: Done, snapshot: Snapshot) -> Sight:
        return Sight(
            operation=done.operation, source=done.operation.source or self._question.source, baseline=done.baseline,
            answered=done.answered, snapshot=snapshot, told=done.told, lives=done.lives,
        )  # fmt: skip

    def _probes(self, snapshot: Snapshot) -> list[Signal]:
        if not self._question.probes:
            return []
        found: list[Signal] = []
        by_service: dict[str, list[Done]] = {}
        for done in self._done:
            by_service.setdefault(done.operation.service or self._question.service, []).append(done)
        for key, group in by_service.items():
            needed = [one for one in (required(done.operation.done_when) for done in group) if one.probes]
            if needed:
                since = max(done.answered for done in group)
                found += self._signals.look(snapshot, key, since, max(one.samples for one in needed))
        return found


def _counted(findings: list[tuple[Sight, Finding]], held: float | None) -> list[SafeText]:
    """Evidence of the predicates, one line for each word: "2 of 2 ready for 10 s"."""
    lines: dict[str, list[Finding]] = {}
    for sight, finding in findings:
        lines.setdefault(required(sight.operation.done_when).word, []).append(finding)
    texts = []
    for word, group in lines.items():
        # What is not yet good says why; what is good may say how.
        why = next((one.detail for one in sorted(group, key=lambda one: one.answer is Answer.YES) if one.detail), "")
        wanted = sum(one.wanted for one in group)
        count = f"{sum(one.good for one in group)} of {wanted} {word}" if wanted else f"not known whether {word}"
        lasting = f" for {int(held)} s" if held and held >= 1 else ""
        texts.append(safe(f"{count}{lasting}" + (f": {why}" if why else "") if word else why))
    return texts


async def verify(
    question: Question, board: BoardView, clock: Clock, *,
    tell: Callable[[Ruling], None] = lambda _: None, crashes: Crashes | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Ruling:  # fmt: skip
    """Watch the board until the judge rules; `tell` hears every look. Ends early, without a result, when `stopping`."""
    judge = Judge(question, clock.monotonic(), crashes)
    while True:
        snapshot = board.snapshot()
        ruling = judge.look(snapshot, clock.monotonic())
        tell(ruling)
        if ruling.result is not None or stopping():
            return ruling
        with contextlib.suppress(TimeoutError):
            await board.until(_other_than(snapshot), within=judge.wait(clock.monotonic()))


def _other_than(old: Snapshot) -> SnapshotTest:
    return lambda snapshot: snapshot is not old


def verdict_of(ruling: Ruling, seconds: float) -> Verdict:
    """The verdict of a ruling that was made."""
    match ruling.result:
        case "worked":
            return Verdict(result="worked", evidence=ruling.evidence, seconds=seconds)
        case "did not work":
            return Verdict(result="did not work", evidence=ruling.evidence, seconds=seconds)
        case _:
            return Verdict(result="unknown", evidence=ruling.evidence, seconds=seconds)
