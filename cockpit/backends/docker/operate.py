"""Changes of one Docker Engine: plans as data, and their operations. Only the one door holds this."""

from collections.abc import Mapping

from cockpit.backends.base import SourceError
from cockpit.backends.change import Operation, Permit
from cockpit.backends.docker.act import ActManeuver
from cockpit.backends.docker.capture import CaptureContainers
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.hands import Hands
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
from cockpit.backends.maneuver import Maneuver, ManeuverOperator
from cockpit.backends.shell import Size
from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend

_RESTART = ActManeuver(ACTS["restart"])
_CONTAINERS: tuple[Maneuver[Hands], ...] = (
    *(ActManeuver(act) for name, act in ACTS.items() if name != "restart"), OpenShell(), RollBack(), SetContainers(),
    CaptureContainers(), Isolate(), Connect(),
)  # fmt: skip
MANEUVERS: Mapping[str, tuple[Maneuver[Hands], ...]] = {
    "container": (_RESTART, *_CONTAINERS, Recreate()),
    "compose": (RestartCompose(), RestartSingle(), *_CONTAINERS, RecreateCompose(), ScaleCompose()),
    "swarm": (
        SwarmRestart(), OpenShell(), SwarmScale(), SwarmRollBack(), SwarmSet(), CaptureContainers(), IsolateSwarm(),
    ),
}  # fmt: skip
"""What may be done to each kind of workload."""


class DockerOperator(ManeuverOperator[Hands]):
    """An `Operator`. It has a client of its own, which no source sees."""

    def __init__(
        self, name: str, backend: Backend, clock: Clock, secrets: Secrets | None = None,
        evidence: Evidence | None = None,
    ) -> None:  # fmt: skip
        """evidence: where what is known of a container is kept before it goes; None: nowhere."""
        self._made_with = name, backend, clock
        self._client = EngineClient(name, backend, clock, read_only=False)
        super().__init__(Hands(self._client, evidence), MANEUVERS, secrets)

    def remember(self, history: History) -> None:
        """Plan with what was recorded of earlier images."""
        self._hands.history = history

    async def lost(self, error: SourceError) -> None:
        """The engine may be found elsewhere, or in another version, the next time."""
        await self._client.reset()

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> DockerShell:
        """Start the shell that an operation says. SourceError says why it cannot be started."""
        # Of its own: a plan that fails resets the operator's client, and would cut it.
        client = EngineClient(*self._made_with, read_only=False)
        try:
            return await open_shell(client, permit, operation, size, term)
        except SourceError as error:
            raise SourceError(self.shown(error)) from None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.close()
