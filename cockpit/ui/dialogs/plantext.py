"""A plan in words: where, what changes to what, whom it touches, what it takes, when it was done before."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from cockpit.backends.change import Facts, Operation, Plan
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import Requirement
from cockpit.ui.cells import Line, Span
from cockpit.ui.dialogs.around import Around, Touched
from cockpit.ui.dialogs.planfield import LABEL, facts_words, field
from cockpit.ui.dialogs.plansteps import diff_lines, kept_lines, list_lines, new_lines, step_lines
from cockpit.ui.format import UNKNOWN, age, moment, plural, stamp
from cockpit.ui.look import Look
from cockpit.ui.theme import state_style


class Preview(Struct, frozen=True, kw_only=True):
    """What a preview is drawn from. picked: of the plan's choices; refused: why that one has no plan.

    on_failure: what is asked for of several; empty for one alone. room: lines that are seen at once.
    """

    plan: Plan
    around: Around = Around()
    needed: Requirement = Requirement()
    picked: str = ""
    refused: str = ""
    on_failure: str = ""
    room: int = 17


def plan_lines(look: Look, preview: Preview, width: int, now: datetime) -> list[Line]:
    """Everything that a reader must know before saying yes, what matters most first."""
    plan = preview.plan
    lines = _where(look, plan, width)
    lines += chosen_lines(look, "choose", OTHERS, ON_FAILURE, preview.on_failure, width) if preview.on_failure else []
    choices = chosen_lines(look, "choose", ARROWS, plan.choices, preview.picked, width) if plan.choices else []
    if preview.refused:  # what the plan of another choice would do is not shown under this one
        lines += [*choices, *field("does", "nothing: there is no plan for this choice, so it cannot be done", width)]
        return lines + field("why", look.text(preview.refused), width, "down")
    lines += [*_changes(look, plan, width), *choices]
    first, lists = _first_of_all(look, preview, width, preview.room - len(lines))
    lines += first
    if not preview.needed.denied:  # that stands beside the buttons
        lines += field("policy", permission(preview.needed), width)
    lines += field("before", _before(look, preview, now), width)
    lines += _judged(look, plan, width)
    lines += field("undo", undo_words(look, plan), width)
    lines += lists
    lines += kept_lines(look, plan.operations, width) + diff_lines(look, plan.operations, width)
    lines += new_lines(look, plan.operations, width)
    for index, command in enumerate(commands(plan)):
        lines += field("same as" if not index else "", look.text(command), width, "dim")
    made = (now - plan.made_at).total_seconds()
    if made > 30:
        text = f"{age(made)} ago ({stamp(plan.made_at, now, look.utc)}): checked again before it is done"
        lines += field("made", text, width)
    return lines


def _first_of_all(look: Look, preview: Preview, width: int, room: int) -> tuple[list[Line], list[Line]]:
    """What it does, whom that touches, what it risks; and the lists that have no room among them.

    A tired reader may not turn the page: where the steps would push a risk off it, their lists stand further down, and
    where that is not enough the risks come first.
    """
    operations = preview.plan.operations
    steps = step_lines(look, operations, width)
    touched, warned = _touches(look, preview, width), _warnings(look, preview, width)
    lists: list[Line] = []
    if warned and len(steps) + len(touched) + len(warned) > room:
        steps, lists = step_lines(look, operations, width, lists=False), list_lines(look, operations, width)
    if len(steps) + len(touched) + len(warned) > room:
        return [*warned, *steps, *touched], lists
    return [*steps, *touched, *warned], lists


VERB_WORDS = {"rollback": "roll back", "rollback-config": "roll back config", "set-env": "set", "unset-env": "unset"}
"""How a verb is written in a sentence, where that is not its name."""


def verb_words(verb: str) -> str:
    """A verb as the reader says it: "roll back"."""
    return VERB_WORDS.get(verb, verb.replace("-", " "))


def plan_words(plan: Plan) -> str:
    """A plan in a few words: "roll back checkout", "restart 3 services"."""
    services = plan.services
    return f"{verb_words(plan.verb)} {plan.service if len(services) == 1 else plan.counted}"


def inverse_words(look: Look, verb: str, arguments: tuple[tuple[str, str], ...], known: Facts = ()) -> str:
    """What taking it back does: "roll back to 3.9.0", "scale replicas 2"; ids of instances are counted.

    known: facts of before, which may name what an image's id or a revision's object stands for; an id is cut to 12
    digits.
    """
    values = (_argument(name, value, known) for name, value in arguments if value)
    return look.text(" ".join((verb_words(verb), *values)))


LONG_ID = re.compile(r"(?:[a-z0-9]+:)?([0-9a-f]{12})[0-9a-f]{52}")


def _argument(name: str, value: str, known: Facts) -> str:
    if name == "instance" and len(value) > 24:
        return plural(value.count(",") + 1, "instance")
    if name == "to" and (revision := dict(known).get("revision")):
        return f"to revision {revision}"
    if (long := LONG_ID.fullmatch(value)) is None:
        return f"{name} {value}"
    short = long[1]
    return f"{name} {next((str(said) for _, said in known if said.endswith(short)), short)}"


def commands(plan: Plan) -> tuple[str, ...]:
    """The command lines that do the same, in order."""
    return tuple(operation.command for operation in plan.operations if operation.command)


def title(look: Look, plan: Plan, around: Around) -> str:
    """ "Restart hook-receiver · tier 1"; of several, how many."""
    verb = verb_words(plan.verb).capitalize()
    if len(plan.services) > 1:
        return f"{verb} {plan.counted}"
    tier = next((one.tier for one in around.touched if one.key == plan.service), None)
    return f"{verb} {plan.service}" + (f" {look.glyphs.dot} tier {tier}" if tier else "")


LONG_FACT = 36
"""Columns from which a fact stands in a row of its own, under its own name: at 80 columns it would break two."""


def _where(look: Look, plan: Plan, width: int) -> list[Line]:
    facts = [(name, look.name(str(value)) if look.sharing else str(value)) for name, value in plan.where]
    long = [(name, value) for name, value in facts if len(value) >= LONG_FACT and len(name) < LABEL]
    words = (f"{name} {value}" for name, value in facts if (name, value) not in long)
    lines = field("where", look.text(f" {look.glyphs.dot} ".join(words)), width)
    return lines + [line for name, value in long for line in field(name, look.text(value), width)]


def _changes(look: Look, plan: Plan, width: int) -> list[Line]:
    """From what to what; with several operations that stands under each of them."""
    if len(plan.operations) != 1:
        return []
    operation = plan.operations[0]
    now, to = facts_words(look, operation.before), facts_words(look, operation.after)
    lines = field("now", now or "not known", width)
    return lines + field("to", to or "the same again", width, "strong")


ARROWS = "with the arrow keys up and down"
OTHERS = f"what follows when one fails, {ARROWS}"


def planned(plan: Plan, picked: str) -> str:
    """The choice that a plan is made for, empty when it is none of those offered. picked: by the reader so far."""
    values = [value for value, _ in plan.choices]
    if plan.chosen:
        return plan.chosen if plan.chosen in values else ""
    return picked if picked in values else next(iter(values), "")


def chosen_lines(
    look: Look, label: str, hint: str, choices: Iterable[tuple[str, str]], picked: str, width: int
) -> list[Line]:
    """What may be chosen, the chosen one pointed at."""
    lines = field(label, hint, width, "dim")
    for value, text in choices:
        chosen = value == picked
        mark = look.glyphs.cursor if chosen else " "
        spans = (Span(" " * LABEL + mark + " ", "mark"), Span(look.text(text), "strong" if chosen else "text"))
        lines.append(Line(spans))
    return lines


ON_FAILURE = (("stop", "stop: the others are left alone"), ("continue", "go on with the others"))
"""What may become of the others when one of several fails."""


def _touches(look: Look, preview: Preview, width: int) -> list[Line]:
    """Whom it touches."""
    plan, lines = preview.plan, list[Line]()
    # One alone is named by the title, unless that names what it runs on.
    several = any(one.key != plan.service for one in preview.around.touched)
    for one in preview.around.touched:
        lines += field("" if lines else "touches", _reach(look, one, several), width)
    return lines


def _warnings(look: Look, preview: Preview, width: int) -> list[Line]:
    """What the backend warns of, then what makes it futile."""
    plan, lines = preview.plan, list[Line]()
    several = any(one.key != plan.service for one in preview.around.touched)
    warnings = [(look.text(risk), "warning") for risk in told_once(plan)]
    if plan.danger == "high":
        warnings.append(("high danger: it can lose data or break what works", "down"))
    for one in preview.around.touched:
        warnings += [(_futile(look, one, other, several), state_style(other.state)) for other in one.failed]
    for index, (text, style) in enumerate(warnings):
        lines += field("risk" if not index else "", text, width, style)
    return lines


def _reach(look: Look, one: Touched, several: bool) -> str:
    parts = [one.name] if several else []
    if one.pods is not None:
        return f" {look.glyphs.dot} ".join((*parts, f"{plural(one.pods, 'pod')} on it"))
    parts += [f"tier {one.tier}"] if one.tier is not None and several else []
    if one.instances and not (several and one.instances == one.of):
        some = f"{one.instances} of " if one.instances != one.of else ""
        parts.append(some + plural(one.of or 0, "instance"))
    if one.ready is not None:
        now = "" if several else " now"
        parts.append(f"{one.ready} of {one.desired if one.desired is not None else UNKNOWN} ready{now}")
    needed = ", ".join(one.dependents[:6]) + (f" and {len(one.dependents) - 6} more" if len(one.dependents) > 6 else "")
    if one.dependents or not several:
        parts.append(f"needed by {needed}" if one.dependents else "nothing depends on it")
    return f" {look.glyphs.dot} ".join(parts)


def told_once(plan: Plan) -> list[str]:
    """What the backend warns of; of several services the same is said once, with whose it is."""
    whose: dict[str, list[str]] = {}
    for risk in plan.risks:
        key = next((f"{one}: " for one in plan.services if risk.startswith(f"{one}: ")), "")
        whose.setdefault(risk.removeprefix(key), []).append(key.removesuffix(": "))
    words = {
        text: "each" if len(keys) == len(plan.services) > 1 else ", ".join(filter(None, keys))
        for text, keys in whose.items()
    }
    return [f"{key}: {text}" if key else text for text, key in words.items()]


def _futile(look: Look, one: Touched, other: ServiceStatus, several: bool) -> str:
    """That what it needs has failed: then it may be of no use."""
    since = f" since {moment(other.since, look.utc)}" if other.since else ""
    whose = f" ({one.name} needs it)" if several else ""
    return f"{other.name} {look.glyphs.state(other.state)} {other.state.value}{since}{whose}: this may not help"


def permission(needed: Requirement) -> str:
    """What the policy wants, and by which rule."""
    rules = f" ({', '.join(needed.why)})" if needed.why else ""
    wanted = [f"you type {needed.type_name}"] if needed.type_name else []
    wanted += [f"a second person approves it, for {needed.second}"] if needed.second else []
    return (" and ".join(wanted) or "Do it confirms; nothing to type") + rules


def _before(look: Look, preview: Preview, now: datetime) -> str:
    last = preview.around.last
    if last is None:
        return "not done before, as far as this timeline goes back"
    return look.text(f"{stamp(last.happened, now, look.utc)} {last.entry.who}: {last.text}")


def _judged(look: Look, plan: Plan, width: int) -> list[Line]:
    """What must be seen for how long, what is asked last, what happens when a step fails."""
    wanted = [f"{watch.samples} answers of each critical probe" for watch in plan.watch[:1] if watch.samples > 1] + [
        f"{watch.traffic} above 0" for watch in plan.watch if watch.traffic
    ]
    more = f", with {', '.join(wanted)}" if wanted else ""
    if plan.attended:
        return field("judged", "open until you end it; then its exit code is told", width)
    seen = f"it stays so for {plan.hold:.0f} s" if plan.hold else "it is seen to be so"
    lines = field("judged", f"worked when {seen}{more}, within {plan.deadline:.0f} s", width)
    checks = ", ".join(look.text(check.title) for check in plan.smoke)
    lines += field("", f"then asked: {checks}", width) if checks else []
    if plan.on_failure == "step back":
        lines += field("", "a step that fails takes back what was done, last first", width)
    return lines


def undo_words(look: Look, plan: Plan) -> str:
    """What takes it back."""
    undo = dict.fromkeys(inverse_words(look, *one.inverse, one.before) for one in plan.operations if one.inverse)
    return f"U takes it back: {', '.join(undo)}" if undo else "nothing takes it back by itself"


def last_undoable(operations: Sequence[Operation]) -> Operation | None:
    """The last that has an inverse: it is what takes the whole of them back."""
    return next((one for one in reversed(operations) if one.inverse), None)


def inverse_of(plan: Plan) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """(verb, arguments) that takes the whole of it back."""
    last = last_undoable(plan.operations)
    return last.inverse if last else None


def way_back(look: Look, plan: Plan) -> str:
    """The same in words; empty when nothing takes it back."""
    last = last_undoable(plan.operations)
    return inverse_words(look, *last.inverse, last.before) if last and last.inverse else ""
