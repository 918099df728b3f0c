"""One Docker Engine as a source: it observes, reads logs, inspects, and runs declared probes; it changes nothing."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import msgspec
from msgspec.structs import replace

from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.backends.docker.address import find_address
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.describe import describe
from cockpit.backends.docker.execute import run_in_container
from cockpit.backends.docker.logs import read_logs
from cockpit.backends.docker.observe import PING_EVERY, Observation
from cockpit.backends.docker.wire import Container, Info
from cockpit.backends.history import Ran
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.revision import Revision
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe, safe_block
from cockpit.board.update import Declared
from cockpit.logs.line import LogRequest, RawLine
from cockpit.profile.schema import Backend

INSPECTED = 20
"""Containers of one workload that are inspected for its text."""
INSPECT_LIMIT = 256 * 1024


class DockerSource:
    """A `Source`. Its client refuses every request that would change the engine."""

    def __init__(self, name: str, backend: Backend, clock: Clock, secrets: Secrets | None = None) -> None:
        self._name, self._backend, self._clock = name, backend, clock
        self._secrets = secrets or Secrets()
        self._client = EngineClient(name, backend, clock, read_only=True)
        self._focus: frozenset[Identity] = frozenset()
        self._now: Observation | None = None

    @property
    def name(self) -> str:
        """The profile's name of the backend."""
        return self._name

    @property
    def label(self) -> SafeText:
        """As the header shows it: "docker:main"."""
        return safe(f"docker:{self._name}", 255)

    async def observe(self, emit: Emit) -> None:
        """Emit until the connection is lost: SourceError."""
        emit(Declared(source=self._name, at=self._clock.now(), label=self.label, kind="docker", interval=PING_EVERY))
        await self._client.reset()
        self._now = Observation(
            self._name, self.label, self._client, self._backend.project, emit, lambda: self._focus, self._secrets.mask
        )
        await self._now.run()

    def focus(self, visible: frozenset[Identity]) -> None:
        """Which workloads are on the screen."""
        self._focus = visible

    async def logs(self, request: LogRequest) -> AsyncGenerator[Sequence[RawLine], None]:
        """Lines of one container; SourceError when the stream breaks."""
        container = request.instance.instance
        known = self._now.fleet.get(container) if self._now else None
        name = known.instance.name if known else request.instance.name

        async def is_tty() -> bool:
            if known is not None and known.detailed:
                return known.instance.tty
            found = await self._client.get(f"/containers/{container}/json", Container)
            return bool(found.config and found.config.tty)

        path = self._path(request.instance)
        # Closed here and now when its reader stops, not when it is collected: a connection hangs on it.
        async with aclosing(read_logs(self._client, request, path=path, is_tty=is_tty, name=name)) as batches:
            async for batch in batches:
                yield batch

    async def inspect(self, identity: Identity) -> SafeText:
        """Everything the engine knows of a container, or of a workload: its service in a swarm, then its containers."""
        fleet = self._now.fleet if self._now else None
        paths = [self._path(identity)] if identity.instance else fleet.paths(identity) if fleet else []
        if not paths:
            raise SourceError(f"{identity.name} has no container that could be inspected")
        answers = []
        for path in paths[:INSPECTED]:
            raw = await self._client.raw(f"{path}/json" if path.startswith("/containers/") else path)
            answers.append(describe(msgspec.json.decode(raw)))
        if len(paths) > INSPECTED:
            answers.append(f"... and {len(paths) - INSPECTED} more: inspect one of them")
        return self._secrets.mask(safe_block("\n---\n".join(answers), INSPECT_LIMIT))

    async def revisions(self, workload: Workload, past: Sequence[Ran]) -> tuple[Revision, ...]:
        """The images that it runs, ran, or could run."""
        # With it comes all that plans, which watching does not need.
        from cockpit.backends.docker.revisions import revisions

        return await revisions(self._client, workload, past)

    async def address(self, workload: Workload, port: int) -> Address:
        """Where a port of a running container is reached."""
        await self._client.connect()
        endpoint = self._client.endpoint
        assert endpoint is not None
        observed = self._now
        info = observed.info if observed else Info()
        modes = {
            known.row.host_config.network_mode
            for one in workload.instances
            if observed and (known := observed.fleet.get(one.id.instance)) and known.row.host_config
        }
        # The addresses of a virtual machine's containers (Docker Desktop) are not those of this machine.
        inside = endpoint.local and "Desktop" not in info.operating_system
        return find_address(workload, port, endpoint, host_network=modes == {"host"}, inside=inside)

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """Run a declared probe's command in a container."""
        known = self._now.fleet.get(identity.instance) if self._now else None
        name = known.instance.name if known else identity.name
        result = await run_in_container(self._client, identity.instance, name, argv, timeout, environment)
        return replace(result, output=self._secrets.mask(result.output))

    def relist(self) -> None:
        """List and inspect everything again now."""
        if self._now is not None:
            self._now.relist()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.close()

    def _path(self, identity: Identity) -> str:
        """Where the engine is asked about an instance: its container, or its task when that is on another node."""
        slot = self._now.fleet.slot(identity) if self._now else None
        if slot is not None and not (slot.local and slot.container):
            return f"/tasks/{slot.task}"
        return f"/containers/{identity.instance}"
