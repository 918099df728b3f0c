"""Keeps the progress of one run and tells its listener."""

from msgspec.structs import replace

from cockpit.backends.change import Plan, Verdict
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.crashes import Crashes
from cockpit.mitigate.progress import Listener, Progress, Step


class Steps:
    """Mutable while a plan runs; every change is told as a new immutable `Progress`."""

    def __init__(self, run: str, plan: Plan, clock: Clock, listener: Listener) -> None:
        self._clock = clock
        self._listener = listener
        self._since: dict[int, float] = {}
        self.crashes = Crashes()
        """What crashed in this run, over all of its steps."""
        steps = tuple(Step(title=operation.title, state="waiting") for operation in plan.operations)
        self._now = Progress(run=run, plan=plan, steps=steps, started_at=clock.now(), phase="running")
        self._remark = SafeText("")

    def start(self, number: int) -> None:
        """An operation begins."""
        self._since[number] = self._clock.monotonic()
        self._set(number, Step(title=self._now.steps[number].title, state="running", seconds=0.0))

    def tell(self, number: int, evidence: tuple[SafeText, ...], *, more: bool = False) -> None:
        """What is waited for. more: part of it has not been asked for yet."""
        step = self._now.steps[number]
        self._set(
            number,
            replace(step, seconds=self._seconds(number), detail=evidence[0] if evidence else step.detail, more=more),
        )

    def finish(self, number: int, evidence: tuple[SafeText, ...]) -> None:
        """It is done, by observation."""
        step = self._now.steps[number]
        detail = evidence[0] if evidence else step.detail
        self._set(number, replace(step, state="done", more=False, seconds=self._seconds(number), detail=detail))

    def fail(self, number: int, detail: SafeText) -> None:
        """It was refused, or did not become so."""
        step = self._now.steps[number]
        self._set(number, replace(step, state="failed", more=False, seconds=self._seconds(number), detail=detail))

    def leave_out(self, number: int, why: SafeText) -> None:
        """It is not begun, and will not be."""
        self._set(number, replace(self._now.steps[number], detail=why))

    def remark(self, text: SafeText) -> None:
        """Something the reader must know until the end."""
        self._remark = text
        self._say(replace(self._now, note=text))

    def verifying(self) -> None:
        """All steps are done; the whole is watched."""
        self._say(replace(self._now, phase="verifying"))

    def waiting(self, evidence: tuple[SafeText, ...]) -> None:
        """What the verdict waits for."""
        self._say(replace(self._now, note=safe(" · ".join(text for text in (self._remark, *evidence) if text))))

    def end(self, verdict: Verdict) -> None:
        """The verdict is there."""
        self._say(replace(self._now, phase="ended", verdict=verdict, note=self._remark))

    def _seconds(self, number: int) -> float | None:
        since = self._since.get(number)
        return None if since is None else self._clock.monotonic() - since

    def _set(self, number: int, step: Step) -> None:
        steps = (*self._now.steps[:number], step, *self._now.steps[number + 1 :])
        self._say(replace(self._now, steps=steps))

    def _say(self, progress: Progress) -> None:
        if progress != self._now:
            self._now = progress
            self._listener(progress)
