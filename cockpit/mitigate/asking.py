"""What a run asks of the backends, each within a limit: does an operation still fit, do it, what takes it back."""

from collections.abc import Callable

from cockpit.backends.base import Operator
from cockpit.backends.change import Operation, Outcome, Permit
from cockpit.board.clock import Clock
from cockpit.board.snapshot import Snapshot
from cockpit.mitigate.attended import Attendance
from cockpit.mitigate.back import ways_back
from cockpit.mitigate.errors import words_of
from cockpit.mitigate.predicates import required

MARGIN = 30.0
"""Seconds beyond an operation's deadline for the backend to answer: a stop may take its whole grace period first."""


class Asking:
    """Asks for one permitted plan. operator_of: who changes what an operation is about; Refused when nobody does."""

    def __init__(
        self, operator_of: Callable[[Operation], Operator], permit: Permit, clock: Clock, attended: Attendance | None
    ) -> None:
        self._operator_of, self._permit, self._clock, self._attended = operator_of, permit, clock, attended

    async def difference(self, operation: Operation) -> str:
        """How the target differs from what was planned for; empty when it does not. Raises whatever a backend may."""
        async with self._clock.timeout(MARGIN):
            return await self._operator_of(operation).check(operation)

    async def perform(self, operation: Operation) -> tuple[Outcome | None, str]:
        """The backend's answer; None and why when there is none, which says nothing about whether it was done."""
        try:
            if self._attended is not None and required(operation.done_when).attended:
                return await self._attended.perform(self._operator_of(operation), self._permit, operation), ""
            async with self._clock.timeout(operation.deadline + MARGIN):
                return await self._operator_of(operation).perform(self._permit, operation), ""
        except TimeoutError:
            return None, f"none within {operation.deadline + MARGIN:.0f} s"
        except Exception as error:  # the connection may have broken after the request was taken
            return None, words_of(error)

    async def ways_back(self, now: Callable[[], Snapshot], operation: Operation) -> tuple[Operation, ...]:
        """The operations that take it back; none when nothing does. Raises whatever a backend may."""
        async with self._clock.timeout(MARGIN):
            return await ways_back(operation, now(), self._operator_of(operation))
