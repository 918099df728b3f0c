"""What a profile's own commands do to a plain process: as operations whose end is seen in the processes themselves."""

import shlex
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import DECLARED, Operation, PlanRefused, Verb
from cockpit.board.model import Instance, Phase, Workload
from cockpit.board.text import safe
from cockpit.profile.deeds import Doing, HostCommand
from cockpit.profile.rules import WAYS
from cockpit.profile.schema import Service

RUNNING = "running="
"""Begins the precondition of what is done to processes; then the pid and start time of each."""
_UP = frozenset({Phase.RUNNING, Phase.STARTING, Phase.PAUSED})
_encode = msgspec.json.Encoder(order="sorted").encode


class Way(Struct, frozen=True, kw_only=True):
    """One verb on a process. ends: what runs ends by it."""

    verb: Verb
    done_when: str
    after: str
    inverse: str = ""
    ends: bool = False
    danger: Literal["low", "high"] = "low"


WAYS_OF: Mapping[str, Way] = {
    way.verb.name: way
    for way in (
        Way(
            verb=Verb(name="restart", title="Restart"), done_when="replaced", after="a new one instead", ends=True
        ),
        Way(verb=Verb(name="start", title="Start"), done_when="running", after="running", inverse="stop"),
        Way(
            verb=Verb(name="stop", title="Stop", danger="high"), done_when="stopped", after="ended, stays so",
            inverse="start", ends=True, danger="high",
        ),
    )
}  # fmt: skip


def is_process(workload: Workload) -> bool:
    """Whether it is found among this machine's processes, and so changed only by what the profile declares."""
    return WAYS.get(workload.id.kind) == "process"


def offered(service: Service, workload: Workload) -> tuple[Verb, ...]:
    """The verbs that have a command, as far as they make sense now."""
    if not is_process(workload):
        return ()
    up = bool(_up(workload))
    return tuple(
        way.verb for name, way in WAYS_OF.items()
        if getattr(service.commands, name) is not None and (up or not way.ends or name == "restart")
        and not (up and name == "start")
    )  # fmt: skip


def operation(verb: str, key: str, service: Service, workload: Workload, stage: str = "") -> Operation:
    """The operation of one verb. PlanRefused when the profile has no command for it."""
    way, command = WAYS_OF[verb], getattr(service.commands, verb)
    if not isinstance(command, HostCommand):
        raise PlanRefused(
            f"{key}: the profile has no command that does {verb};"
            f" under its service: commands: {{{verb}: {{argv: [...]}}}}"
        )
    words = " ".join(shlex.join(command.argv).split())
    doing = Doing(command=command.argv, environment=command.environment, timeout=command.timeout)
    inverse = way.inverse and getattr(service.commands, way.inverse) is not None
    return Operation(
        verb=verb, title=safe(f"{verb} {key}: {words}", 200), target=workload.id,
        before=(("process", safe(", ".join(map(_words, workload.instances)) or "none", 300)),),
        after=(("process", safe(way.after)),),
        arguments=(("spec", _encode(doing).decode()), ("stage", stage)), precondition=running(workload),
        done_when=way.done_when, inverse=(way.inverse, ()) if inverse else None,
        deadline=max(float(command.deadline), float(command.timeout)), command=safe(words, 500),
        source=DECLARED, service=key,
    )  # fmt: skip


def undone(made: Operation, service: Service, workload: Workload) -> Operation:
    """The operation with what takes it back at once, when a later one fails."""
    if made.inverse is None:
        return made
    back = operation(made.inverse[0], made.service, service, workload)
    return replace(made, back=back)


def risks(verb: str, workload: Workload) -> tuple[str, ...]:
    """What is lost meanwhile."""
    if any(one.started_at is None and one.phase in _UP for one in workload.instances):
        return ("whose process it is cannot be seen from here: whether it was done will not be known",)
    if not WAYS_OF[verb].ends:
        return ()
    if not _up(workload):
        return ("nothing of it runs: nothing to lose",)
    until = " until the new process is ready" if verb == "restart" else ", and stays so until it is started"
    return (f"nothing of it answers from its end on{until}",)


def running(workload: Workload) -> str:
    """The very processes that run, as a precondition; empty for what restarts by itself, and so is soon another."""
    if any(one.restarts for one in workload.instances):
        return ""
    return RUNNING + " ".join(sorted(one.id.instance for one in _up(workload)))


def difference(precondition: str, now: Workload | None) -> str:
    """How the processes differ from those that the plan was made for; empty when they do not."""
    if now is None:
        return "it is not on the board any more"
    if running(now) == precondition:
        return ""
    pids = ", ".join(f"pid {one.id.instance.partition(':')[0]}" for one in _up(now))
    return f"its process changed meanwhile ({f'now {pids}' if pids else 'none runs now'})"


def _up(workload: Workload) -> tuple[Instance, ...]:
    return tuple(one for one in workload.instances if one.phase in _UP)


def _words(instance: Instance) -> str:
    if instance.started_at is None or instance.phase not in _UP:
        return f"{instance.name} {instance.phase}"
    pid = instance.id.instance.partition(":")[0]
    return f"{instance.name} pid {pid} since {instance.started_at:%Y-%m-%d %H:%M:%S}Z"
