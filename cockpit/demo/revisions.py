"""The releases of a demo service as revisions: what runs, and what ran before."""

from cockpit.backends.base import SourceError
from cockpit.board.model import Health, Phase, SafeText, Workload
from cockpit.board.revision import Revision, definition
from cockpit.board.text import safe
from cockpit.demo.fleet import moment
from cockpit.demo.told import PlatformTold


def revisions(platform: PlatformTold, workload: Workload) -> tuple[Revision, ...]:
    """Each release that ran, the newest first. SourceError: the host does not know the service."""
    service = platform.service(workload.id.name)
    if service is None:
        raise SourceError(f"{workload.id.name}: the demo has no such service")
    found: dict[str, Revision] = {}
    for rollout in reversed(service.history):
        if rollout.version not in found:
            using = [one for one in workload.instances if one.version == rollout.version]
            found[rollout.version] = Revision(
                name=rollout.version,
                images=(safe(f"{service.name}:{rollout.version}", 200),),
                cause=safe(rollout.note, 300),
                created_at=moment(rollout.since),
                replicas=len(using),
                ready=sum(one.phase is Phase.RUNNING and one.health is Health.HEALTHY for one in using),
                current=rollout.version == service.release,
                definition=(*definition(f"release: {rollout.version}"), SafeText(f"note: {safe(rollout.note, 300)}")),
            )
    return tuple(found.values())
