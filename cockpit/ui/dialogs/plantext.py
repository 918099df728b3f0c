"""A plan in words: where, what changes to what, in which steps, at what risk. Then its progress and verdict."""

from datetime import datetime

from cockpit.backends.change import Facts, Operation, Plan
from cockpit.engine.port import OperationStatus, Step
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.format import age, duration, stamp
from cockpit.ui.look import Look

LABEL = 9
VERDICTS = {"worked": "ok", "did not work": "down", "unknown": "unknown"}


def plan_lines(look: Look, plan: Plan, width: int, now: datetime, picked: str = "") -> list[Line]:
    """Everything that a reader must know before saying yes."""
    lines = _field(
        "where",
        look.text(
            f" {look.glyphs.dot} ".join(
                f"{name} {look.name(str(value))}" if look.sharing else f"{name} {value}" for name, value in plan.where
            )
        ),
        width,
    )
    lines += _changes(look, plan, width)
    if plan.choices:
        lines += _choices(look, plan, width, picked)
    lines += _steps(look, plan.operations, width)
    for index, risk in enumerate(plan.risks):
        lines += _field("risk" if not index else "", look.text(risk), width, "warning")
    if plan.danger == "high":
        lines += _field(
            "" if plan.risks else "risk", "high danger: it can lose data or break what works", width, "down"
        )
    lines += _field("judged", f"worked when it stays so for {plan.hold:.0f} s, within {plan.deadline:.0f} s", width)
    undo = dict.fromkeys(inverse_words(look, *operation.inverse) for operation in plan.operations if operation.inverse)
    taken = f"U takes it back: {', '.join(undo)}" if undo else "nothing takes it back by itself"
    lines += _field("undo", taken, width)
    commands = [operation.command for operation in plan.operations if operation.command]
    for index, command in enumerate(commands):
        lines += _field("same as" if not index else "", look.text(command), width, "dim")
    made = (now - plan.made_at).total_seconds()
    if made > 30:
        lines += _field(
            "made", f"{age(made)} ago ({stamp(plan.made_at, now, look.utc)}): checked again before it is done", width
        )
    return lines


VERB_WORDS = {"rollback": "roll back", "set-env": "set", "unset-env": "unset"}
"""How a verb is written in a sentence, where that is not its name."""


def verb_words(verb: str) -> str:
    """A verb as the reader says it: "roll back"."""
    return VERB_WORDS.get(verb, verb.replace("-", " "))


def inverse_words(look: Look, verb: str, arguments: tuple[tuple[str, str], ...]) -> str:
    """What taking it back does: "roll back to 3.9.0", "scale count 2"."""
    values = (f"{name} {value}" for name, value in arguments if value)
    return look.text(" ".join((verb_words(verb), *values)))


def _field(label: str, text: str, width: int, style: str = "text") -> list[Line]:
    room = max(20, width - LABEL - 2)
    return [
        Line((Span(f" {label if not index else '':<{LABEL}}", "dim"), Span(piece, style)))
        for index, piece in enumerate(wrap_words(text, room))
    ]


def _changes(look: Look, plan: Plan, width: int) -> list[Line]:
    """From what to what; with several operations that stands under each of them."""
    if len(plan.operations) != 1:
        return []
    operation = plan.operations[0]
    now, to = _facts(look, operation.before), _facts(look, operation.after)
    lines = _field("now", now or "not known", width)
    return lines + _field("to", to or "the same again", width, "strong")


def _facts(look: Look, facts: Facts) -> str:
    return look.text("  ".join(f"{name} {value}" for name, value in facts))


def _choices(look: Look, plan: Plan, width: int, picked: str) -> list[Line]:
    lines = _field("choose", "with the arrow keys up and down", width, "dim")
    for value, text in plan.choices:
        chosen = value == picked
        mark = look.glyphs.cursor if chosen else " "
        lines.append(
            Line((Span(" " * LABEL + " " + mark + " ", "mark"), Span(look.text(text), "strong" if chosen else "text")))
        )
    return lines


def _steps(look: Look, operations: tuple[Operation, ...], width: int) -> list[Line]:
    lines: list[Line] = []
    for number, operation in enumerate(operations, 1):
        lines += _field("does" if number == 1 else "", f"{number} {look.text(operation.title)}", width)
        now, to = _facts(look, operation.before), _facts(look, operation.after)
        if len(operations) > 1 and (now or to):
            lines += _field("", f"  {now or '-'} {look.glyphs.arrow} {to or 'the same again'}", width, "dim")
    return lines


def progress_lines(look: Look, status: OperationStatus, width: int, now: datetime) -> list[Line]:
    """The steps as they go, and the verdict once there is one."""
    lines = [line for number, step in enumerate(status.steps, 1) for line in _step(look, number, step, width)]
    if status.note:
        lines += [Line(), *_field("", look.text(status.note), width, "dim")]
    if status.verdict is None:
        spent = age((now - status.started_at).total_seconds())
        what = "watching whether it worked" if status.phase == "verifying" else "under way"
        lines += [Line(), *_field("", f"{what}, {spent}; judged within {age(status.plan.deadline)}", width)]
        return lines
    verdict = status.verdict
    style = VERDICTS[verdict.result]
    glyph = {"ok": look.glyphs.done, "down": look.glyphs.down, "unknown": look.glyphs.unknown}[style]
    lines += [
        Line(),
        Line((Span(f" {glyph} {verdict.result} ", style), Span(f"after {duration(verdict.seconds)}", "dim"))),
    ]
    for text in verdict.evidence:
        lines += _field("", look.text(text), width)
    return lines


def _step(look: Look, number: int, step: Step, width: int) -> list[Line]:
    glyphs = look.glyphs
    glyph, style = {
        "waiting": (" ", "dim"),
        "running": (glyphs.running, "starting"),
        "done": (glyphs.done, "ok"),
        "failed": (glyphs.down, "down"),
    }[step.state]
    spent = duration(step.seconds) if step.seconds is not None else ""
    head = Line((Span(f" {glyph} ", style), Span(f"step {number} {look.text(step.title)}  "), Span(spent, "dim")))
    detail = (
        _field("", look.text(step.detail), width, "down" if step.state == "failed" else "dim") if step.detail else []
    )
    return [head, *detail]
