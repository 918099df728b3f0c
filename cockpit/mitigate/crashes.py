"""Instances that end or start anew by themselves after an operation: what restarts is not well, however it looks."""

from datetime import datetime, timedelta

from cockpit.board.model import Identity, Instance, Phase, SafeText
from cockpit.board.text import safe
from cockpit.mitigate.sight import Sight

_ENDED = frozenset({Phase.EXITED, Phase.DEAD, Phase.RESTARTING})
SAME_LIFE = timedelta(seconds=1)
"""The same start told twice may differ by milliseconds: an event's time first, then the inspected one."""


class Crashes:
    """Remembers each instance's first life after the operation; a second life, or its end, is a crash."""

    def __init__(self) -> None:
        self._lives: dict[Identity, tuple[datetime | None, int | None]] = {}

    def forget(self, target: Identity) -> None:
        """An operation on this target begins: its lives so far were before it."""
        for identity in [one for one in self._lives if one.workload == target.workload]:
            if not target.instance or identity == target:
                del self._lives[identity]

    def look(self, sight: Sight, *, only_new: bool = False) -> SafeText:
        """What crashed, in words ("exit 1 again after 9 s"); empty when nothing did. only_new: of what came since."""
        if sight.blind:
            return SafeText("")
        for instance in sight.concerned():
            if only_new and sight.baseline.of(instance.id) is not None:
                continue
            words = self._judge(sight, instance)
            if words:
                return safe(f"{words} ({instance.name})" if len(sight.concerned()) > 1 else words)
        return SafeText("")

    def _judge(self, sight: Sight, instance: Instance) -> str:
        if not sight.renewed(instance) and instance.id not in self._lives:
            return ""  # the life from before: the operation has not reached it
        life = sight.life(instance.id)
        if life is not None and (instance.started_at is None or instance.started_at < life.began):
            return ""  # a crash loop began this life before the operation, which then ended it: that is no crash
        if instance.phase not in _ENDED and not sight.heard_since and instance.id not in self._lives:
            return ""  # a crash loop may have begun this life between the baseline and the operation
        started, restarts = self._lives.get(instance.id, (None, None))
        # A list tells less than an inspection: what was not known of the first life yet is taken from the next look.
        first = (started or instance.started_at, instance.restarts if restarts is None else restarts)
        self._lives[instance.id] = first
        if instance.phase in _ENDED:
            return _ended(sight, instance, first[0])
        if first[1] is not None and instance.restarts is not None and instance.restarts > first[1]:
            return f"restarted by itself {instance.restarts - first[1]} x"
        if first[0] is not None and instance.started_at is not None and instance.started_at > first[0] + SAME_LIFE:
            return f"started again by itself after {(instance.started_at - first[0]).total_seconds():.0f} s"
        return ""


def _ended(sight: Sight, instance: Instance, started: datetime | None) -> str:
    before = sight.baseline.of(instance.id)
    again = " again" if before and before.exit_code and before.exit_code == instance.exit_code else ""
    code = "ended" if instance.exit_code is None else f"exit {instance.exit_code}"
    killed = " (OOM killed)" if instance.oom_killed else ""
    lived = ""
    if started and instance.finished_at and instance.finished_at >= started:
        lived = f" after {(instance.finished_at - started).total_seconds():.0f} s"
    return f"{code}{again}{lived}{killed}" + (f": {instance.error}" if instance.error else "")
