"""A dry run: whether a plan would be allowed and could be begun now. Operators are only asked to check."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from cockpit.backends.change import Operation, Plan
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.signals import not_good

ANSWER_WITHIN = 10.0
"""Seconds for a backend to check one precondition."""

Check = Callable[[Operation], Awaitable[str]]
"""Empty when an operation's precondition holds, else the difference. Refused when nobody can do it."""


class Checked(Struct, frozen=True):
    """One operation. problem: why it would not be begun, empty when it would."""

    title: SafeText
    problem: SafeText = SafeText("")


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What a dry run found; nothing was changed. refused: why the whole plan would be, empty when it would not."""

    refused: SafeText = SafeText("")
    steps: tuple[Checked, ...] = ()

    @property
    def good(self) -> bool:
        """Whether every step could be begun now."""
        return not self.refused and not any(step.problem for step in self.steps)


async def rehearse(plan: Plan, refused: str, check: Check, snapshot: Snapshot, clock: Clock) -> Rehearsal:
    """What the door would ask just before each operation, asked now. What an earlier one changes is not foreseen."""
    steps = [
        Checked(one.title, safe(await _problem(plan, one, check, snapshot, clock), 300)) for one in plan.operations
    ]
    return Rehearsal(refused=safe(refused, 300), steps=tuple(steps))


async def _problem(plan: Plan, operation: Operation, check: Check, snapshot: Snapshot, clock: Clock) -> str:
    if operation.requires:
        why = not_good(snapshot, operation.service or plan.service, operation.requires)
        if why:
            return why
    try:
        async with clock.timeout(ANSWER_WITHIN):
            return await check(operation)
    except TimeoutError:
        return f"it cannot be checked: no answer within {ANSWER_WITHIN:.0f} s"
    except Refused as error:
        return str(error)
    except Exception as error:  # a backend may fail in any way; what cannot be checked would not be done
        return f"it cannot be checked: {str(error) or type(error).__name__}"
