"""One Kubernetes cluster as a source: it observes, reads logs, describes, runs declared probes; it changes nothing."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing

import msgspec
from msgspec.structs import replace

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.backends.catalogue import Catalogue
from cockpit.backends.history import Ran
from cockpit.backends.kubernetes.about import events_of
from cockpit.backends.kubernetes.assemble import PodFact
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.describe import inspected
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.execute import run_in_pod
from cockpit.backends.kubernetes.forward import Forwards
from cockpit.backends.kubernetes.history import healthy, history
from cockpit.backends.kubernetes.kinds import BY_NAME, PODS
from cockpit.backends.kubernetes.logs import PodLog, Room
from cockpit.backends.kubernetes.observe import PING_EVERY, Observation
from cockpit.board.clock import Clock
from cockpit.board.model import Health, Identity, Phase, SafeText, Workload
from cockpit.board.revision import Revision
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe, safe_block
from cockpit.board.update import Declared
from cockpit.logs.line import LogRequest, RawLine
from cockpit.profile.schema import Backend

INSPECT_LIMIT = 256 * 1024
_HEALTH = {Health.HEALTHY: 0, Health.NONE: 0, Health.STARTING: 1, Health.UNHEALTHY: 2}


class KubernetesSource:
    """A `Source`. Its client refuses every request that would change the cluster.

    spaces: the namespaces that the profile needs; none means all, an empty one the context's own.
    """

    def __init__(
        self,
        name: str,
        backend: Backend,
        clock: Clock,
        secrets: Secrets | None = None,
        spaces: frozenset[str] = frozenset(),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._clock = name, clock
        self._secrets = secrets or Secrets()
        self._client = KubeClient(name, backend, clock, self._secrets, read_only=True, environ=environ)
        self._spaces = spaces
        self._focus: frozenset[Identity] = frozenset()
        self._now: Observation | None = None
        self._room = Room()
        self._forwards = Forwards(self._client)
        self._catalogue: Catalogue | None = None

    @property
    def name(self) -> str:
        """The profile's name of the backend."""
        return self._name

    @property
    def catalogue(self) -> Catalogue:
        """What the cluster holds beside workloads."""
        if self._catalogue is None:
            # Not needed for the first rows, and 10 ms to import.
            from cockpit.backends.kubernetes.catalogue import KubernetesCatalogue

            self._catalogue = KubernetesCatalogue(self._client, self._spaces, self._secrets.mask)
        return self._catalogue

    @property
    def label(self) -> SafeText:
        """As the header shows it: "kubernetes:prod"."""
        return safe(f"kubernetes:{self._name}", 255)

    async def observe(self, emit: Emit) -> None:
        """Emit until the connection is lost: SourceError."""
        now = self._clock.now()
        emit(Declared(source=self._name, at=now, label=self.label, kind="kubernetes", interval=PING_EVERY))
        await self._client.reset()
        await self._client.connect()
        if self._now is None:
            self._now = Observation(
                self._name, self._client, self._spaces, emit, lambda: self._focus, self._secrets.mask
            )
        await self._now.run(emit)

    def give_way(self, turn: Callable[[], Awaitable[None]]) -> None:
        """What the first rows do not need, the other pages of lists, awaits this before it begins."""
        self._client.turn = turn

    def focus(self, visible: frozenset[Identity]) -> None:
        """Which workloads are on the screen."""
        self._focus = visible
        if self._now is not None:
            self._now.look(visible)

    async def logs(self, request: LogRequest) -> AsyncGenerator[Sequence[RawLine], None]:
        """Lines of one pod, all containers; SourceError when a stream breaks."""
        if self._now is not None:
            await self._now.quiet()
        log = self._log(request.instance)
        # Closed here and now when its reader stops, not when it is collected: connections hang on it.
        async with aclosing(log.read(request)) as batches:
            async for batch in batches:
                yield batch

    def _log(self, one: Identity) -> PodLog:
        if one.kind == "pod" and (self._now is None or self._now.fleet.pod(one.instance) is None):
            # Nothing that is watched: its own name says where it is.
            return PodLog(self._client, self._room, f"{PODS.path(one.space)}/{one.name}", one.instance, one.name)
        pod = self._pod(one, "and its log with it")
        return PodLog(self._client, self._room, pod_path(pod), one.instance, pod.instance.name, pod.only)

    async def inspect(self, identity: Identity) -> SafeText:
        """Everything the cluster knows of a pod or workload, and the events about it."""
        if identity.instance:
            pod = self._pod(identity, "and nothing is known of it")
            path = pod_path(pod)
        else:
            kind = BY_NAME.get(identity.kind)
            if kind is None:
                raise SourceError(f"{identity.kind} {identity.name}: this kind cannot be described yet")
            path = f"{kind.path(identity.space)}/{identity.name}"
        try:
            answer = msgspec.json.decode(await self._client.raw(path))
        except ApiAnswer as error:
            raise SourceError(_no_object(identity.name, error)) from None
        if not isinstance(answer, dict):
            raise SourceError(f"{self._client.where}: its answer to {path} is no object")
        uid = str(answer.get("metadata", {}).get("uid", ""))
        text = inspected(answer, await events_of(self._client, identity.space, uid))
        return self._secrets.mask(safe_block(text, INSPECT_LIMIT))

    async def revisions(self, workload: Workload, past: Sequence[Ran]) -> tuple[Revision, ...]:
        """The revisions that the cluster keeps, newest first."""
        found = await history(self._client, workload.id)
        return tuple(replace(one, healthy=healthy(one, found, past)) for one in found)

    async def address(self, workload: Workload, port: int) -> Address:
        """Where a port of a running pod is reached: directly from inside the cluster, else forwarded."""
        running = [one for one in workload.instances if one.phase is Phase.RUNNING]
        if not running:
            raise SourceError(f"{workload.id.name} has no running pod whose port {port} could be asked")
        best = min(running, key=lambda one: (_HEALTH[one.health], one.name))
        access = await self._client.connect()
        if access.inside and best.addresses:
            return Address(best.addresses[0], port, safe(f"pod address, port {port}"))
        pod = self._pod(best.id, "and its ports with it")
        present = frozenset(one.instance.id.instance for one in self._now.fleet.pods()) if self._now else frozenset()
        await self._forwards.keep(present)
        return await self._forwards.address(best.id.instance, pod_path(pod), port)

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """Run a declared probe's command in a pod's first container."""
        pod = self._pod(identity, "no command can be run in it")
        result = await run_in_pod(self._client, pod_path(pod), pod.container, argv, timeout, environment)
        return replace(result, output=self._secrets.mask(result.output))

    async def close(self) -> None:
        """Let go of every connection."""
        await self._forwards.close()
        await self._client.reset()

    def _pod(self, identity: Identity, ending: str) -> PodFact:
        found = self._now.fleet.pod(identity.instance) if self._now else None
        if found is None:
            raise SourceError(f"the pod of {identity.name} is gone, {ending}")
        return found


def pod_path(pod: PodFact) -> str:
    """Where the API has a pod."""
    return f"{PODS.path(pod.owner.space)}/{pod.instance.name}"


def _no_object(name: str, error: ApiAnswer) -> str:
    if error.status == 404:
        return f"{name} is gone"
    if error.status == 403:
        return f"{name} may not be looked at: {error.message}"
    return f"{name} cannot be looked at: {error.message}"
