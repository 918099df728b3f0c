"""How one instance stands: ready, starting, paused, wrong (and why), done or unknown. Pure; time comes as `now`."""

import re
from datetime import datetime, timedelta
from enum import Enum, auto

from msgspec import Struct

from cockpit.board import why
from cockpit.board.history import Past
from cockpit.board.model import Health, Instance, Phase

GRACE = timedelta(seconds=60)
"""How long a start or a rollout may take before it counts as a failure."""
LOOP = 3
"""Restarts without a calm run between them after which a run shorter than GRACE is a crash loop."""

_ONE_OFF = re.compile(r"[-_]run[-_][0-9a-f]{8,64}$")
"""Names of `docker compose run`: neither wanted nor missed."""


class Standing(Enum):
    """What one instance counts as."""

    READY = auto()
    STARTING = auto()
    PAUSED = auto()
    WRONG = auto()
    DONE = auto()
    UNKNOWN = auto()
    ASIDE = auto()


class Judged(Struct, frozen=True):
    """One instance's standing. since: when it began, as far as the platform tells. review: when time may change it.

    weight orders the reasons: 9 tells most (OOM killed), 1 least.
    """

    instance: Instance
    standing: Standing
    since: datetime | None = None
    reason: str = ""
    weight: int = 0
    review: datetime | None = None
    young: bool = False
    """It runs since less than GRACE."""


def judge(instance: Instance, past: Past, now: datetime, *, jobs: bool) -> Judged:
    """How an instance stands. jobs: one that ended well may be a job that is done (of discovered services)."""
    if _ONE_OFF.search(instance.name):
        return Judged(instance, Standing.ASIDE)
    match instance.phase:
        case Phase.RUNNING:
            return _running(instance, past, now)
        case Phase.PAUSED:
            return Judged(instance, Standing.PAUSED, None, instance.error or "paused", 2)
        case Phase.PENDING | Phase.CREATED | Phase.STARTING:
            return _coming(instance, past, now)
        case Phase.RESTARTING:
            since = past.restarts[0][0] if past.restarts else instance.finished_at
            return Judged(instance, Standing.WRONG, since, why.restarting(instance, past), 8)
        case Phase.EXITED | Phase.DEAD:
            return _ended(instance, past, jobs=jobs)
        case Phase.STOPPING:
            words = f"stopping: {instance.error}" if instance.error else "stopping"
            return Judged(instance, Standing.WRONG, None, words, 2)
        case Phase.UNKNOWN:
            return Judged(instance, Standing.UNKNOWN, None, instance.error or "its state is not known", 3)


def is_looping(instance: Instance, past: Past, now: datetime) -> bool:
    """Whether it runs only until it crashes again: several restarts and not yet GRACE since the last."""
    started = past.begun or (past.restarts[-1][0] if past.restarts else None)
    if started is None or now - started >= GRACE:
        return False
    # The platform's own count serves when the board has only now begun to look.
    return past.recent(now) >= LOOP or (instance.restarts or 0) - past.calm >= LOOP


def _running(instance: Instance, past: Past, now: datetime) -> Judged:
    started = instance.started_at
    begun = past.begun
    young = begun is not None and now - begun < GRACE
    review = begun + GRACE if begun is not None and young else None
    if is_looping(instance, past, now):
        since = past.restarts[0][0] if past.restarts else started
        return Judged(instance, Standing.WRONG, since, why.restarting(instance, past), 8, review)
    if instance.health is Health.UNHEALTHY:
        return Judged(instance, Standing.WRONG, instance.health_since, why.unhealthy(instance), 6)
    if instance.health is Health.STARTING:
        if young:
            return Judged(instance, Standing.STARTING, started, "starting", 2, review, young=True)
        return Judged(instance, Standing.WRONG, started, why.never_healthy(instance), 5)
    times = [time for time in (started, instance.health_since) if time is not None]
    return Judged(instance, Standing.READY, max(times, default=None), review=review, young=young)


def _coming(instance: Instance, past: Past, now: datetime) -> Judged:
    began = min(instance.started_at or instance.created_at or past.first_seen, past.first_seen)
    if instance.error:
        return Judged(instance, Standing.WRONG, began, why.start_error(instance), 8)
    if now - began < GRACE:
        return Judged(instance, Standing.STARTING, began, f"{instance.phase}", 2, began + GRACE, young=True)
    words = "created, never started" if instance.phase is Phase.CREATED else f"still {instance.phase} after 60 s"
    return Judged(instance, Standing.WRONG, began, words, 5)


def _ended(instance: Instance, past: Past, *, jobs: bool) -> Judged:
    policy = instance.restart_policy
    job = jobs and not past.served and not instance.ports and instance.health is Health.NONE
    if job and instance.exit_code == 0 and policy in ("", "no", "on-failure", "none") and not instance.error:
        return Judged(instance, Standing.DONE, instance.finished_at, "completed, exit 0", 1)
    # Killed from outside, out of memory, not startable: that tells more than any dependency that is down.
    weight = 9 if instance.oom_killed or instance.error or (instance.exit_code or 0) > 128 else 7
    return Judged(instance, Standing.WRONG, instance.finished_at, why.ended(instance, past), weight)
