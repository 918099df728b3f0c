"""A mitigation: its preview, then its progress, then its verdict. It can be left at any time; what runs goes on."""

from typing import Any

from textual import events

from cockpit.backends.change import Plan
from cockpit.engine.port import MakePlan, NotRecordedError, OperationStatus, Perform, Requirement, Verbs
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.dialogs.base import NO, Button, Dialog
from cockpit.ui.dialogs.plantext import plan_lines, progress_lines, verb_words

DO = Button("do", "Do it")
ANYWAY = Button("do", "Do it unrecorded")
LEAVE = Button("leave", "Leave it running")
CLOSE = Button("close", "Close")
TYPED_LIMIT = 80


class PlanDialog(Dialog):
    """Asks for one plan. needed: what the policy wants first (a typed name, a second person, or it is denied)."""

    def __init__(self, plan: Plan, needed: Requirement) -> None:
        super().__init__(f"{verb_words(plan.verb).capitalize()} {plan.service}")
        self.plan = plan
        self._typed_wanted = needed.type_name
        self._why = ", ".join(needed.why)
        self._typed = ""
        self._refused = needed.denied
        self._second = needed.second
        self._making = False
        self._picked = plan.choices[0][0] if plan.choices else ""
        self._asked = False
        self._failed = ""
        self._unrecorded = ""
        """Why nothing can record it; it is only done when that is confirmed too."""

    @property
    def status(self) -> OperationStatus | None:
        """Its operation, once it is being done."""
        return next((status for status in self.cockpit.frame.operations if status.plan.id == self.plan.id), None)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """What can be said to it now."""
        status = self.status
        if status is not None and status.phase == "ended":
            return (CLOSE,)
        if self._asked or status is not None:
            return (CLOSE,) if self._failed else (LEAVE,)
        return (NO, ANYWAY if self._unrecorded else DO)

    def content(self, width: int) -> list[Line]:
        """The plan, or how it goes."""
        cockpit = self.cockpit
        status = self.status
        lines: list[Line] = []
        if status is None and not self._asked:
            return plan_lines(cockpit.look, self.plan, width, cockpit.now, self._picked)
        if status is not None:
            lines = progress_lines(cockpit.look, status, width, cockpit.now)
        elif not self._failed:
            lines = [Line((Span(" handed over, waiting for its first step", "dim"),))]
        if self._failed:
            why = f"{cockpit.look.glyphs.down} {self._failed}"
            lines += [Line((Span(f" {piece}", "down"),)) for piece in wrap_words(why, width - 2)]
        return lines

    def below(self, width: int) -> list[Line]:
        """The field for the name, and why it cannot be done."""
        if self._asked or self.status is not None:
            return []
        lines: list[Line] = []
        if self._unrecorded:
            lines += [Line((Span(f" {piece}", "down"),)) for piece in wrap_words(self._unrecorded, width - 2)]
        if self._refused:
            lines += [Line((Span(f" {piece}", "warning"),)) for piece in wrap_words(self._refused, width - 2)]
        if self._second:
            how = f"another person approves plan {self.plan.hash[:12]} first, with :approve ({self._second})"
            lines += [Line((Span(f" {piece}", "warning"),)) for piece in wrap_words(how, width - 2)]
        if self._typed_wanted:
            glyphs = self.cockpit.look.glyphs
            done = glyphs.done if self._typed == self._typed_wanted else ""
            ask = f" Type {self._typed_wanted} to confirm ({self._why}): "
            lines.append(Line((Span(ask), Span(self._typed, "key"), Span(" ", "focus"), Span(f" {done}", "ok"))))
        return lines

    def pressed(self, button: str) -> None:
        """Do it, or leave."""
        if button != "do":
            self.dismiss(None)
        elif self._refused:
            self.say(self._refused)
        elif self._making:
            self.say("the plan for this choice is still being made")
        elif self._typed_wanted and self._typed != self._typed_wanted:
            self.say(f"type {self._typed_wanted} first: it is a change that must be meant")
        else:
            self._do()

    def _do(self) -> None:
        self._asked = True
        self.chosen = 0
        self.run_worker(self._perform(), group="perform", exit_on_error=False)
        self.redraw()

    async def _perform(self) -> None:
        try:
            command = Perform(plan=self.plan, typed_name=self._typed, unrecorded=bool(self._unrecorded))
            await self.cockpit.port.submit(command)
        except NotRecordedError as error:
            self._asked, self._unrecorded = False, str(error)
        except Exception as error:  # whatever it was, the reader must see it here
            self._failed = str(error) or type(error).__name__
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """Typing goes into the field; up and down pick among choices."""
        if self._asked:
            return
        if self.plan.choices and event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            self._pick(1 if event.key == "down" else -1)
        elif self._typed_wanted and event.key == "backspace":
            self._typed = self._typed[:-1]
            self.redraw()
        elif self._typed_wanted and event.is_printable and event.character and len(self._typed) < TYPED_LIMIT:
            event.stop()
            self._typed += event.character
            self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted name counts as typed."""
        if self._typed_wanted and not self._asked:
            self._typed = (self._typed + "".join(char for char in event.text if char.isprintable()))[:TYPED_LIMIT]
            self.redraw()

    def _pick(self, step: int) -> None:
        values = [value for value, _ in self.plan.choices]
        place = values.index(self._picked) if self._picked in values else 0
        self._picked = values[(place + step) % len(values)]
        self._making = True
        self.redraw()
        self.run_worker(self._make_again(self._picked), group="choice", exclusive=True, exit_on_error=False)

    async def _make_again(self, value: str) -> None:
        plan, port = self.plan, self.cockpit.port
        try:
            verbs: Any = await port.submit(Verbs(plan.workload))
            argument = next((verb.arguments[0][0] for verb in verbs if verb.name == plan.verb and verb.arguments), "to")
            made: Any = await port.submit(
                MakePlan(verb=plan.verb, service=plan.service, workload=plan.workload, arguments=((argument, value),))
            )
        except Exception as error:  # the choice cannot be planned: nothing can be done until another one is
            self.say(str(error) or type(error).__name__)
            return
        if isinstance(made, Plan) and value == self._picked:
            self.plan = made
            self._making = False
            self.redraw()
