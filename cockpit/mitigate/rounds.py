"""An operation in rounds: what of it had to wait is asked for again, with back-off, until its deadline; and stops."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan
from cockpit.board.clock import Clock
from cockpit.board.text import safe
from cockpit.mitigate.verify import Done, Ruling

LONGEST = 30.0
"""Seconds between two rounds at most: what is waited for may come at any time."""
AFTER_SILENCE = 5.0
"""Seconds after a round that was not answered."""

Ask = Callable[[], Awaitable[tuple[Outcome | None, str]]]
Watch = Callable[[Done, float], Awaitable[Ruling]]
"""Watches what was done for some seconds at most."""


class Rounds:
    """One operation: between two rounds it is watched, so that a stop is heard there, and progress is told.

    stopping: why it is to stop, empty while it is not.
    """

    def __init__(
        self, operation: Operation, clock: Clock, ask: Ask, watch: Watch, stopping: Callable[[], str]
    ) -> None:  # fmt: skip
        self._operation, self._clock, self._ask, self._watch = operation, clock, ask, watch
        self._stopping = stopping
        self._ends = clock.monotonic() + operation.deadline
        self._same = 0
        self.more = False
        """Whether there will be another round: until then it can be stopped."""

    async def run(self, done: Done, first: Outcome | None) -> tuple[Done, Ruling]:
        """What was done, with what the last round told, and the ruling on it.

        Stopped with nothing left to ask for, it has no result; else it did not work, and what is seen says how far.
        """
        outcome, pause = first, first.again if first is not None else 0.0
        while True:
            self.more = bool(pause)
            left = max(0.0, self._ends - self._clock.monotonic())
            ruling = await self._watch(done, min(pause, left) if pause else left)
            if pause and ruling.result is None:
                why = safe(f"stopped ({self._stopping()}): {self._operation.title}")
                return done, Ruling(result="did not work", evidence=(why, *ruling.evidence))
            if not pause or ruling.result == "worked" or self._clock.monotonic() >= self._ends:
                return done, ruling
            before, (outcome, _) = outcome, await self._ask()
            if outcome is None:
                pause = AFTER_SILENCE
                continue
            if not outcome.accepted:
                return done, Ruling(
                    result="did not work", evidence=(outcome.detail or safe("refused"), *ruling.evidence)
                )
            done = replace(done, told=outcome.facts)
            pause = self._pause(outcome, before)

    def _pause(self, now: Outcome, before: Outcome | None) -> float:
        """The longer, the more often the answer was the same."""
        self._same = self._same + 1 if before is not None and before.facts == now.facts else 0
        return min(LONGEST, now.again * 2.0 ** min(self._same, 8))


def stopped_before(plan: Plan, number: int, why: str) -> Ruling:
    """It was stopped between two operations: what came of the whole is not known."""
    following = plan.operations[number].title
    words = safe(f"stopped after step {number} of {len(plan.operations)} ({why}); next would be: {following}")
    return Ruling(result="unknown", evidence=(words,))
