"""What a mitigation leaves in the journal: an intent with the whole plan, a result for each operation, a verdict."""

from typing import Protocol

import msgspec

from cockpit.backends.change import Facts, Operation, Outcome, Plan, Verdict
from cockpit.board.model import Identity, SafeText
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry
from cockpit.mitigate.sight import Baseline

_encode = msgspec.json.Encoder().encode
_plan = msgspec.json.Decoder(Plan).decode
_baseline = msgspec.json.Decoder(Baseline).decode


class Recorder(Protocol):
    """As much of the journal as the door needs."""

    async def open_intent(self, draft: Draft) -> Entry:
        """Record an intent. TargetBusy when another is open on a target; NotRecorded when nothing takes it."""
        ...

    async def append(self, draft: Draft) -> Entry:
        """Record a draft. NotRecorded when nothing takes it."""
        ...


def target_key(identity: Identity) -> str:
    """A workload's identity as one fact; the same for all of its instances."""
    whole = identity.workload
    return _encode([whole.backend, whole.scope, whole.space, whole.kind, whole.name]).decode()


def title(plan: Plan) -> str:
    """A plan in two words: "restart hook-receiver"; of several services with their number."""
    return f"{plan.verb} {plan.service}" + (f" ({plan.counted})" if len(plan.services) > 1 else "")


def intent(run: str, plan: Plan, baseline: Baseline, *, who: str, profile: str, witnessed: Facts = ()) -> Draft:
    """What is about to be done, whole: another cockpit can judge it from this entry alone. witnessed: how it was."""
    targets = {target_key(plan.workload): None, **{target_key(one.target): None for one in plan.operations}}
    if plan.attended:  # whoever forgets a shell must not keep others from a restart all night
        targets = {}
    facts = (
        ("service", plan.service), ("verb", plan.verb), ("plan hash", plan.hash), ("source", plan.source),
        ("profile", profile),
        *(("target", target) for target in targets),
        ("plan", _encode(plan).decode()), ("baseline", _encode(baseline).decode()), *witnessed,
    )  # fmt: skip
    return Draft(
        kind="intent", text=safe(title(plan)), subject=plan.service, facts=facts, unique=f"intent:{run}", who=who
    )


def plan_of(entry: Entry) -> tuple[Plan, Baseline] | None:
    """The plan and baseline in an intent; None when this version cannot read them."""
    facts = dict(entry.facts)
    try:
        return _plan(facts.get("plan", "")), _baseline(facts.get("baseline", ""))
    except (msgspec.DecodeError, UnicodeError):
        return None


def result(run: str, plan: Plan, number: int, operation: Operation, outcome: Outcome | None, why: str = "") -> Draft:
    """What came of operation `number` (from 0). outcome None: no answer, it may or may not have been done."""
    step = f"step {number + 1} of {len(plan.operations)}: {operation.title}"
    if outcome is None:
        answer, text = "unknown", f"{step}: no answer ({why}); it may have been done"
    elif outcome.accepted:
        answer, text = "accepted", f"{step}: accepted" + (f" ({outcome.detail})" if outcome.detail else "")
    else:
        answer, text = "refused", f"{step}: {outcome.detail or 'refused'}"
    facts = (
        ("service", operation.service or plan.service),
        ("step", str(number + 1)),
        ("answer", answer),
        *(outcome.facts if outcome else ()),
    )
    return Draft(kind="result", text=safe(text), subject=plan.service, facts=facts, unique=f"result:{run}:{number + 1}")


def stepped_back(run: str, plan: Plan, number: int, operation: Operation, words: SafeText) -> Draft:
    """What came of taking back, the `number`th (from 1) of this run."""
    facts = (("service", operation.service or plan.service), ("back", str(number)))
    text = safe(f"stepping back: {words}")
    return Draft(kind="result", text=text, subject=plan.service, facts=facts, unique=f"result:{run}:back:{number}")


def verdict(run: str, plan: Plan, found: Verdict, *, prefix: str = "", left: tuple[Operation, ...] = ()) -> Draft:
    """The end of a run. left: operations that were not done."""
    first = f" ({found.evidence[0]})" if found.evidence else ""
    facts = (
        ("service", plan.service), ("verb", plan.verb), ("plan hash", plan.hash), ("result", found.result),
        ("seconds", f"{found.seconds:.1f}"),
        *(("evidence", line) for line in found.evidence),
        *(("not done", operation.title) for operation in left),
    )  # fmt: skip
    return Draft(
        kind="verdict", text=safe(f"{prefix}{title(plan)}: {found.result}{first}"), subject=plan.service, facts=facts,
        unique=f"verdict:{run}",
    )  # fmt: skip


def operations_reached(results: tuple[Entry, ...], plan: Plan) -> int:
    """How many operations were answered, by the results of one run."""
    steps = [int(dict(entry.facts).get("step", "0")) for entry in results]
    return min(max(steps, default=0), len(plan.operations))


NOT_RECORDED = SafeText("not recorded: neither the journal nor the runtime directory takes entries")
SET_ASIDE = SafeText("the journal takes no entries: set aside in the runtime directory, imported later")
