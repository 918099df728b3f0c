"""Changes of one Docker Engine: plans as data, and their operations. Only the one door holds this."""

from collections.abc import Mapping

from cockpit.backends.base import SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.backends.docker.act import ActManeuver
from cockpit.backends.docker.capture import CaptureContainers
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import NoAnswer
from cockpit.backends.docker.hands import Hands, Maneuver
from cockpit.backends.docker.isolate import Connect, Isolate, IsolateSwarm
from cockpit.backends.docker.recreate import Recreate, RecreateCompose
from cockpit.backends.docker.restart import RestartCompose, RestartSingle
from cockpit.backends.docker.rollback import RollBack
from cockpit.backends.docker.scale import ScaleCompose
from cockpit.backends.docker.settings import SetContainers
from cockpit.backends.docker.shell import DockerShell, OpenShell, open_shell
from cockpit.backends.docker.swarm_set import SwarmSet
from cockpit.backends.docker.swarm_verbs import SwarmRestart, SwarmRollBack, SwarmScale
from cockpit.backends.docker.verbs import ACTS
from cockpit.backends.evidence import Evidence
from cockpit.backends.history import History
from cockpit.backends.shell import Size
from cockpit.board.clock import Clock
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.profile.schema import Backend

_RESTART = ActManeuver(ACTS["restart"])
_CONTAINERS: tuple[Maneuver, ...] = (
    *(ActManeuver(act) for name, act in ACTS.items() if name != "restart"), OpenShell(), RollBack(), SetContainers(),
    CaptureContainers(), Isolate(), Connect(),
)  # fmt: skip
MANEUVERS: Mapping[str, tuple[Maneuver, ...]] = {
    "container": (_RESTART, *_CONTAINERS, Recreate()),
    "compose": (RestartCompose(), RestartSingle(), *_CONTAINERS, RecreateCompose(), ScaleCompose()),
    "swarm": (
        SwarmRestart(), OpenShell(), SwarmScale(), SwarmRollBack(), SwarmSet(), CaptureContainers(), IsolateSwarm(),
    ),
}  # fmt: skip
"""What may be done to each kind of workload."""


class DockerOperator:
    """An `Operator`. It has a client of its own, which no source sees."""

    def __init__(
        self, name: str, backend: Backend, clock: Clock, secrets: Secrets | None = None,
        evidence: Evidence | None = None,
    ) -> None:  # fmt: skip
        """evidence: where what is known of a container is kept before it goes; None: nowhere."""
        self._secrets = secrets or Secrets()
        self._made_with = name, backend, clock
        self._client = EngineClient(name, backend, clock, read_only=False)
        self._hands = Hands(self._client, evidence)

    def remember(self, history: History) -> None:
        """Plan with what was recorded of earlier images."""
        self._hands.history = history

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """What may be done, by what its containers are doing."""
        return tuple(one.verb for one in MANEUVERS.get(workload.id.kind, ()) if one.offered(workload))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What the verb would do to the workload as the engine has it now. PlanRefused."""
        maneuver = _find(workload.id.kind, verb)
        if maneuver is None:
            raise PlanRefused(f"{verb} is nothing that can be done to {workload.id.name} ({workload.id.kind})")
        try:
            return await maneuver.plan(self._hands, workload, arguments)
        except SourceError as error:
            await self._client.reset()  # the engine may be found elsewhere, or in another version, the next time
            raise PlanRefused(f"{verb} {workload.id.name} cannot be planned: {error}") from None

    async def check(self, operation: Operation) -> str:
        """Whether what is to be changed is still what the plan was made for."""
        maneuver = _find(operation.target.kind, operation.verb)
        if maneuver is None:
            return f"{operation.verb} is nothing that this version can do"
        return await maneuver.check(self._hands, operation)

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        """Do one operation. Raises NoAnswer when it was sent and no answer came: observation decides then."""
        if not isinstance(permit, Permit):
            raise TypeError("nothing is performed without a permit")
        maneuver = _find(operation.target.kind, operation.verb)
        if maneuver is None:
            return Outcome(accepted=False, detail=safe(f"{operation.verb} is nothing that this version can do"))
        try:
            outcome = await maneuver.perform(self._hands, operation)
        except NoAnswer:
            raise
        except SourceError as error:
            outcome = Outcome(accepted=False, detail=safe(str(error), 500))
        mask = self._secrets.mask
        return Outcome(outcome.accepted, mask(outcome.detail), tuple((name, mask(v)) for name, v in outcome.facts))

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> DockerShell:
        """Start the shell that an operation says. SourceError says why it cannot be started."""
        # Of its own: a plan that fails resets the operator's client, and would cut it.
        client = EngineClient(*self._made_with, read_only=False)
        try:
            return await open_shell(client, permit, operation, size, term)
        except SourceError as error:
            raise SourceError(self._secrets.mask(safe(str(error), 500))) from None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.close()


def _find(kind: str, verb: str) -> Maneuver | None:
    return next((one for one in MANEUVERS.get(kind, ()) if one.verb.name == verb), None)
