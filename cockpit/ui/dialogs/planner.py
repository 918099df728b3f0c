"""What a dialog asks the engine about its plan: to make it again, to choose in it, to rehearse it."""

from msgspec.structs import replace
from textual.dom import DOMNode

from cockpit.backends.change import Plan, Verb
from cockpit.engine.port import DryRun, MakeBulk, MakePlan, Rehearsal, Require, Requirement, Verbs
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.dialogs.plantext import permission
from cockpit.ui.format import moment, plural
from cockpit.ui.look import Look

Request = MakePlan | MakeBulk
Notes = tuple[tuple[str, str], ...]
"""(text, style) of lines to show."""
SHOWN = 3
"""Problems that are listed; the rest is counted."""


class Planner:
    """Asks on behalf of a dialog. request: what its plan is made from."""

    def __init__(self, owner: DOMNode, request: Request) -> None:
        self._owner = owner
        self.request = request

    async def make(self) -> tuple[Plan, Requirement] | str:
        """The plan made again, and what the policy wants for it; why it cannot be made."""
        port = cockpit_of(self._owner).port
        try:
            plan: Plan = await port.submit(self.request)
            needed: Requirement = await port.submit(Require(plan))
        except Exception as error:  # whatever a backend raises is a line for the reader
            return str(error) or type(error).__name__
        return plan, needed

    async def choose(self, plan: Plan, value: str) -> None:
        """Ask for another of the plan's choices from now on."""
        request = self.request
        if isinstance(request, MakeBulk):
            return
        try:
            verbs: tuple[Verb, ...] = await cockpit_of(self._owner).port.submit(Verbs(plan.workload))
        except Exception:  # its plan will say why
            verbs = ()
        # A choice may make another verb's plan (a number's: the autoscaler's bounds); it is asked for by the first.
        verb = next((one for name in (request.verb, plan.verb) for one in verbs if one.name == name), None)
        names = (*verb.arguments, *verb.options) if verb else ()
        name = names[0][0] if names else "to"
        others = tuple(pair for pair in request.arguments if pair[0] != name)
        self.request = replace(request, arguments=((name, value), *others))

    async def problems(self, plan: Plan) -> tuple[str, ...]:
        """Why the plan's steps could not be begun as things are; () when they could."""
        found = await self._rehearsal(plan)
        return (found,) if isinstance(found, str) else tuple(str(one.problem) for one in found.steps if one.problem)

    async def rehearse(self, plan: Plan, look: Look) -> Notes:
        """What a dry run of the plan on the screen found, in words; nothing is changed by it."""
        made = await self.make()
        if isinstance(made, str):
            return ((f"{look.glyphs.down} dry run: it cannot be planned: {made}; nothing was changed", "down"),)
        found = await self._rehearsal(plan)
        if isinstance(found, str):
            return ((f"{look.glyphs.unknown} dry run: {found}; nothing was changed", "unknown"),)
        return _notes(found, made[1], look, moment(cockpit_of(self._owner).now, look.utc))

    async def _rehearsal(self, plan: Plan) -> Rehearsal | str:
        try:
            found: Rehearsal = await cockpit_of(self._owner).port.submit(DryRun(plan))
        except Exception as error:  # whatever a backend raises is a line for the reader
            return str(error) or type(error).__name__
        return found


def _notes(found: Rehearsal, needed: Requirement, look: Look, at: str) -> Notes:
    steps = plural(len(found.steps), "step")
    if found.good:
        wanted = permission(needed)
        text = f"dry run {at}: planned again, {steps} could begin ({wanted}); nothing was changed"
        return ((f"{look.glyphs.done} {text}", "ok"),)
    bad = [f"{one.title}: {one.problem}" for one in found.steps if one.problem]
    bad = ([str(found.refused)] if found.refused else []) + bad
    more = [f"and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
    head = (f"{look.glyphs.down} dry run {at}: it would not be done; nothing was changed", "down")
    return (head, *((look.text(f"  {text}"), "down") for text in (*bad[:SHOWN], *more)))
