"""The named predicates that an operation's `done_when` may be: yes, no or unknown of what the board shows now.

Unknown is never good: a source that is silent, or that has not spoken since the operation, answers nothing.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from cockpit.backends.change import ATTENDED, GENERATION
from cockpit.board.model import Health, Instance, Phase
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.attended import ended
from cockpit.mitigate.autoscaled import autoscaled
from cockpit.mitigate.denied import denied, let_through
from cockpit.mitigate.emptied import cordoned, emptied, uncordoned
from cockpit.mitigate.networks import connected, isolated
from cockpit.mitigate.renewed import read_back, replaced
from cockpit.mitigate.settings import settings
from cockpit.mitigate.sight import Sight
from cockpit.mitigate.signals import probe_named, probes_good

Predicate = Callable[[Sight], Finding]

ENDED = frozenset({Phase.EXITED, Phase.DEAD, Phase.CREATED})


def is_ready(instance: Instance) -> bool:
    """Running, and its own health check does not say otherwise."""
    return instance.phase is Phase.RUNNING and instance.health in (Health.NONE, Health.HEALTHY)


def describe(instance: Instance) -> str:
    """Why an instance is not ready, shortest form."""
    words = f"{instance.name} {instance.phase}"
    if instance.phase is Phase.RUNNING and instance.health is not Health.NONE:
        words = f"{instance.name} {instance.health}"
    if instance.phase in (Phase.EXITED, Phase.RESTARTING, Phase.DEAD) and instance.exit_code is not None:
        words += f", exit {instance.exit_code}" + (" (OOM killed)" if instance.oom_killed else "")
    reason = instance.error or (instance.health_detail if instance.health is Health.UNHEALTHY else "")
    return f"{words}: {reason}" if reason else words


def ready(sight: Sight) -> Finding:
    """Every instance concerned is ready and started anew."""
    return _ready(sight, anew=True)


def running(sight: Sight) -> Finding:
    """Every instance concerned is ready, whenever it started (after unpause, say)."""
    return _ready(sight, anew=False)


def _ready(sight: Sight, *, anew: bool) -> Finding:
    if sight.blind:
        return _unknown(sight.blind)
    workload = sight.workload
    if workload is None:
        return _no("it is not there any more") if sight.heard_since else _unknown("it is not seen")
    concerned = sight.concerned()
    desired = len(concerned) if workload.desired is None else workload.desired
    wanted = 1 if sight.operation.target.instance else len(sight.operation.instances) or max(1, desired)
    good = [one for one in concerned if is_ready(one) and (not anew or sight.renewed(one))]
    if len(good) >= wanted:
        if not anew and not (sight.heard_since or any(_differs(sight, one) for one in good)):
            return _unknown("its source has not spoken since")
        return Finding(answer=Answer.YES, good=len(good), wanted=wanted)
    bad = next((one for one in concerned if not is_ready(one)), None)
    if bad is None and any(sight.renewed(one) is None for one in concerned):
        return _unknown("since when it runs is not known")
    why = describe(bad) if bad else "it still is the one from before" if concerned else "no instance"
    return Finding(answer=Answer.NO, good=len(good), wanted=wanted, detail=safe(why))


def stopped(sight: Sight) -> Finding:
    """No instance concerned runs."""
    return _all_in(sight, ENDED, absent_is_good=True)


def paused(sight: Sight) -> Finding:
    """Every instance concerned is paused."""
    return _all_in(sight, frozenset({Phase.PAUSED}), absent_is_good=False)


def gone(sight: Sight) -> Finding:
    """Nothing of the target is left."""
    return _all_in(sight, frozenset(), absent_is_good=True)


def _all_in(sight: Sight, phases: frozenset[Phase], *, absent_is_good: bool) -> Finding:
    if sight.blind:
        return _unknown(sight.blind)
    concerned = sight.instances()
    wanted = max(1, len(concerned))
    if not concerned and not absent_is_good:
        return _no("it is not there any more") if sight.heard_since else _unknown("it is not seen")
    bad = next((one for one in concerned if one.phase not in phases), None)
    if bad is not None:
        good = sum(one.phase in phases for one in concerned)
        return Finding(answer=Answer.NO, good=good, wanted=wanted, detail=safe(describe(bad)))
    if not sight.heard_since and not _changed(sight, concerned):
        return _unknown("its source has not spoken since")
    return Finding(answer=Answer.YES, good=wanted, wanted=wanted)


def replicas(sight: Sight) -> Finding:
    """Exactly as many instances as were asked for, all ready."""
    wanted = _count(sight)
    if wanted is None:
        return _unknown("the operation does not say how many instances there should be")
    if sight.blind:
        return _unknown(sight.blind)
    workload = sight.workload
    alive = tuple(one for one in (workload.instances if workload else ()) if one.phase not in ENDED)
    good = sum(is_ready(one) for one in alive)
    if good != wanted or len(alive) != wanted:
        bad = next((one for one in alive if not is_ready(one)), None)
        why = describe(bad) if bad else f"{len(alive)} run"
        return Finding(answer=Answer.NO, good=good, wanted=wanted, detail=safe(why))
    if not sight.heard_since and not _changed(sight, alive):
        return _unknown("its source has not spoken since")
    return Finding(answer=Answer.YES, good=good, wanted=wanted)


def _count(sight: Sight) -> int | None:
    for name, value in (*sight.operation.arguments, *sight.operation.after):
        if name in ("replicas", "instances", "count") and str(value).strip().isdecimal():
            return int(value)
    return None


def version(sight: Sight) -> Finding:
    """Every instance is ready in the version that was asked for, and none runs another."""
    asked = (str(value) for name, value in (*sight.operation.arguments, *sight.operation.after) if name in _VERSIONS)
    wanted_version = next(asked, "")
    if not wanted_version:
        return _unknown("the operation does not say which version there should be")
    if sight.blind:
        return _unknown(sight.blind)
    workload = sight.workload
    if workload is None:
        return _no("it is not there any more") if sight.heard_since else _unknown("it is not seen")
    alive = tuple(one for one in workload.instances if one.phase not in ENDED)
    wanted = max(1, len(workload.instances) if workload.desired is None else workload.desired)
    good = [one for one in alive if is_ready(one) and one.version == wanted_version]
    if len(good) < max(wanted, len(alive)):
        bad = next((one for one in workload.instances if one not in good), None)
        why = "no instance" if bad is None else describe(bad)
        if bad is not None and is_ready(bad):
            if not bad.version:
                return _unknown(f"which version {bad.name} runs is not known")
            why = f"{bad.name} runs {bad.version}"
        return Finding(answer=Answer.NO, good=len(good), wanted=wanted, detail=safe(why))
    if not sight.heard_since and not _changed(sight, alive):
        return _unknown("its source has not spoken since")
    return Finding(answer=Answer.YES, good=len(good), wanted=wanted)


_VERSIONS = frozenset({"release", "version"})
"""Names under which an operation says which version it wants."""


def acted_on(sight: Sight) -> Finding:
    """The platform acts on the definition as it was changed."""
    if sight.blind:
        return _unknown(sight.blind)
    workload = sight.workload
    if workload is None:
        return _no("it is not there any more") if sight.heard_since else _unknown("it is not seen")
    told = (str(value) for name, value in (*sight.told, *sight.operation.arguments) if name == GENERATION)
    wanted = next((int(value) for value in told if value.isdecimal()), None)
    if wanted is None or workload.generation is None:
        return _unknown("which definition the platform acts on is not known")
    if workload.generation < wanted:
        return _no("the platform has not begun to act on it")
    return Finding(answer=Answer.YES, good=1, wanted=1)


def rolled_out(sight: Sight) -> Finding:
    """The platform has rolled out the definition as it was changed, and every instance is ready."""
    begun = acted_on(sight)
    workload = sight.workload
    if begun.answer is Answer.UNKNOWN or workload is None:
        return begun
    alive = tuple(one for one in workload.instances if one.phase not in ENDED)
    wanted = len(alive) if workload.desired is None else workload.desired
    good = sum(is_ready(one) for one in alive)
    if begun.answer is Answer.NO:
        return Finding(answer=Answer.NO, good=0, wanted=wanted, detail=begun.detail)
    bad = next((one for one in alive if not is_ready(one)), None)
    if workload.rollout or bad is not None or len(alive) != wanted:
        why = [str(workload.rollout)] if workload.rollout else []
        why += [describe(bad)] if bad is not None else [] if workload.rollout else [f"{len(alive)} run"]
        return Finding(answer=Answer.NO, good=min(good, wanted), wanted=wanted, detail=safe("; ".join(why)))
    return Finding(answer=Answer.YES, good=good, wanted=wanted)


def captured(sight: Sight) -> Finding:
    """What was to be kept was kept, as far as it could be: the files were written and hashed when that was answered."""
    if not sight.told:
        return _unknown("whether anything was kept is not known")
    return Finding(answer=Answer.YES, good=1, wanted=1)


def _changed(sight: Sight, now: tuple[Instance, ...]) -> bool:
    """Whether the instances concerned are others than before, or in another phase."""
    target = sight.operation.target
    before = {seen.id for seen in sight.baseline.instances if seen.id.workload == target.workload}
    if target.instance:
        before &= {target}
    return before != {one.id for one in now} or any(_differs(sight, one) for one in now)


def _differs(sight: Sight, instance: Instance) -> bool:
    before = sight.baseline.of(instance.id)
    return before is None or before.phase is not instance.phase or bool(sight.renewed(instance))


def _unknown(why: str) -> Finding:
    return Finding(answer=Answer.UNKNOWN, detail=safe(why))


def _no(why: str) -> Finding:
    return Finding(answer=Answer.NO, wanted=1, detail=safe(why))


class Required(Struct, frozen=True, kw_only=True):
    """What must be good besides the predicate itself. word: how its evidence reads ("2 of 2 ready"), "": as it is told.

    probes: the service's critical probes, each with `samples` answers after the operation.
    crashes: an instance that ends or starts anew by itself has failed at once. exchanges: instances from before are
    on their way out, so only those that came since can fail so.
    answers: the service is to answer afterwards, though other signals say so.
    shows: it can be seen whether the operation was done at all; else only whether all is well.
    attended: a person does it at a terminal. lasts: it is judged at the end beside the plan's other operations.
    """

    test: Predicate
    word: str
    probes: bool = False
    samples: int = 1
    crashes: bool = False
    exchanges: bool = False
    shows: bool = True
    attended: bool = False
    lasts: bool = True
    answers: bool = False

    @property
    def alive(self) -> bool:
        """Whether the service is to answer afterwards."""
        return self.probes or self.answers


PREDICATES: Mapping[str, Required] = {
    "ready": Required(test=ready, word="ready", probes=True, crashes=True),
    "running": Required(test=running, word="running", probes=True, crashes=True),
    "replaced": Required(test=replaced, word="replaced", probes=True, crashes=True),
    "read back": Required(test=read_back, word="put back", shows=False),
    "replicas": Required(test=replicas, word="ready", probes=True, crashes=True),
    "version": Required(test=version, word="ready in that version", probes=True, crashes=True),
    "rolled out": Required(test=rolled_out, word="rolled out", probes=True, crashes=True, exchanges=True),
    "autoscaled": Required(test=autoscaled, word="ready under its autoscaler", probes=True, crashes=True),
    "acted on": Required(test=acted_on, word="acted on"),
    "stopped": Required(test=stopped, word="stopped"),
    "paused": Required(test=paused, word="paused"),
    "gone": Required(test=gone, word="gone"),
    "settings": Required(test=settings, word="set so", probes=True),
    "settings at rest": Required(test=settings, word="set so"),
    "isolated": Required(test=isolated, word="off the network"),
    "connected": Required(test=connected, word="connected", probes=True),
    "cordoned": Required(test=cordoned, word="cordoned"),
    "uncordoned": Required(test=uncordoned, word="open again"),
    "emptied": Required(test=emptied, word="gone"),
    "denied": Required(test=denied, word="cut off", shows=False),
    "let through": Required(test=let_through, word="let through", probes=True, shows=False),
    "captured": Required(test=captured, word="captured", shows=False, lasts=False),
    ATTENDED: Required(test=ended, word="", shows=False, attended=True),
    "probe": Required(test=probe_named, word="probe good", shows=False, answers=True),
    "probes": Required(test=probes_good, word="probes good", probes=True, shows=False),
}


def required(name: str) -> Required:
    """What a `done_when` stands for; a name that is not known is never good."""
    return PREDICATES.get(name) or Required(test=lambda _: _unknown(f"no predicate is named {name!r}"), word=name)
