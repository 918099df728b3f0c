"""The images that a workload runs, ran, or could run: what rolling back offers, with how each is configured."""

from collections.abc import Sequence

from cockpit.backends.base import SourceError
from cockpit.backends.change import PlanRefused
from cockpit.backends.docker import images
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.describe import describe
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import Candidate
from cockpit.backends.docker.rollback import range_of
from cockpit.backends.docker.target import is_ready
from cockpit.backends.docker.times import moment
from cockpit.backends.history import Ran
from cockpit.board.model import Instance, SafeText, Workload
from cockpit.board.revision import Revision, definition
from cockpit.board.text import safe


async def revisions(client: EngineClient, workload: Workload, past: Sequence[Ran]) -> tuple[Revision, ...]:
    """What runs first, then the others in the order in which rolling back offers them. SourceError: nothing is known.

    client: may be one that only reads.
    """
    hands = Hands(client)
    first = next((one for one in workload.instances if one.image_id), None)
    if first is None:
        raise SourceError(f"{workload.id.name}: it has no container, so nothing is known of its images")
    try:
        within = await range_of(hands, workload, (first.image_id, str(first.image)), past)
    except PlanRefused as error:
        raise SourceError(str(error)) from None
    running = Candidate(name=first.image_id, id=first.image_id, called=str(first.image), created=None)
    found = [await _revision(hands, workload, running, within.running)]
    return (*found, *[await _revision(hands, workload, one, one.ran) for one in within.found])


async def _revision(hands: Hands, workload: Workload, one: Candidate, ran: Ran | None) -> Revision:
    using = [instance for instance in workload.instances if instance.image_id == one.id]
    whole = await images.image_of(hands, one.id)
    told = describe({"image": one.id, "configuration": whole.config}) if whole else ""
    created = one.created or (moment(whole.created) if whole else None)
    return Revision(
        name=one.name,
        images=(safe(images.called(one.called), 512),),
        cause=_origin(one, using),
        created_at=created,
        replicas=len(using),
        ready=sum(map(is_ready, using)),
        current=bool(using),
        healthy=ran.healthy if ran else None,
        gone=one.gone or whole is None,
        definition=definition(told),
    )


def _origin(one: Candidate, using: Sequence[Instance]) -> SafeText:
    """Where it is known from."""
    if using:
        return SafeText("runs")
    if one.ran is not None:
        return SafeText("ran here")
    return SafeText("tagged previous" if one.previous else "local image")
