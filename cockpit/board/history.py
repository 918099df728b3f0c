"""What the board itself saw of instances: restarts, how the last run ended, whether it ever served anyone.

A source tells only how things are: Docker forgets an exit code as soon as the container runs again.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.board.model import Health, Instance, Phase, Workload

WINDOW = timedelta(minutes=10)
"""How far back restarts count as a series."""
CALM = timedelta(seconds=60)
"""A run of this length ends a series of restarts."""
_KEPT = 50

_ENDED = frozenset({Phase.EXITED, Phase.DEAD, Phase.RESTARTING})


class Past(Struct, frozen=True, kw_only=True):
    """What was seen of one instance.

    restarts: when, and how many at once, within WINDOW before the last of them and since the last calm run.
    calm: the platform's count of restarts when it last ran for CALM.
    begun: when this run began, never in the future: an engine's clock may be ahead of ours.
    said: what its last end is said to come from; it stays while the next run has not yet ended too.
    served: it had ports or a health check while it ran, so it is no job that may end well.
    """

    first_seen: datetime
    restarts: tuple[tuple[datetime, int], ...] = ()
    exit_code: int | None = None
    oom_killed: bool = False
    exited_at: datetime | None = None
    said: str = ""
    served: bool = False
    calm: int = 0
    begun: datetime | None = None

    def recent(self, now: datetime) -> int:
        """Restarts seen within WINDOW."""
        return sum(count for at, count in self.restarts if now - at <= WINDOW)


def remember(old: Workload | None, new: Workload, pasts: dict[str, Past], at: datetime) -> dict[str, Past]:
    """What is known of each instance of `new`, by its id; instances that are gone are forgotten.

    An instance that ended badly and was replaced (Swarm makes a new one for each run) counts as a restart.
    """
    before = {instance.id.instance: instance for instance in old.instances} if old else {}
    present = {instance.id.instance for instance in new.instances}
    failed = [one for key, one in before.items() if key not in present and one.phase in _ENDED and one.exit_code]
    result = {}
    for instance in new.instances:
        key = instance.id.instance
        past = pasts.get(key)
        if past is None:
            past = Past(first_seen=at)
            if failed:
                past = _inherit(past, pasts.get(failed[0].id.instance), failed.pop(0), at)
        result[key] = _seen(past, before.get(key), instance, at)
    return result


def _inherit(past: Past, gone: Past | None, failed: Instance, at: datetime) -> Past:
    earlier = gone.restarts if gone else ()
    return Past(
        first_seen=past.first_seen,
        restarts=_bounded((*earlier, (at, 1))),
        exit_code=failed.exit_code,
        oom_killed=bool(failed.oom_killed),
        exited_at=failed.finished_at or at,
        said=failed.error,
        served=gone.served if gone else False,
    )


def _seen(past: Past, before: Instance | None, now: Instance, at: datetime) -> Past:
    begun = _begun(past, before, now, at)
    restarts, calm = past.restarts, past.calm
    if before is not None and before.restarts is not None:
        if _was_calm(before, past.begun, now.finished_at or at):
            restarts, calm = (), before.restarts
        if now.restarts is not None and now.restarts > before.restarts:
            restarts = _bounded((*restarts, (at, now.restarts - before.restarts)))
    if now.restarts is not None and _was_calm(now, begun, at):
        restarts, calm = (), now.restarts
    runs = now.phase in (Phase.RUNNING, Phase.PAUSED)
    served = past.served or (runs and (bool(now.ports) or now.health is not Health.NONE))
    code, oom, exited, said = past.exit_code, past.oom_killed, past.exited_at, past.said
    if now.phase in _ENDED and now.exit_code is not None:
        code, oom, exited = now.exit_code, bool(now.oom_killed), now.finished_at or exited or at
        said = now.error
    return Past(
        first_seen=past.first_seen,
        restarts=restarts,
        exit_code=code,
        oom_killed=oom,
        exited_at=exited,
        said=said,
        served=served,
        calm=calm,
        begun=begun,
    )


def _begun(past: Past, before: Instance | None, now: Instance, at: datetime) -> datetime | None:
    if before is not None and before.started_at == now.started_at:
        return past.begun
    return min(now.started_at, at) if now.started_at is not None else None


def _was_calm(instance: Instance, begun: datetime | None, until: datetime) -> bool:
    return instance.phase is Phase.RUNNING and begun is not None and until - begun >= CALM


def _bounded(restarts: tuple[tuple[datetime, int], ...]) -> tuple[tuple[datetime, int], ...]:
    last = restarts[-1][0]
    return tuple(one for one in restarts[-_KEPT:] if last - one[0] <= WINDOW)
