"""The predicates over what a network policy cuts off, and lets through again.

That the policy stands was read back when it was made. Whether it is enforced only a probe can show that was good
before and is not since; one that comes in by another way (a port-forward, the instance itself) stays good either way.
"""

from collections.abc import Iterator

from cockpit.board.model import Freshness, Reading, ReadingState
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight

POLICY = "policy"
"""The fact of an answer that says which policy was seen."""
_FORWARDED = "forwarded to"
"""Stands in what a probe asks that reaches its instance through the platform's API."""
_UNSEEN = "whether the network plugin enforces it no probe shows"
_BAD = frozenset({ReadingState.DOWN, ReadingState.DEGRADED})


def denied(sight: Sight) -> Finding:
    """The policy stands, and a probe shows that it holds."""
    name = dict(sight.told).get(POLICY)
    if sight.blind or name is None:
        return _unknown(sight.blind or "whether the policy stands was not seen")
    asked = [*_asked(sight)]
    held = [one for one in asked if one.state in _BAD]
    if held:
        words = f"{name} stands; {held[0].probe}: {held[0].detail or held[0].state} (was good)"
        return Finding(answer=Answer.YES, good=1, wanted=1, detail=safe(words, 400))
    direct = next((one for one in asked if _FORWARDED not in one.target), None)
    why = "no probe that was good before has answered since"
    if asked:
        why = f"{direct.probe} is still good" if direct else "its probes come by a port-forward, which no policy holds"
    return _unknown(f"{name} stands and selects its pods: in force as far as the API tells; {_UNSEEN}: {why}")


def let_through(sight: Sight) -> Finding:
    """The policy is gone."""
    gone = dict(sight.told).get(POLICY)
    if sight.blind or gone is None:
        return _unknown(sight.blind or "whether the policy is gone was not seen")
    return Finding(answer=Answer.YES, good=1, wanted=1, detail=gone)


def _asked(sight: Sight) -> Iterator[Reading]:
    """Answers since of the service's probes that were good before."""
    target = sight.operation.target.workload
    for service in sight.snapshot.services:
        if not any(one.id == target for one in service.workloads):
            continue
        for probe in service.probes:
            before = sight.baseline.probe(probe.reading.probe, service.key)
            good = before is not None and before.state is ReadingState.OK
            if good and probe.freshness is Freshness.LIVE and probe.reading.at > sight.answered:
                yield probe.reading


def _unknown(why: str) -> Finding:
    return Finding(answer=Answer.UNKNOWN, detail=safe(why, 400))
