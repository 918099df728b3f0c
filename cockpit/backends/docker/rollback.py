"""Rolling back to an earlier image: one that the workload ran, or another of the same repository on the engine."""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Facts, Operation, Plan, PlanRefused, Verb
from cockpit.backends.docker import images
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import Candidate
from cockpit.backends.docker.plan import Site
from cockpit.backends.docker.renew import Aim, Renewal, downtime, find, names_of, operation, renewal_plan
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.verbs import INSTANCE
from cockpit.backends.history import Ran
from cockpit.board.ages import ago
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

_ID = re.compile(r"sha256:[0-9a-f]{64}")


class Goal(Struct, frozen=True):
    """The image to go to, as it is named and by its id, and what else may be picked."""

    name: str
    id: str
    choices: tuple[tuple[str, SafeText], ...] = ()


class Range(Struct, frozen=True):
    """What may be gone to, the likeliest first; repo: whose images they are; running: what is known of the present."""

    repo: str
    found: tuple[Candidate, ...]
    likely: Candidate | None
    running: Ran | None


class RollBack(Renewal):
    """To the likeliest image, or the one that is picked."""

    verb = Verb(name="rollback", title="Roll back", options=(("to", "an image that is here"), INSTANCE))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One exchange for each container that does not run that image already."""
        chosen, others, site = await find(hands, workload, self.verb.name, arguments)
        first = chosen[0]
        past = hands.history.ran(workload.id)
        within = await range_of(hands, workload, (first.container.image, str(first.instance.image)), past)
        goal = await _goal(hands, workload, within, arguments.get("to", "").strip(), site)
        chosen = tuple(one for one in chosen if one.container.image != goal.id)
        if not chosen:
            raise PlanRefused(f"{workload.id.name}: {goal.name} is what runs")
        # Forward again, by the image's id: its name may mean another by then.
        inverse = (self.verb.name, (("to", chosen[0].container.image), names_of(chosen)))
        aims = [Aim(one=one, image=goal.name, id=goal.id) for one in chosen]
        risks = [
            *downtime(chosen, others),
            *_never_healthy(within, goal),
            f"the next deploy brings {chosen[0].instance.image} back, unless it is told otherwise",
            "data that the newer version changed stays as it is",
        ]
        operations = [_with(operation(self.verb.name, aim, site, inverse), _last_healthy(within, site)) for aim in aims]
        made = renewal_plan(hands, self.verb.name, workload, chosen, operations, site, risks, goal.choices)
        return replace(made, chosen=goal.name)


def _with(one: Operation, facts: Facts) -> Operation:
    return replace(one, before=(*one.before, *facts))


def _last_healthy(within: Range, site: Site) -> Facts:
    """Of what runs: a release that was never seen healthy is told as such."""
    if within.running is None:
        return ()
    at = within.running.healthy
    return (("last healthy", safe(ago(at, site.now) if at else "not seen")),)


def _never_healthy(within: Range, goal: Goal) -> list[str]:
    aim = next((one for one in within.found if one.id == goal.id), None)
    if aim is None or aim.ran is None or aim.ran.healthy:
        return []
    return [f"{images.called(aim.called)} ran here, and was not seen healthy then"]


async def range_of(hands: Hands, workload: Workload, runs: tuple[str, str], recorded: Sequence[Ran]) -> Range:
    """Everything known that is not what runs. runs: the id and the name of its image.

    PlanRefused when there is nothing to look for others by.
    """
    current, name = runs
    past = {one.id: one for one in recorded if _ID.fullmatch(one.id)}
    running = past.pop(current, None)
    repo = next(filter(None, map(images.repository, (name, *(one.name for one in past.values())))), "")
    if not repo and not past:
        raise PlanRefused(f"{workload.id.name}: {name[:19]} has no name, so there is nothing to look for others by")
    local = images.candidates(await images.local_images(hands, repo), repo, current) if repo else ()
    found = [replace(one, ran=past.pop(one.id, None)) for one in local]
    for one in list(past.values())[: images.MOST]:
        found.append(await _recorded(hands, one))
    image = await images.image_of(hands, current)
    likely = images.pick(found, moment(image.created) if image else None)
    found.sort(key=lambda one: (one is not likely, one.gone))
    return Range(repo, tuple(found[: images.MOST]), likely, running)


async def _recorded(hands: Hands, ran: Ran) -> Candidate:
    """What the journal knows and no tag of the repository names: it may be here by its id alone, or not any more."""
    image = await images.image_of(hands, ran.id)
    created = moment(image.created) if image else None
    return Candidate(name=ran.id, id=ran.id, called=ran.name, created=created, ran=ran, gone=image is None)


async def _goal(hands: Hands, workload: Workload, within: Range, wanted: str, site: Site) -> Goal:
    choices = tuple((one.name, images.shown(one, within.repo, site.now)) for one in within.found)
    if not wanted and within.likely is not None:
        return Goal(within.likely.name, within.likely.id, choices)
    if not wanted:
        known = "".join(f"; {words}" for _, words in choices[:3])
        of = f"no other image of {within.repo} is on this engine" if within.repo else "no other image is on this engine"
        raise PlanRefused(f"{workload.id.name}: {of}: pull the one to go back to{known}")
    picked = images.named(within.found, wanted)
    if picked is not None and picked.gone:
        named = images.called(picked.called)
        raise PlanRefused(f"{named} {images.short(picked.id)[:8]} is gone from this engine: pull it, or pick another")
    if picked is not None:
        return Goal(picked.name, picked.id, choices)
    # Untagged since, it can still be named by its id.
    exact = await images.image_of(hands, wanted) if wanted.startswith("sha256:") else None
    if exact is not None:
        return Goal(wanted, exact.id, choices)
    known = ", ".join(_name(one) for one in within.found) or "none"
    raise PlanRefused(f"{workload.id.name}: no image {safe(wanted, 100)} of {within.repo} is here (there are: {known})")


def _name(one: Candidate) -> str:
    return images.called(one.name)
