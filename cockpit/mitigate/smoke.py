"""The profile's own checks of a service: asked last, when every signal is good, in their order."""

from collections.abc import Awaitable, Callable

from cockpit.backends.change import Operation, Outcome, Plan
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.verify import Ruling

Ask = Callable[[Operation], Awaitable[tuple[Outcome | None, str]]]
"""The answer to one check, or None and why there is none."""


async def asked(
    plan: Plan, ruling: Ruling, ask: Ask, tell: Callable[[tuple[SafeText, ...]], None], stopping: Callable[[], str]
) -> Ruling:
    """The ruling with what the checks say; the first that fails decides, one without an answer leaves it unknown."""
    evidence = list(ruling.evidence)
    for check in plan.smoke:
        tell((safe(f"smoke: {check.title}"),))
        if stopping():
            return Ruling(result="unknown", evidence=(safe(f"smoke {check.title}: not asked any more"), *evidence))
        outcome, why = await ask(check)
        if outcome is None:
            return Ruling(result="unknown", evidence=(safe(f"smoke {check.title}: no answer ({why})"), *evidence))
        words = safe(f"smoke {check.title}: {outcome.detail or ('good' if outcome.accepted else 'failed')}")
        if not outcome.accepted:
            return Ruling(result="did not work", evidence=(words, *evidence))
        evidence.append(words)
    return Ruling(result=ruling.result, evidence=tuple(evidence))
