"""What may be done in the demo, as tables: verbs on single instances, and verbs on a service's definition."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from cockpit.backends.change import Verb
from cockpit.board.model import Phase
from cockpit.demo.shape import BY_NAME, ServiceShape

_ALIVE = frozenset({Phase.RUNNING, Phase.STARTING, Phase.PAUSED})
_DOWN = frozenset({Phase.EXITED, Phase.RESTARTING})
_ANY = frozenset(Phase) - {Phase.STOPPING}
INSTANCE = ("instance", "name of one; left out: all of them")


class Act(Struct, frozen=True, kw_only=True):
    """One verb on one instance; the host has an operation of the same name.

    applies: phases in which it makes sense; refusal: said when no instance is in one of them.
    takes_down: it answers nothing for a while, or from then on.
    """

    verb: Verb
    applies: frozenset[Phase]
    refusal: str
    after: str
    done_when: str = "ready"
    inverse: str = ""
    takes_down: bool = False


def _verb(name: str, title: str, danger: Literal["low", "high"] = "low") -> Verb:
    return Verb(name=name, title=title, danger=danger, options=(INSTANCE,))


ACTS: Mapping[str, Act] = {
    act.verb.name: act
    for act in (
        Act(
            verb=_verb("restart", "Restart"), applies=_ANY, refusal="nothing to restart: it is being stopped",
            after="running, a new process", takes_down=True,
        ),
        Act(
            verb=_verb("start", "Start"), applies=_DOWN,
            refusal="nothing to start: every instance runs or is paused", after="running", inverse="stop",
        ),
        Act(
            verb=_verb("stop", "Stop"), applies=_ALIVE | {Phase.RESTARTING}, refusal="nothing to stop: none runs",
            after="exited, stays so", done_when="stopped", inverse="start", takes_down=True,
        ),
        Act(
            verb=_verb("pause", "Pause"), applies=frozenset({Phase.RUNNING}), refusal="nothing to pause: none runs",
            after="paused (frozen, keeps its memory)", done_when="paused", inverse="resume", takes_down=True,
        ),
        Act(
            verb=_verb("resume", "Resume"), applies=frozenset({Phase.PAUSED}),
            refusal="nothing to resume: none is paused", after="running", done_when="running", inverse="pause",
        ),
        Act(
            verb=_verb("kill", "Kill (SIGKILL)"), applies=_ALIVE, refusal="nothing to kill: none runs",
            after="killed at once, started again by the platform", takes_down=True,
        ),
        Act(
            verb=_verb("remove", "Remove", "high"), applies=_ANY, refusal="nothing to remove: it is being stopped",
            after="gone with its data folder and log; a new instance takes its place", takes_down=True,
        ),
    )
}  # fmt: skip

ROLLBACK = Verb(
    name="rollback",
    title="Roll back",
    arguments=(("release", "one that ran before; left out: the one before this"),),
)
SET_ENV = Verb(
    name="set-env",
    title="Set a variable",
    arguments=(("variable", "its name, in capitals"), ("value", "what it is to be")),
)
UNSET_ENV = Verb(name="unset-env", title="Unset a variable", arguments=(("variable", "its name, in capitals"),))


def scale_verb(shape: ServiceShape) -> Verb:
    """Scaling, with how far this service goes; what cannot be scaled says so in its plan."""
    allowed = f"1 to {shape.max_instances}" if shape.max_instances > 1 else "1"
    return Verb(name="scale", title="Scale", arguments=(("replicas", allowed),))


def service_verbs(service: str) -> tuple[Verb, ...]:
    """What may be done to the definition of a service."""
    shape = BY_NAME.get(service)
    if shape is None:
        return ()
    return (scale_verb(shape), ROLLBACK, SET_ENV, UNSET_ENV)
