"""The predicate over what was set: image, limits, restart policy, as instances show them."""

from collections.abc import Callable, Mapping

from cockpit.board.model import Health, Instance, Phase
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight

_ENDED = frozenset({Phase.EXITED, Phase.DEAD, Phase.CREATED})


def settings(sight: Sight) -> Finding:
    """Every instance concerned is set as asked for, and what ran before runs on or was replaced by what is ready."""
    if sight.blind:
        return Finding(answer=Answer.UNKNOWN, detail=safe(sight.blind))
    workload, target = sight.workload, sight.operation.target
    if workload is None:
        answer, words = (Answer.NO, "not there any more") if sight.heard_since else (Answer.UNKNOWN, "not seen")
        return Finding(answer=answer, wanted=1, detail=safe(f"it is {words}"))
    concerned = sight.concerned()
    wanted = 1 if target.instance else max(1, len(concerned) if workload.desired is None else workload.desired)
    why = [_unlike(sight, one) for one in concerned]
    good = sum(not words for words in why)
    if good < max(wanted, len(concerned)):
        words = next((words for words in why if words), "no instance")
        return Finding(answer=Answer.NO, good=good, wanted=wanted, detail=safe(words))
    return Finding(answer=Answer.YES, good=good, wanted=wanted)


def _unlike(sight: Sight, instance: Instance) -> str:
    """In what an instance is other than it was set; empty when in nothing."""
    asked, before = dict(sight.operation.arguments), sight.baseline.of(instance.id)
    for name, (read, same) in _SETTINGS.items():
        value, now = asked.get(name, ""), read(instance)
        if value and not same(value, now):
            return f"{instance.name}: {name} is {now if now not in (None, '') else 'none'}"
    if before is not None and before.phase in _ENDED:
        return ""
    # One that crashed and started again and again may do so once more: with more memory it then stays.
    if before is not None and before.phase is Phase.RUNNING and not before.restarts and sight.renewed(instance):
        return f"{instance.name} was started anew since: it ended by itself"
    ready = instance.phase is Phase.RUNNING and instance.health in (Health.NONE, Health.HEALTHY)
    return "" if ready else f"{instance.name} {instance.phase}, {instance.health}"


def _near(asked: str, now: object) -> bool:
    """Limits as numbers; "none" is no limit."""
    if asked == "none" or now is None:
        return asked == "none" and now is None
    return isinstance(now, int | float) and abs(float(asked) - now) <= 1e-3 * float(asked)


_SETTINGS: Mapping[str, tuple[Callable[[Instance], object], Callable[[str, object], bool]]] = {
    # Cores; the board has per cent of one.
    "cpus": (lambda one: None if one.cpu_limit is None else one.cpu_limit / 100, _near),
    "memory": (lambda one: one.memory_limit, _near),
    "restart": (lambda one: one.restart_policy or "no", lambda asked, now: asked.partition(":")[0] == now),
    "version": (lambda one: str(one.version), lambda asked, now: asked == now),
}
"""By the name of an operation's argument: what an instance shows, and whether that is what was asked for."""
