"""How far a plan is, told to whoever shows it, whenever something of it changes and at least each second."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import SafeText

StepState = Literal["waiting", "running", "done", "failed"]
Phase = Literal["running", "verifying", "ended"]


class Step(Struct, frozen=True, kw_only=True):
    """One operation; seconds: how long it took, or takes so far. more: part of it has not been asked for yet."""

    title: SafeText
    state: StepState
    seconds: float | None = None
    detail: SafeText = SafeText("")
    more: bool = False


class Progress(Struct, frozen=True, kw_only=True):
    """A plan under way. run: names this attempt in the journal; note: what is waited for, or what was not recorded."""

    run: str = ""
    plan: Plan
    steps: tuple[Step, ...]
    started_at: datetime
    phase: Phase
    verdict: Verdict | None = None
    note: SafeText = SafeText("")

    @property
    def stoppable(self) -> bool:
        """Whether something of it has not been begun, and would not be if it were stopped now."""
        return self.phase == "running" and any(step.more or step.state == "waiting" for step in self.steps)


Listener = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """For a caller that shows nothing."""
