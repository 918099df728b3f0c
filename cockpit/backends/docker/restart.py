"""Restarting a Compose service: replica by replica as its verb's row says, or all of them together."""

import asyncio
import shlex
from collections.abc import Sequence
from math import ceil

import msgspec
from msgspec.structs import replace

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import target
from cockpit.backends.docker.act import ANSWER_MARGIN, ActManeuver
from cockpit.backends.docker.choose import choose
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.lives import lives_of
from cockpit.backends.docker.plan import MARGIN, Target
from cockpit.backends.docker.verbs import ACTS, INSTANCE
from cockpit.board.model import Workload
from cockpit.board.text import safe

TOGETHER = (
    "together",
    "yes: all at the same time; left out: one by one, each once the one before is ready",
)
_ACT = ACTS["restart"]


class RestartCompose(ActManeuver):
    """The verb of a service. Each container has its own grace period, which Compose took from stop_grace_period."""

    verb = Verb(name="restart", title=_ACT.verb.title, options=(TOGETHER, INSTANCE))

    def __init__(self) -> None:
        super().__init__(_ACT)

    def offered(self, workload: Workload) -> bool:
        """Whether there are several, which alone makes it a question; one is restarted without any."""
        return len(workload.instances) > 1 and super().offered(workload)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container, or one for all of them. PlanRefused."""
        asked = arguments.get("together", "").strip().lower()
        if asked not in ("", "yes", "no"):
            raise PlanRefused(f"restart: together is yes, or left out, not {safe(asked, 40)}")
        plan = await super().plan(hands, workload, arguments)
        if asked != "yes" or len(plan.operations) == 1:
            return plan
        chosen, others, _ = await choose(hands, workload, self.verb.name, arguments)
        planned = {one.target for one in plan.operations}
        fitting = [one for one in chosen if one.instance.id in planned]
        stays = sum(target.is_ready(one.instance) for one in (*chosen, *others) if one not in fitting)
        operation = _all_of_them(hands, workload, fitting, plan.operations)
        return replace(
            plan,
            operations=(operation,),
            danger="high",
            risks=(safe(_risk(fitting, stays), 300), *plan.risks[1:]),
            deadline=operation.deadline + MARGIN,
        )

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether each container is still the one, in the state, that the plan was made for."""
        if not operation.instances:
            return await super().check(hands, operation)
        for container, mark in _planned(operation):
            try:
                differs = target.difference(mark, await hands.container(container))
            except EngineAnswer as error:
                differs = f"container {container[:12]} is gone" if error.status == 404 else str(error)
            if differs:
                return differs
        return ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Send the requests, as many side by side as the engine's address bears."""
        if not operation.instances:
            return await super().perform(hands, operation)
        slots, timeout = asyncio.Semaphore(hands.client.lanes), operation.deadline + ANSWER_MARGIN

        async def one(container: str) -> None:
            async with slots:
                await hands.client.post(f"/containers/{container}{_ACT.request}", None, _ACT.query, timeout)

        ids = [one.instance for one in operation.instances]
        answers = await asyncio.gather(*map(one, ids), return_exceptions=True)
        failed = [error for error in answers if error is not None]
        for error in failed:
            if isinstance(error, NoAnswer) or not isinstance(error, SourceError):
                raise error
        if not failed:
            return Outcome(accepted=True, lives=await lives_of(hands, operation.instances))
        return Outcome(accepted=False, detail=safe(f"{len(failed)} of {len(ids)} not restarted: {failed[0]}", 500))


class RestartSingle(ActManeuver):
    """The verb of a service with one container, as it is offered: there is nothing to choose."""

    def __init__(self) -> None:
        super().__init__(_ACT)

    def offered(self, workload: Workload) -> bool:
        """Whether it is one."""
        return len(workload.instances) == 1 and super().offered(workload)


def _all_of_them(
    hands: Hands, workload: Workload, fitting: Sequence[Target], singles: Sequence[Operation]
) -> Operation:
    marks = tuple((one.container.id, target.precondition(one.container)) for one in fitting)
    ready = sum(target.is_ready(one.instance) for one in fitting)
    names = [target.name_of(one.container) for one in fitting]
    first, *_ = singles
    return replace(
        first,
        title=safe(f"restart {', '.join(names)} together", 300),
        target=workload.id,
        instances=tuple(one.target for one in singles),
        before=(("instances", safe(f"{len(fitting)}, {ready} ready")),),
        precondition=msgspec.json.encode(marks).decode(),
        deadline=max(one.deadline for one in singles) * ceil(len(singles) / hands.client.lanes),
        command=safe(f"{first.command} {shlex.join(names[1:])}", 500),
    )


def _planned(operation: Operation) -> tuple[tuple[str, str], ...]:
    return msgspec.json.decode(operation.precondition, type=tuple[tuple[str, str], ...])


def _risk(fitting: Sequence[Target], stays: int) -> str:
    grace = max(target.stop_time(one.container) for one in fitting)
    left = (
        f"{stays} ready stay" if stays else f"nothing answers from their stop (up to {grace:g} s) until they are ready"
    )
    return f"all {len(fitting)} at the same time: {left}"
