"""What is known of a target before it is changed, beside the board: kept with the intent, compared with afterwards."""

from collections.abc import Iterator
from typing import Protocol

from cockpit.backends.change import Facts, Plan
from cockpit.board.model import ReadingState, SafeText
from cockpit.board.snapshot import ProbeStatus, Snapshot
from cockpit.board.text import safe
from cockpit.mitigate.sight import find_service, workloads


class Testimony(Protocol):
    """What one witness saw before one plan."""

    @property
    def facts(self) -> Facts:
        """For the intent."""
        ...

    async def since(self) -> tuple[SafeText, ...]:
        """What is new since, as evidence for the verdict; bounded in time, never raises."""
        ...


class Witness(Protocol):
    """Looks before each change."""

    async def before(self, plan: Plan) -> Testimony:
        """What is so now; bounded in time, never raises."""
        ...


class Silent:
    """Saw nothing, and says nothing."""

    facts: Facts = ()

    async def before(self, _: Plan) -> Testimony:
        """Nothing is looked at."""
        return self

    async def since(self) -> tuple[SafeText, ...]:
        """Nothing."""
        return ()


SILENT = Silent()


def history(snapshot: Snapshot, plan: Plan) -> Iterator[tuple[str, SafeText]]:
    """How the plan's services were: each probe's last answer and recent past, each instance's restarts."""
    several = len(plan.services) > 1
    for key in plan.services:
        service = find_service(snapshot, key)
        for probe in service.probes if service else ():
            yield "probe before", safe(f"{f'{key} ' if several else ''}{_probe(probe)}", 300)
    targets = {one.target.workload for one in plan.operations}
    restarts = [
        f"{one.name} {one.restarts}"
        for workload in workloads(snapshot) if workload.id in targets
        for one in workload.instances if one.restarts is not None
    ]  # fmt: skip
    if restarts:
        yield "restarts before", safe(", ".join(dict.fromkeys(restarts)), 500)


def _probe(probe: ProbeStatus) -> str:
    good = sum(state is ReadingState.OK for state, _ in probe.history)
    past = f", {good} of the last {len(probe.history)} good" if probe.history else ""
    return f"{probe.reading.probe} {probe.reading.state}: {probe.reading.detail or 'no detail'}{past}"
