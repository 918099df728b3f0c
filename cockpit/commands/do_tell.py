"""What `cockpit do` prints: the plan and how it goes for people, or one JSON object."""

import shlex
import sys
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Facts, Operation, Plan, Verdict, kept_first
from cockpit.board.text import safe
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import Requirement
from cockpit.mitigate.record import NOT_RECORDED, SET_ASIDE, title

Outcome = Literal["planned", "worked", "did not work", "unknown", "cannot tell", "refused"]
LABEL = 9


class Report(Struct, frozen=True, kw_only=True):
    """The JSON of `cockpit do --json`. plan is None when none could be made; needs is what the policy asks for.

    outcome: "planned" (a dry run), the verdict, "cannot tell" (what runs is not known; nothing was done) or "refused"
    (nothing was done). why: one sentence for those two, else empty.
    """

    version: Literal[1] = 1
    profile: str
    service: str
    verb: str
    outcome: Outcome
    why: str = ""
    plan: Plan | None = None
    plan_hash: str = ""
    needs: Requirement | None = None
    verdict: Verdict | None = None

    def with_plan(self, service: str, plan: Plan, needs: Requirement) -> "Report":
        """The plan is known."""
        return replace(self, service=service, verb=plan.verb, plan=plan, plan_hash=plan.hash, needs=needs)

    def ended(self, outcome: Outcome, why: str) -> "Report":
        """Nothing was done, for this reason."""
        return replace(self, outcome=outcome, why=safe(why, 500))

    def judged(self, verdict: Verdict) -> "Report":
        """It was done, and this came of it."""
        return replace(self, outcome=verdict.result, verdict=verdict)


class Teller:
    """Writes for people; with `json` all of that goes to stderr, and stdout carries the one object.

    program: what a command line that takes it back begins with.
    """

    def __init__(self, *, json: bool, program: str = "cockpit") -> None:
        self._json, self._program = json, program
        self._shown: set[str] = set()

    def say(self, line: str) -> None:
        """One line."""
        (sys.stderr if self._json else sys.stdout).write(f"{line}\n")
        (sys.stderr if self._json else sys.stdout).flush()

    def ask(self, question: str) -> str:
        """A question on the terminal, and its answer; empty at the end of input."""
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def plan(self, plan: Plan, needed: Requirement) -> None:
        """All that must be known before saying yes."""
        for line in plan_lines(plan, needed, self._program):
            self.say(line)

    def progress(self, operations: tuple[OperationStatus, ...], plan: Plan) -> None:
        """Steps that ended, each once."""
        status = next((one for one in operations if one.plan.id == plan.id), None)
        if status is None:
            return
        for number, step in enumerate(status.steps, 1):
            if step.state in ("done", "failed"):
                detail = f": {step.detail}" if step.detail else ""
                spent = "" if step.seconds is None else f", {step.seconds:.1f} s"
                self._once(f"{number}", f"  step {number} {step.title}: {step.state}{spent}{detail}")
        if status.phase == "verifying":
            self._once("verifying", f"  watching for {plan.hold:.0f} s whether it stays so")
        for remark in (NOT_RECORDED, SET_ASIDE):
            if status.note.startswith(remark):
                self._once(remark, f"  {remark}")

    def end(self, report: Report) -> None:
        """How it ended."""
        if report.verdict is not None:
            self.say(f"{report.verdict.result} after {report.verdict.seconds:.1f} s")
            for line in report.verdict.evidence:
                self.say(f"  {line}")
            self._next(report)
        elif report.why:
            sys.stderr.write(f"cockpit do: {report.outcome}: {report.why}\n")
        elif report.outcome == "planned":
            self.say("nothing was done (dry run)")
        if self._json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")

    def _next(self, report: Report) -> None:
        """What may help when it did not work."""
        plan = report.plan
        if report.outcome == "did not work" and plan is not None and plan.otherwise is not None:
            verb, arguments = plan.otherwise
            words = shlex.join((verb, *(f"{name}={value}" for name, value in arguments)))
            self.say(f"  next: {self._program} do {plan.service} {words}")

    def _once(self, key: str, line: str) -> None:
        if key not in self._shown:
            self._shown.add(key)
            self.say(line)


ASIDE = ("checked", "order")
"""Facts of where it is done that are whole sentences."""


def plan_lines(plan: Plan, needed: Requirement, program: str) -> list[str]:
    """A plan as lines of text."""
    several = len(plan.services) > 1
    lines = [title(plan)]
    lines += _field("where", " · ".join(f"{name} {value}" for name, value in plan.where if name not in ASIDE))
    lines += [line for name, value in plan.where if name in ASIDE for line in _field(name, value)]
    kept = kept_first(plan.operations)
    for operation in plan.operations:
        if operation in kept:
            continue
        whose = f"{operation.service or plan.service}: " if several else ""
        lines += _field("now", whose * bool(operation.before) + _facts(operation.before))
        lines += _field("to", whose * bool(operation.after) + _facts(operation.after))
    for number, operation in enumerate(plan.operations, 1):
        lines += _field("does" if number == 1 else "", f"{number} {operation.title}")
        lines += [line for text in operation.diff for line in _field("", f"  {text}")]
    for number, words in enumerate(dict.fromkeys(_facts(one.after) for one in kept if one.after)):
        lines += _field("" if number else "first", words)
    for value, words in plan.choices:
        lines += _field("choices" if value == plan.choices[0][0] else "", words)
    for number, risk in enumerate(plan.risks):
        lines += _field("" if number else "risk", risk)
    if plan.danger == "high":
        lines += _field("" if plan.risks else "risk", "high danger: it can lose data or break what works")
    seen = f"it stays so for {plan.hold:.0f} s" if plan.hold else "it is seen to be so"
    judged = f"worked when {seen}, within {plan.deadline:.0f} s"
    lines += _field("judged", "open until you end it; then its exit code is told" if plan.attended else judged)
    for number, operation in enumerate(one for one in plan.operations if one.command):
        lines += _field("" if number else "same as", operation.command)
    backs = dict.fromkeys(_undo(plan, operation, program) for operation in plan.operations if operation.inverse)
    for number, back in enumerate(backs or ("nothing takes it back by itself",)):
        lines += _field("" if number else "undo", back)
    if needed.second:
        lines += _field("needs", f"a second person: {needed.second}")
    return lines


def _undo(plan: Plan, operation: Operation, program: str) -> str:
    assert operation.inverse is not None
    verb, arguments = operation.inverse
    words = shlex.join(f"{name}={value}" for name, value in arguments)
    return f"{program} do {operation.service or plan.service} {verb.replace(' ', '-')} {words}".rstrip()


def _facts(facts: Facts) -> str:
    return "  ".join(f"{name} {value}" for name, value in facts)


def _field(label: str, text: str) -> list[str]:
    return [f"  {label:<{LABEL}}{text}"] if text else []
