"""Several plans made one: one preview, one confirmation, one intent, a result line for each."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, PlanRefused
from cockpit.board.text import safe

MOST = 100
"""Plans in one."""
LONGEST = 1800.0
"""Seconds that the judgement of the whole may take."""


def join(plans: Sequence[Plan], on_failure: Literal["stop", "continue"], now: datetime) -> Plan:
    """One plan of several, in their order; each operation keeps its own source and service. PlanRefused.

    What takes itself back (an action of several steps) stays alone: half of it must not be left beside others.
    """
    if len(plans) < 2:
        if not plans:
            raise PlanRefused("nothing is marked, so nothing is planned")
        return plans[0]
    _refuse(plans)
    first = plans[0]
    same_place = all(plan.where == first.where for plan in plans)
    return Plan(
        id=secrets.token_hex(8), verb=first.verb, service=first.service, workload=first.workload, source=first.source,
        where=first.where if same_place else (("services", safe(", ".join(plan.service for plan in plans), 300)),),
        operations=tuple(_own(plan, operation) for plan in plans for operation in plan.operations),
        made_at=now,
        danger="high" if any(plan.danger == "high" for plan in plans) else "low",
        risks=tuple(safe(f"{plan.service}: {risk}") for plan in plans for risk in plan.risks),
        hold=max(plan.hold for plan in plans),
        deadline=min(LONGEST, max(plan.deadline for plan in plans)),
        on_failure=on_failure,
        watch=tuple(watch for plan in plans for watch in plan.watch),
        smoke=tuple(_own(plan, check) for plan in plans for check in plan.smoke),
    )  # fmt: skip


def _refuse(plans: Sequence[Plan]) -> None:
    if len(plans) > MOST:
        raise PlanRefused(f"{len(plans)} are marked; at most {MOST} are changed at once")
    if len({plan.verb for plan in plans}) > 1:
        raise PlanRefused("the marked ones would be changed in different ways: one verb for all")
    alone = next((plan for plan in plans if plan.on_failure == "step back"), None)
    if alone is not None:
        raise PlanRefused(f"{alone.verb} of {alone.service} takes itself back when it fails: do it alone")
    if any(plan.attended for plan in plans):
        raise PlanRefused(f"{plans[0].verb} is attended: one at a time, mark none")
    seen: dict[object, str] = {}
    for plan in plans:
        for target in {operation.target for operation in plan.operations}:
            if target in seen:
                raise PlanRefused(f"{plan.service} and {seen[target]} run in the same place: mark one of them")
            seen[target] = plan.service


def _own(plan: Plan, operation: Operation) -> Operation:
    return replace(operation, source=operation.source or plan.source, service=operation.service or plan.service)
