"""Whether a node takes no new instances, takes them again, or is rid of those that were to leave it."""

from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight

UNSEEN = "unseen"
"""An operation's argument: ids, with blanks between, of instances that the board does not show."""
LEFT = "left"
"""Told by the platform itself: which of those are still there."""
WAITS = "waits"
"""Told beside it: what has to wait, and for what."""


def cordoned(sight: Sight) -> Finding:
    """It takes no new instances."""
    return _marked(sight, True)


def uncordoned(sight: Sight) -> Finding:
    """It takes new instances again."""
    return _marked(sight, False)


def _marked(sight: Sight, wanted: bool) -> Finding:
    if (unknown := _unseen(sight)) is not None:
        return unknown
    node = sight.workload.node if sight.workload is not None else None
    good = node is not None and node.cordoned is wanted
    why = "" if good else "it still takes new pods" if wanted else "it is still cordoned"
    return Finding(answer=Answer.YES if good else Answer.NO, good=int(good), wanted=1, detail=safe(why))


def emptied(sight: Sight) -> Finding:
    """None of the instances that were named is on it any more, and it takes no others."""
    if (unknown := _unseen(sight)) is not None:
        return unknown
    node = sight.workload.node if sight.workload is not None else None
    assert node is not None
    named = {one.instance for one in sight.operation.instances}
    unseen = frozenset(dict(sight.operation.arguments).get(UNSEEN, "").split())
    told = dict(sight.told)
    if unseen and LEFT not in told:
        return Finding(answer=Answer.UNKNOWN, detail=safe(f"whether {len(unseen)} pods are gone is not known yet"))
    left = (named & node.pods) | (unseen & frozenset(told.get(LEFT, "").split()))
    good, wanted = len(named) - len(left), len(named)
    if left:
        waits = told.get(WAITS, "")
        return Finding(
            answer=Answer.NO, good=good, wanted=wanted, detail=safe(waits or f"{len(left)} on their way out")
        )
    if not node.cordoned:
        return Finding(answer=Answer.NO, good=good, wanted=wanted, detail=safe("it is not cordoned any more"))
    return Finding(answer=Answer.YES, good=good, wanted=wanted)


def _unseen(sight: Sight) -> Finding | None:
    if sight.blind:
        return Finding(answer=Answer.UNKNOWN, detail=safe(sight.blind))
    if sight.workload is not None and sight.workload.node is not None:
        return None
    if sight.heard_since:
        return Finding(answer=Answer.NO, wanted=1, detail=safe("it is not there any more"))
    return Finding(answer=Answer.UNKNOWN, detail=safe("it is not seen"))
