"""Rolling back to an earlier image of the same repository that is still on the engine."""

from collections.abc import Sequence

from msgspec import Struct

from cockpit.backends.change import Plan, PlanRefused, Verb
from cockpit.backends.docker import images
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import Candidate
from cockpit.backends.docker.plan import Site, Target
from cockpit.backends.docker.renew import Aim, Renewal, downtime, find, names_of, operation, renewal_plan
from cockpit.backends.docker.times import moment
from cockpit.backends.docker.verbs import INSTANCE
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe


class Goal(Struct, frozen=True):
    """The image to go to, as it is named and by its id, and what else may be picked."""

    name: str
    id: str
    choices: tuple[tuple[str, SafeText], ...] = ()


class RollBack(Renewal):
    """To the likeliest image, or the one that is picked."""

    verb = Verb(name="rollback", title="Roll back", options=(("to", "an image that is here"), INSTANCE))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One exchange for each container that does not run that image already."""
        chosen, others, site = await find(hands, workload, self.verb.name, arguments)
        goal = await _goal(hands, workload, chosen, arguments.get("to", "").strip(), site)
        chosen = tuple(one for one in chosen if one.container.image != goal.id)
        if not chosen:
            raise PlanRefused(f"{workload.id.name}: {goal.name} is what runs")
        # Forward again, by the image's id: its name may mean another by then.
        inverse = (self.verb.name, (("to", chosen[0].container.image), names_of(chosen)))
        aims = [Aim(one=one, image=goal.name, id=goal.id) for one in chosen]
        risks = [
            *downtime(chosen, others),
            f"the next deploy brings {chosen[0].instance.image} back, unless it is told otherwise",
            "data that the newer version changed stays as it is",
        ]
        return renewal_plan(
            hands, self.verb.name, workload, chosen,
            [operation(self.verb.name, aim, site, inverse) for aim in aims], site, risks, goal.choices,
        )  # fmt: skip


async def _goal(hands: Hands, workload: Workload, chosen: Sequence[Target], wanted: str, site: Site) -> Goal:
    name, current = str(chosen[0].instance.image), chosen[0].container.image
    repo = images.repository(name)
    if not repo:
        raise PlanRefused(f"{workload.id.name}: {name[:19]} has no name, so there is nothing to look for others by")
    found = images.candidates(await images.local_images(hands, repo), repo, current)
    choices = tuple((one.name, images.shown(one, site.now)) for one in found)
    if wanted:
        return await _wanted(hands, workload, found, wanted, repo, choices)
    if not found:
        raise PlanRefused(f"{workload.id.name}: no other image of {repo} is on this engine: pull the one to go back to")
    running = await images.image_of(hands, current)
    likely = images.pick(found, repo, moment(running.created) if running else None)
    return Goal(likely.name, likely.id, choices)


async def _wanted(
    hands: Hands, workload: Workload, found: Sequence[Candidate], wanted: str, repo: str,
    choices: tuple[tuple[str, SafeText], ...],
) -> Goal:  # fmt: skip
    picked = images.named(found, wanted)
    if picked is not None:
        return Goal(picked.name, picked.id, choices)
    # Untagged since, it can still be named by its id.
    exact = await images.image_of(hands, wanted) if wanted.startswith("sha256:") else None
    if exact is not None:
        return Goal(wanted, exact.id, choices)
    known = ", ".join(value for value, _ in choices) or "none"
    raise PlanRefused(f"{workload.id.name}: no image {safe(wanted, 100)} of {repo} is here (there are: {known})")
