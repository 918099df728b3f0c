"""The predicates over what is off its networks, and on them again: an instance's addresses say it."""

from collections.abc import Callable

from cockpit.board.model import Health, Instance, Phase
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight


def isolated(sight: Sight) -> Finding:
    """Every instance concerned runs and has no address."""
    return _judged(sight, lambda one: f"{one.name} still has {', '.join(one.addresses)}" if one.addresses else "")


def connected(sight: Sight) -> Finding:
    """Every instance concerned is ready and has an address in each of its networks."""
    asked = dict(sight.operation.arguments).get("count", "1")
    wanted = int(asked) if asked.isdecimal() else 1

    def lacks(one: Instance) -> str:
        if len(one.addresses) < wanted:
            return f"{one.name} has {len(one.addresses)} of {wanted} addresses"
        return "" if one.health in (Health.NONE, Health.HEALTHY) else f"{one.name} {one.health}"

    return _judged(sight, lacks)


def _judged(sight: Sight, lacks: Callable[[Instance], str]) -> Finding:
    if sight.blind:
        return Finding(answer=Answer.UNKNOWN, detail=safe(sight.blind))
    concerned = sight.instances()
    if not concerned:
        answer = Answer.NO if sight.heard_since else Answer.UNKNOWN
        return Finding(answer=answer, wanted=1, detail=safe("it is not there any more"))
    why = [lacks(one) if one.phase is Phase.RUNNING else f"{one.name} {one.phase}" for one in concerned]
    good = sum(not words for words in why)
    bad = next((words for words in why if words), "")
    return Finding(answer=Answer.NO if bad else Answer.YES, good=good, wanted=len(why), detail=safe(bad))
