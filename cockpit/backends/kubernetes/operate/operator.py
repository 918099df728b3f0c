"""Changes of one cluster: plans as data, and their operations. Only the one door holds this."""

from collections.abc import Mapping

from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.backends.evidence import Evidence
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import NoAnswer
from cockpit.backends.kubernetes.operate.autoscale import Autoscale
from cockpit.backends.kubernetes.operate.capture import CapturePods
from cockpit.backends.kubernetes.operate.hands import Hands, Maneuver
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
from cockpit.backends.shell import Size
from cockpit.board.clock import Clock
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.profile.schema import Backend

_PODS: tuple[Maneuver, ...] = (OpenShell(), CapturePods())
_KEPT: tuple[Maneuver, ...] = (Remove(), *_PODS, Isolate(), Connect())
MANEUVERS: Mapping[str, tuple[Maneuver, ...]] = {
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


class KubernetesOperator:
    """An `Operator`. It has a client of its own, which no source sees."""

    def __init__(
        self, name: str, backend: Backend, clock: Clock, secrets: Secrets | None = None,
        evidence: Evidence | None = None, *, environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """evidence: where what is known of a pod is kept before it goes. environ: where KUBECONFIG is looked for."""
        self._secrets = secrets or Secrets()
        self._client = KubeClient(name, backend, clock, self._secrets, read_only=False, environ=environ)
        self._hands = Hands(self._client, evidence)

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """What may be done to this kind of workload."""
        return tuple(one.verb for one in MANEUVERS.get(workload.id.kind, ()) if one.offered(workload))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What the verb would do to the workload as the API has it now. PlanRefused."""
        maneuver = _find(workload.id.kind, verb)
        if maneuver is None:
            raise PlanRefused(f"{verb} is nothing that can be done to {workload.id.name} ({workload.id.kind})")
        try:
            return kept_first(self._hands, workload, await maneuver.plan(self._hands, workload, arguments))
        except SourceError as error:
            if isinstance(error, NoAnswer):
                await self._client.reset()  # the kubeconfig may say otherwise the next time
            raise PlanRefused(f"{verb} {workload.id.name} cannot be planned: {self._shown(error)}") from None

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
        facts = tuple((name, mask(value)) for name, value in outcome.facts)
        return replace(outcome, detail=mask(outcome.detail), facts=facts)

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> PodShell:
        """Start the shell that an operation says. SourceError says why it cannot be started."""
        if not isinstance(permit, Permit):
            raise TypeError("no shell is opened without a permit")
        try:
            return await open_shell(self._client, operation, size, term)
        except SourceError as error:
            raise SourceError(self._shown(error)) from None

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.reset()

    def _shown(self, error: SourceError) -> str:
        return self._secrets.mask(safe(str(error), 500))


def _find(kind: str, verb: str) -> Maneuver | None:
    return next((one for one in MANEUVERS.get(kind, ()) if one.verb.name == verb), None)
