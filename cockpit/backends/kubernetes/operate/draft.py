"""What plans for a cluster have in common: where they are carried out, how long they may take, their command lines."""

import secrets as random
import shlex
from collections.abc import Iterable
from typing import Literal

from cockpit.backends.change import Facts, Operation, Plan
from cockpit.backends.kubernetes.operate.hands import Hands, Json, spec_of
from cockpit.board.model import Health, Instance, Phase, SafeText, Workload
from cockpit.board.text import safe

MARGIN = 30.0
ONE_POD, LONGEST = 120.0, 1800.0
"""Seconds that a pod may take to be exchanged where the workload does not say, and that everything may take."""
PROGRESS = 600.0
"""Seconds without progress after which a rollout has failed, when the workload does not say otherwise."""


def kubectl(hands: Hands, workload: Workload, words: str) -> SafeText:
    """The same as a command line, with context and namespace."""
    access = hands.client.access
    context = f"--context {shlex.quote(access.context)} " if access is not None and not access.inside else ""
    space = f"-n {shlex.quote(workload.id.space)} " if workload.id.space else ""
    return safe(f"kubectl {context}{space}{words}", 1000)


def rollout_time(whole: Json, pods: int) -> float:
    """Seconds after which a rollout has failed: its own deadline is for each progress, so many pods may take longer."""
    declared = spec_of(whole).get("progressDeadlineSeconds")
    once = float(declared) + MARGIN if isinstance(declared, int) else PROGRESS
    return min(LONGEST, once + ONE_POD * max(0, pods - 5))


def ready_words(workload: Workload) -> SafeText:
    """ "2 of 3 ready"."""
    return safe(f"{ready_count(workload)} of {wanted_count(workload)} ready")


def ready_count(workload: Workload) -> int:
    """Pods that serve, as far as the board shows."""
    return sum(map(is_ready, workload.instances))


def is_ready(one: Instance) -> bool:
    """Whether a pod serves, as far as the board shows."""
    return one.phase is Phase.RUNNING and one.health in (Health.NONE, Health.HEALTHY)


def wanted_count(workload: Workload) -> int:
    """Pods that there should be."""
    return len(workload.instances) if workload.desired is None else workload.desired


def make_plan(
    hands: Hands,
    verb: str,
    workload: Workload,
    operations: Iterable[Operation],
    *,
    facts: Facts = (),
    risks: Iterable[str] = (),
    choices: tuple[tuple[str, SafeText], ...] = (),
    danger: Literal["low", "high"] = "low",
) -> Plan:
    """A plan over these operations. facts: shown with where it is carried out."""
    access, done = hands.client.access, tuple(operations)
    server = (("server", safe(access.server, 255)),) if access is not None else ()
    return Plan(
        id=random.token_hex(8),
        verb=verb,
        service=workload.id.name,
        workload=workload.id,
        source=workload.source,
        where=(*workload.where, *server, *facts),
        operations=done,
        made_at=hands.clock.now(),
        danger=danger,
        risks=tuple(dict.fromkeys(safe(risk, 400) for risk in risks if risk)),
        deadline=max((one.deadline for one in done), default=60.0) + MARGIN,
        choices=choices,
    )
