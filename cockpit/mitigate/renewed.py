"""Predicates over what only its own operator, or the processes of a machine, can show."""

from cockpit.board.model import Phase
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight

READ_BACK = "read back"
"""The fact with which an operator tells that it read what it wrote, and found it so."""
_UP = frozenset({Phase.RUNNING, Phase.STARTING, Phase.PAUSED})
_STARTS = 2
"""One more than a restart takes: what starts it may be seen in its place for a moment."""


def replaced(sight: Sight) -> Finding:
    """Every process from before is gone, and another (pid and start time) is in its place and stays there."""
    if sight.blind:
        return Finding(answer=Answer.UNKNOWN, detail=safe(sight.blind))
    workload = sight.workload
    if workload is None:
        return Finding(answer=Answer.UNKNOWN, detail=safe("it is not seen"))
    up = [one for one in workload.instances if one.phase in _UP]
    if any(one.started_at is None for one in up):
        return Finding(answer=Answer.UNKNOWN, detail=safe("whose process it is cannot be seen"))
    wanted = max(1, len(up))
    old = [one for one in up if sight.baseline.of(one.id) is not None]
    if old:
        pid = old[0].id.instance.partition(":")[0]
        words = f"{old[0].name} still is the process from before (pid {pid})"
        return Finding(answer=Answer.NO, good=wanted - len(old), wanted=wanted, detail=safe(words))
    if not up:
        why = next((one.error for one in workload.instances if one.error), "") or "no process runs"
        return Finding(answer=Answer.NO, wanted=1, detail=safe(why))
    before = max((one.restarts or 0 for one in sight.baseline.instances if one.id.workload == workload.id), default=0)
    again = max(one.restarts or 0 for one in up) - before
    if again > _STARTS:
        return Finding(answer=Answer.NO, wanted=wanted, detail=safe(f"it was started {again} x since: it keeps ending"))
    return Finding(answer=Answer.YES, good=wanted, wanted=wanted)


def read_back(sight: Sight) -> Finding:
    """Its operator read back what it wrote. Nothing on the board shows that."""
    if READ_BACK in dict(sight.told):
        return Finding(answer=Answer.YES, good=1, wanted=1)
    return Finding(answer=Answer.UNKNOWN, detail=safe("it was not read back"))
