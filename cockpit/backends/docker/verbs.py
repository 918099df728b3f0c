"""What may be done to single containers, as a table: the request, what it applies to, what it leaves behind."""

from collections.abc import Mapping

from msgspec import Struct

from cockpit.backends.change import Verb
from cockpit.board.model import Phase

_UP = frozenset({Phase.RUNNING, Phase.RESTARTING, Phase.PAUSED})
DOWN = frozenset({Phase.EXITED, Phase.CREATED, Phase.DEAD})
"""Phases in which nothing of a container runs."""
INSTANCE = ("instance", "name or id of a container, several with commas between; left out: all of them")


class Act(Struct, frozen=True, kw_only=True):
    """One verb on one container.

    applies: phases in which it makes sense; refusal: said when no container is in one of them.
    takes_down: it answers nothing for a while, or from then on. request: of the Engine API, behind /containers/{id}.
    stops: it waits out the container's own grace period first. otherwise: the verb to offer when it did not work.
    """

    verb: Verb
    applies: frozenset[Phase]
    refusal: str
    after: str
    done_when: str
    inverse: str = ""
    otherwise: str = ""
    takes_down: bool = False
    stops: bool = False
    starts: bool = False
    method: str = "POST"
    request: str
    query: Mapping[str, str] = {}
    cli: str


def _verb(name: str, title: str, danger: str = "low") -> Verb:
    return Verb(name=name, title=title, danger="high" if danger == "high" else "low", options=(INSTANCE,))


ACTS: Mapping[str, Act] = {
    act.verb.name: act
    for act in (
        Act(
            verb=_verb("restart", "Restart"), applies=frozenset({Phase.RUNNING, Phase.RESTARTING, Phase.EXITED}),
            refusal="no container can be restarted (a paused one is resumed, one that never ran is started)",
            after="running", done_when="ready", takes_down=True, stops=True, starts=True, request="/restart",
            otherwise="recreate", cli="restart",
        ),
        Act(
            verb=_verb("start", "Start"), applies=DOWN, refusal="nothing to start: every container runs or is paused",
            after="running", done_when="ready", inverse="stop", starts=True, request="/start", cli="start",
        ),
        Act(
            verb=_verb("stop", "Stop"), applies=_UP, refusal="nothing to stop: no container runs",
            after="exited, stays so", done_when="stopped", inverse="start", takes_down=True, stops=True,
            request="/stop", cli="stop",
        ),
        Act(
            verb=_verb("pause", "Pause"), applies=frozenset({Phase.RUNNING}),
            refusal="nothing to pause: no container runs", after="paused (frozen, keeps its memory)",
            done_when="paused", inverse="resume", takes_down=True, request="/pause", cli="pause",
        ),
        Act(
            verb=_verb("resume", "Resume"), applies=frozenset({Phase.PAUSED}),
            refusal="nothing to resume: no container is paused", after="running", done_when="running",
            inverse="pause", request="/unpause", cli="unpause",
        ),
        Act(
            verb=_verb("kill", "Kill (SIGKILL)", "high"), applies=_UP, refusal="nothing to kill: no container runs",
            after="exited 137, stays so", done_when="stopped", inverse="start", takes_down=True, request="/kill",
            query={"signal": "KILL"}, cli="kill --signal KILL",
        ),
        Act(
            verb=_verb("remove", "Remove container", "high"), applies=_UP | DOWN, refusal="there is no container",
            after="gone with its log and what it wrote outside of volumes", done_when="gone", takes_down=True,
            stops=False, method="DELETE", request="", query={"force": "1"}, cli="rm --force",
        ),
    )
}  # fmt: skip
