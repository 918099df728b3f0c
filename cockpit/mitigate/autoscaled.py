"""The predicate over what is scaled by its load: the autoscaler is seen with its bounds, and keeps to them."""

from cockpit.board.model import Autoscaler, Health, Phase, Workload
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Sight

NONE = "none"
"""The `max` of an operation that takes the autoscaler away."""


def autoscaled(sight: Sight) -> Finding:
    """The autoscaler has the wanted bounds, can scale, and at least so many instances are ready as it wants."""
    if sight.blind:
        return Finding(answer=Answer.UNKNOWN, detail=safe(sight.blind))
    workload = sight.workload
    if workload is None:
        answer, words = (Answer.NO, "it is not there any more") if sight.heard_since else (Answer.UNKNOWN, "not seen")
        return Finding(answer=answer, detail=safe(words))
    wanted, found = dict(sight.operation.arguments), workload.autoscaler
    if wanted.get("max") == NONE:
        return _no(f"{found.name} is still there", 0, 1) if found else Finding(answer=Answer.YES, good=1, wanted=1)
    if found is None:
        return _no("no autoscaler of it is seen", 0, 1)
    good = min(found.least, sum(_ready(workload)))
    if why := _lacks(found, workload, good, wanted):
        return _no(why, good, found.least)
    words = _keeps(found) + (f"; {_why(found)}" if found.measures is False else "")
    return Finding(answer=Answer.YES, good=good, wanted=found.least, detail=safe(words, 400))


def _lacks(found: Autoscaler, workload: Workload, good: int, wanted: dict[str, str]) -> str:
    """What is not yet as it should be; empty when all is."""
    if not _as_wanted(found, wanted):
        return f"{_keeps(found)} still"
    if found.able is not True:
        return f"{found.name} has not said yet that it can scale" if found.able is None else _why(found)
    if workload.desired is not None and not found.least <= workload.desired <= found.most:
        return f"there are to be {workload.desired}, {_keeps(found)}"
    if good < found.least:
        return _keeps(found)
    return _why(found) if found.measures is False and wanted.get("measured") != "no" else ""


def _keeps(found: Autoscaler) -> str:
    return f"{found.name} keeps {bounds(found)}"


def bounds(found: Autoscaler) -> str:
    """ "2 to 6, at 70 % CPU"."""
    return f"{found.least} to {found.most}" + (f", at {found.percent} % CPU" if found.percent else "")


def _as_wanted(found: Autoscaler, wanted: dict[str, str]) -> bool:
    have = {"min": str(found.least), "max": str(found.most), "cpu": str(found.percent or NONE)}
    return all(wanted.get(name, value) == value for name, value in have.items())


def _ready(workload: Workload) -> list[bool]:
    fit = (Health.NONE, Health.HEALTHY)
    return [one.phase is Phase.RUNNING and one.health in fit for one in workload.instances]


def _why(found: Autoscaler) -> str:
    return f"{found.name} does not scale: {found.why or 'it does not say why'}"


def _no(words: str, good: int, wanted: int) -> Finding:
    return Finding(answer=Answer.NO, good=good, wanted=wanted, detail=safe(words, 400))
