"""A mitigation: its preview, then its progress, then its verdict. It can be left at any time; what runs goes on."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace
from textual import events

from cockpit.backends.change import Plan
from cockpit.engine.frame import Frame, OperationStatus
from cockpit.engine.port import Halt, MakeBulk, MakePlan, NotRecordedError, Perform, Requirement
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.dialogs import plantext
from cockpit.ui.dialogs.around import around, mark_of
from cockpit.ui.dialogs.base import NO, Button, Dialog
from cockpit.ui.dialogs.planbuttons import ANYWAY, COPY, DO, DRY, while_done
from cockpit.ui.dialogs.planner import Planner, Request
from cockpit.ui.dialogs.progresstext import progress_lines
from cockpit.ui.dialogs.typedname import TypedName

DEAF = 0.5
"""Seconds without keys after what is asked has become another question."""
LOOK_EVERY = 1.0
"""Seconds between two looks at whether the plan still fits, for a target that changes all the time."""


class PlanDialog(Dialog):
    """Asks for one plan; dismissed with what to plan next, or None.

    request: what it was made from, to make it again. needed: what the policy wants first. frame: as it was then.
    """

    steady = True

    def __init__(
        self, request: Request, plan: Plan, needed: Requirement, frame: Frame, *, confirmed: bool = False
    ) -> None:  # fmt: skip
        """confirmed: it is being done already, and only its progress is shown."""
        super().__init__("")
        self._planner = Planner(self, request)
        self._typed = TypedName()
        self._failed = self._unrecorded = self._impossible = self._refused = self._picked = ""
        self._notes: tuple[tuple[str, str], ...] = ()
        """(text, style) of what has changed since it was opened, and of the dry run."""
        self._making, self._asked = False, confirmed
        self._deaf_until = self._look_at = -1e9
        self._take(plan, needed, frame)

    def _take(self, plan: Plan, needed: Requirement, frame: Frame) -> None:
        self.plan, self._typed.needed = plan, needed
        self._picked, self._refused = plantext.planned(plan, self._picked), ""
        self._around = around(frame, plan)
        self._mark = mark_of(frame.snapshot, plan)

    # What it shows

    @property
    def status(self) -> OperationStatus | None:
        """Its operation, once it is being done."""
        return next((status for status in self.cockpit.frame.operations if status.plan.id == self.plan.id), None)

    @property
    def _preview(self) -> bool:
        return not self._asked and self.status is None

    @property
    def buttons(self) -> tuple[Button, ...]:
        """What can be said to it now."""
        if not self._preview:
            return while_done(self.cockpit.look, self.status, self._failed)
        if self._unrecorded:
            return (NO, ANYWAY)
        if self._refused:
            return (NO, DO)
        return (NO, DO, DRY, *((COPY,) if plantext.commands(self.plan) else ()))

    def content(self, width: int) -> list[Line]:
        """The plan, or how it goes."""
        cockpit, status = self.cockpit, self.status
        self.heading = plantext.title(cockpit.look, self.plan, self._around)
        if self._preview:
            request = self._planner.request
            preview = plantext.Preview(
                plan=self.plan, around=self._around, needed=self._typed.needed, picked=self._picked,
                refused=self._refused, room=self.room,
                on_failure=request.on_failure if isinstance(request, MakeBulk) else "",
            )  # fmt: skip
            return plantext.plan_lines(cockpit.look, preview, width, cockpit.now)
        lines: list[Line] = []
        if status is not None:
            lines = progress_lines(cockpit.look, status, width, cockpit.now)
        elif not self._failed:
            lines = [Line((Span(" handed over, waiting for its first step", "dim"),))]
        return lines + (_told(f"{cockpit.look.glyphs.down} {self._failed}", "down", width) if self._failed else [])

    def below(self, width: int) -> list[Line]:
        """What has changed, why it cannot be done, and the field for the name."""
        if not self._preview:
            return []
        needed = self._typed.needed
        lines = [line for text, style in self._notes for line in _told(text, style, width)]
        if self._unrecorded:
            lines += _told(f"This will not be recorded: {self._unrecorded}", "down", width)
        if self._impossible or needed.denied:
            lines += _told(self._impossible or needed.denied, "warning", width)
        if needed.second:
            how = f"another person approves plan {self.plan.hash[:12]} first, with :approve ({needed.second})"
            lines += _told(how, "warning", width)
        return lines + self._typed.lines(self.cockpit.look)

    # What the buttons do

    def pressed(self, button: str) -> None:
        """Do what the button says; what is not listed leaves it."""
        ways: Mapping[str, Callable[[], None]] = {
            "do": self._confirmed,
            "dry": self._dry_run,
            "copy": self._copy,
            "stop": self._stop,
            "again": self._again,
            "undo": lambda: self._follow(plantext.inverse_of(self.plan)),
            "otherwise": lambda: self._follow(self.plan.otherwise),
        }
        ways.get(button, lambda: self.dismiss(None))()

    def _confirmed(self) -> None:
        if why := self._refused or self._impossible or self._typed.needed.denied:
            self.say(why)
        elif self._making:
            self.say("the plan for this choice is still being made")
        elif missing := self._typed.missing:
            self.say(missing)
        else:
            self._asked, self.chosen = True, 0
            self.run_worker(self._perform(), group="perform", exit_on_error=False)
            self.redraw()

    async def _perform(self) -> None:
        from cockpit.ui.shell import carried_out  # what lends the terminal is needed here first

        try:
            command = Perform(plan=self.plan, typed_name=self._typed.text, unrecorded=bool(self._unrecorded))
            await carried_out(self, command)
        except NotRecordedError as error:
            self._asked, self._unrecorded, self.chosen = False, str(error), 0
        except Exception as error:  # whatever it was, the reader must see it here
            self._failed = str(error) or type(error).__name__
        self.redraw()

    def _stop(self) -> None:
        if self.status is not None:
            asked = "that it stops"
            self.cockpit.ask(
                Halt(self.status.run), asked, lambda _: self.cockpit.say("it stops at its next safe point")
            )

    def _copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(map(self.cockpit.look.text, plantext.commands(self.plan))))
        self.cockpit.say("the command is copied, if the terminal takes OSC 52", "dim")

    def _follow(self, verb: tuple[str, tuple[tuple[str, str], ...]] | None) -> None:
        if verb is not None:
            self.dismiss(
                MakePlan(verb=verb[0], service=self.plan.service, workload=self.plan.workload, arguments=verb[1])
            )

    def _dry_run(self) -> None:
        self._notes = (("dry run: asking", "dim"),)
        self.redraw()
        self.run_worker(self._rehearse(), group="dry", exclusive=True, exit_on_error=False)

    async def _rehearse(self) -> None:
        notes = await self._planner.rehearse(self.plan, self.cockpit.look)
        if self._preview:
            self._notes = notes
            self.redraw()

    # What is planned again

    def _again(self) -> None:
        self._asked, self._failed = False, ""
        self._plan_anew(())

    def show_frame(self, frame: object) -> None:
        """A target that is another one now is asked about; nothing else that happens touches the dialog."""
        self._watch()
        self.redraw()

    def tick(self) -> None:
        """Times go on."""
        self._watch()
        self.redraw()

    def _watch(self) -> None:
        now, mark = self.cockpit.clock.monotonic(), mark_of(self.cockpit.frame.snapshot, self.plan)
        if not self._preview or self._making or self._refused or mark == self._mark or now < self._look_at:
            return
        self._mark, self._look_at = mark, now + LOOK_EVERY
        self.run_worker(self._look_again(), group="look", exit_on_error=False)

    async def _look_again(self) -> None:
        """Whoever would do it says whether the plan still fits: a crash loop that goes on changes nothing."""
        problems = await self._planner.problems(self.plan)
        if problems and self._preview:
            self._plan_anew(problems)

    def _plan_anew(self, why: tuple[str, ...]) -> None:
        self._making = True
        self.run_worker(self._anew(why), group="choice", exclusive=True, exit_on_error=False)

    async def _anew(self, why: tuple[str, ...]) -> None:
        made = await self._planner.make()
        if not self._preview:
            return
        self._making = False
        self._notes = tuple((f"changed meanwhile: {text}", "warning") for text in why)
        self._impossible = ""
        if isinstance(made, str):
            self._impossible = f"it cannot be planned any more: {made}"
        else:
            self._take(*made, self.cockpit.frame)
        self._typed.text, self._unrecorded, self.chosen = "", "", 0
        self._deaf_until = self.cockpit.clock.monotonic() + DEAF
        self.redraw()

    # Keys

    @property
    def deaf(self) -> bool:
        """The question has just become another one: a key still means the old one."""
        return self.cockpit.clock.monotonic() < self._deaf_until

    def on_key(self, event: events.Key) -> None:
        """Typing goes into the field; up and down pick among choices."""
        if not self._preview or self.deaf:
            return
        if event.key in ("up", "down") and self._pick(1 if event.key == "down" else -1):
            event.stop()
            event.prevent_default()
        elif self._typed.take(event):
            self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted name counts as typed."""
        if self._preview and not self.deaf and self._typed.take(event):
            self.redraw()

    def _pick(self, step: int) -> bool:
        """The next choice: another plan is made. False: there is nothing to choose."""
        request = self._planner.request
        if isinstance(request, MakeBulk):
            self._planner.request = replace(request, on_failure="stop" if request.on_failure != "stop" else "continue")
            self._choose(None)
            return True
        values = [value for value, _ in self.plan.choices]
        if not values:
            return False
        place = values.index(self._picked) if self._picked in values else 0
        self._picked = values[(place + step) % len(values)]
        self._choose(self._picked)
        return True

    def _choose(self, value: str | None) -> None:
        self._making = True
        self.redraw()
        self.run_worker(self._chosen(value), group="choice", exclusive=True, exit_on_error=False)

    async def _chosen(self, value: str | None) -> None:
        if value is not None:
            await self._planner.choose(self.plan, value)
        made = await self._planner.make()
        self._making = False
        if isinstance(made, str):  # nothing can be done until another choice is made
            self._refused = made
        else:
            self._take(*made, self.cockpit.frame)
        self.redraw()


def _told(text: str, style: str, width: int) -> list[Line]:
    return [Line((Span(f" {piece}", style),)) for piece in wrap_words(text, width - 2)]
