"""Changes of one cluster: plans as data, and their operations. Only the one door holds this."""

from collections.abc import Mapping

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Operation, Permit, Plan
from cockpit.backends.evidence import Evidence
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.operate.autoscale import Autoscale
from cockpit.backends.kubernetes.operate.capture import CapturePods
from cockpit.backends.kubernetes.operate.hands import Hands
from cockpit.backends.kubernetes.operate.isolate import Connect, Isolate
from cockpit.backends.kubernetes.operate.losing import kept_first
from cockpit.backends.kubernetes.operate.nodes.cordon import Cordon, Uncordon
from cockpit.backends.kubernetes.operate.nodes.drain import Drain
from cockpit.backends.kubernetes.operate.nodes.evict import Evict, Keep
from cockpit.backends.kubernetes.operate.remove import Remove
from cockpit.backends.kubernetes.operate.restart import Restart
from cockpit.backends.kubernetes.operate.rollback import RollBack
from cockpit.backends.kubernetes.operate.scale import Scale
from cockpit.backends.kubernetes.operate.session import PodShell
from cockpit.backends.kubernetes.operate.settings import Pause, Resume, SetContainer
from cockpit.backends.kubernetes.operate.shell import OpenShell, open_shell
from cockpit.backends.maneuver import Maneuver, ManeuverOperator
from cockpit.backends.shell import Size
from cockpit.board.clock import Clock
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend

_PODS: tuple[Maneuver[Hands], ...] = (OpenShell(), CapturePods())
_KEPT: tuple[Maneuver[Hands], ...] = (Remove(), *_PODS, Isolate(), Connect())
MANEUVERS: Mapping[str, tuple[Maneuver[Hands], ...]] = {
    "deployment": (Restart(), Scale(), Autoscale(), RollBack(), SetContainer(), Pause(), Resume(), *_KEPT),
    "statefulset": (Restart(), Scale(), Autoscale(), RollBack(), SetContainer(), *_KEPT),
    "daemonset": (Restart(), RollBack(), SetContainer(), *_KEPT),
    "replicaset": (Scale(), Autoscale(), *_KEPT),
    "pod": _KEPT,
    "node": (Cordon(), Uncordon(), Drain(), Evict(), Keep()),
    "job": _PODS,
    "cronjob": _PODS,
}
"""What may be done to each kind of workload."""


class KubernetesOperator(ManeuverOperator[Hands]):
    """An `Operator`. It has a client of its own, which no source sees."""

    def __init__(
        self, name: str, backend: Backend, clock: Clock, secrets: Secrets | None = None,
        evidence: Evidence | None = None, *, environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """evidence: where what is known of a pod is kept before it goes. environ: where KUBECONFIG is looked for."""
        secrets = secrets or Secrets()
        self._client = KubeClient(name, backend, clock, secrets, read_only=False, environ=environ)
        super().__init__(Hands(self._client, evidence), MANEUVERS, secrets)

    def finished(self, workload: Workload, plan: Plan) -> Plan:
        """With what is known of pods that go kept first."""
        return kept_first(self._hands, workload, plan)

    async def lost(self, error: SourceError) -> None:
        """The kubeconfig may say otherwise the next time."""
        if isinstance(error, NoAnswer):
            await self._client.reset()

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> PodShell:
        """Start the shell that an operation says. SourceError says why it cannot be started."""
        if not isinstance(permit, Permit):
            raise TypeError("no shell is opened without a permit")
        try:
            return await open_shell(self._client, operation, size, term)
        except SourceError as error:
            raise SourceError(self.shown(error)) from None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.reset()
