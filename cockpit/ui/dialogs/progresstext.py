"""How a plan goes: its steps, then the verdict with what it rests on, then what takes it back."""

from datetime import datetime

from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import Step
from cockpit.ui.cells import Line, Span
from cockpit.ui.dialogs.planfield import field
from cockpit.ui.dialogs.plantext import inverse_words, undo_words, verb_words
from cockpit.ui.format import age, duration
from cockpit.ui.look import Look

VERDICTS = {"worked": "ok", "did not work": "down", "unknown": "unknown"}


def progress_lines(look: Look, status: OperationStatus, width: int, now: datetime) -> list[Line]:
    """A line for each step as it goes, and the verdict once there is one."""
    ended = status.phase == "ended"
    lines = [line for number, step in enumerate(status.steps, 1) for line in _step(look, number, step, width, ended)]
    if status.note:
        lines += [Line(), *field("", look.text(status.note), width, "dim")]
    if status.verdict is None:
        spent = age((now - status.started_at).total_seconds())
        what = "watching whether it worked" if status.phase == "verifying" else "under way"
        return [*lines, Line(), *field("", f"{what}, {spent}; judged within {age(status.plan.deadline)}", width)]
    return [*lines, *_verdict(look, status, width)]


def _verdict(look: Look, status: OperationStatus, width: int) -> list[Line]:
    verdict, plan = status.verdict, status.plan
    assert verdict is not None
    style = VERDICTS[verdict.result]
    glyph = {"ok": look.glyphs.done, "down": look.glyphs.down, "unknown": look.glyphs.unknown}[style]
    after = Span(f"after {duration(verdict.seconds)}", "dim")
    lines = [Line(), Line((Span(f" {glyph} {verdict.result} ", style), after))]
    for number, text in enumerate(verdict.evidence):
        lines += field("evidence" if not number else "", look.text(text), width)
    lines += field("undo", undo_words(look, plan), width)
    if verdict.result == "did not work" and plan.otherwise is not None:
        lines += field("next", f"{inverse_words(look, *plan.otherwise)} may help: it is planned and shown first", width)
    elif verdict.result == "unknown":
        lines += field(
            "next", f"look at {plan.service} itself: nothing says that the {verb_words(plan.verb)} worked", width
        )
    return lines


def _step(look: Look, number: int, step: Step, width: int, ended: bool) -> list[Line]:
    glyphs = look.glyphs
    glyph, style = {
        "waiting": ("-" if ended else " ", "dim"),
        "running": (glyphs.running, "starting"),
        "done": (glyphs.done, "ok"),
        "failed": (glyphs.down, "down"),
    }[step.state]
    spent = duration(step.seconds) if step.seconds is not None else ""
    if ended and step.state == "waiting":
        spent = "not done"
    head = Line((Span(f" {glyph} ", style), Span(f"step {number} {look.text(step.title)}  "), Span(spent, "dim")))
    detail = (
        field("", look.text(step.detail), width, "down" if step.state == "failed" else "dim") if step.detail else []
    )
    return [head, *detail]
