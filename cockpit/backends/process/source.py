"""A `Source` of plain processes of this machine. It looks every 0.7 s and starts and ends nothing."""

import hashlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cockpit.backends import procfs
from cockpit.backends.base import Address, CommandResult, Emit, SourceError
from cockpit.backends.pool import Pool
from cockpit.backends.process.describe import describe
from cockpit.backends.process.find import Finder, Found, Key
from cockpit.backends.process.listen import reached_at, read_listeners
from cockpit.backends.process.slots import Slot, advance
from cockpit.backends.process.usage import Usage
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Phase, SafeText, Sample, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.select import selected_by
from cockpit.board.text import safe
from cockpit.board.update import Changed, Declared, Heard, Listed, Sampled
from cockpit.logs.line import LogRequest, RawLine
from cockpit.profile.schema import Backend, Selector

LOOK = 0.7
"""Seconds between two looks: an exit is seen within one second."""
SPEAK = 2.0
FIELDS = ("pidfile", "port", "command")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")


class ProcessSource:
    """Observes the processes that a profile's selectors name."""

    def __init__(
        self,
        name: str,
        backend: Backend,
        selectors: Sequence[Selector],
        clock: Clock,
        secrets: Secrets | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._name, self._clock, self._secrets = name, clock, secrets or Secrets()
        chosen = (selected_by(selector) for selector in selectors)
        self._keys: list[Key] = [key for key in dict.fromkeys(chosen) if key[0] in FIELDS]
        # Of its own: a pid file on a mount that hangs must stop nobody else.
        self._pool = Pool(f"process-{name}", 2)
        self._finder, self._usage = Finder(environ), Usage()
        self._slots: dict[Key, tuple[Slot, ...]] = {}
        self._told: dict[Key, Workload] = {}
        self._scope, self._host, self._boot = machine_id(), safe(socket.gethostname(), 64), EPOCH

    @property
    def name(self) -> str:
        """The profile's name of the backend."""
        return self._name

    async def observe(self, emit: Emit) -> None:
        """Emit what runs, what ends, and the numbers of each. SourceError when /proc cannot be read."""
        if not procfs.available():
            raise SourceError(f"backend {self._name}: plain processes are observed through Linux's /proc, not here")
        label = safe(f"process:{self._host}")
        emit(Declared(source=self._name, at=self._clock.now(), label=label, kind="process", interval=SPEAK))
        self._boot = EPOCH + timedelta(seconds=await self._read(procfs.boot_time))
        self._told = {}
        spoken = -SPEAK
        while True:
            told = await self._look(emit)
            if self._clock.monotonic() - spoken >= SPEAK:
                spoken = self._clock.monotonic()
                if not told:
                    emit(Heard(source=self._name, at=self._clock.now()))
                await self._measure(emit)
            await self._clock.sleep(LOOK)

    def focus(self, visible: frozenset[Identity]) -> None:
        """Nothing to do: a look at a process costs 14 us."""

    def logs(self, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        """SourceError: nobody collects what a plain process prints."""
        raise SourceError(f"{request.instance.name}: a plain process has no log; name a file under its service's logs:")

    async def inspect(self, identity: Identity) -> SafeText:
        """What /proc says of a process, or of those of a workload."""
        pids = [
            slot.process.pid
            for key, slots in self._slots.items()
            for slot in slots
            if slot.gone_at is None and identity in (self._workload_id(key), self._instance_id(key, slot))
        ]
        if not pids:
            raise SourceError(f"{identity.kind} {identity.name}: no process runs there now")
        text = await self._pool.run(describe, pids)
        return SafeText("\n".join(self._secrets.mask(safe(line, 2000)) for line in text.splitlines()))

    async def address(self, workload: Workload, port: int) -> Address:
        """Where this machine's port is reached: the address its listener is bound to."""
        found = await self._read(read_listeners)
        hosts = sorted(reached_at(one.host) for one in found if one.port == port)
        host = "127.0.0.1" if not hosts or "127.0.0.1" in hosts else hosts[0]
        return Address(host, port, SafeText("port of this machine"))

    async def execute(
        self, identity: Identity, argv: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        """SourceError: there is no inside to run it in."""
        raise SourceError(f"{identity.name}: a plain process has no inside; declare the probe as kind: command")

    async def close(self) -> None:
        """Let go of the thread."""
        self._pool.close()

    async def _look(self, emit: Emit) -> bool:
        """One look; tells what changed. The first tells everything."""
        found = await self._read(self._finder.find, self._keys, self._clock.monotonic())
        now = self._clock.now()
        workloads = {key: self._workload(key, found[key], now) for key in self._keys}
        changed = [key for key, workload in workloads.items() if self._told.get(key) != workload]
        if not self._told:
            emit(Listed(source=self._name, at=now, workloads=tuple(workloads.values())))
        else:
            for key in changed:
                emit(Changed(source=self._name, at=now, workload=workloads[key]))
        first, self._told = not self._told, workloads
        return first or bool(changed)

    async def _measure(self, emit: Emit) -> None:
        live = [(key, slot) for key, slots in self._slots.items() for slot in slots if slot.gone_at is None]
        roots = [slot.process for _, slot in live]
        usage = await self._pool.run(self._usage.read, roots, self._clock.monotonic())
        samples = []
        for key, slot in live:
            cpu, memory = usage.get(slot.key, (None, None))
            target = self._instance_id(key, slot)
            if cpu is not None:
                samples.append(Sample(target, "cpu", cpu, "%"))
            if memory is not None:
                samples.append(Sample(target, "memory", float(memory), "B"))
        if samples:
            emit(Sampled(source=self._name, at=self._clock.now(), samples=tuple(samples)))

    async def _read(self, function: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await self._pool.run(function, *arguments)
        except OSError as error:
            raise SourceError(f"backend {self._name}: /proc cannot be read: {error.strerror or error}") from None

    def _workload(self, key: Key, found: Found, now: datetime) -> Workload:
        slots = advance(self._slots.get(key, ()), found.processes, now)
        self._slots[key] = slots
        instances = tuple(self._instance(key, slot) for slot in slots)
        if found.hidden or not instances:
            instances = (self._stand_in(key, found),)
        where = (("host", self._host),)
        return Workload(id=self._workload_id(key), source=self._name, where=where, instances=instances, desired=1)

    def _instance(self, key: Key, slot: Slot) -> Instance:
        began = self._boot + timedelta(seconds=slot.process.started / procfs.TICKS)
        return Instance(
            id=self._instance_id(key, slot),
            name=safe(self._secrets.mask(safe(slot.name, 64)), 64),
            phase=Phase.EXITED if slot.gone_at else Phase.RUNNING,
            restarts=slot.restarts,
            created_at=began,
            started_at=began,
            finished_at=slot.gone_at,
        )

    def _stand_in(self, key: Key, found: Found) -> Instance:
        """Stands for a process that is not there or cannot be seen, so that the reason has a place."""
        phase = Phase.RUNNING if found.hidden else Phase.EXITED
        said = safe(found.problem, 200)
        return Instance(
            id=self._numbered(key, "-"),
            name=safe(f"{key[0]} {key[1]}", 64),
            phase=phase,
            error=SafeText("") if found.hidden else said,
            health_detail=said if found.hidden else SafeText(""),
        )

    def _workload_id(self, key: Key) -> Identity:
        return Identity("process", self._scope, "", key[0], key[1])

    def _instance_id(self, key: Key, slot: Slot) -> Identity:
        return self._numbered(key, f"{slot.process.pid}:{slot.process.started}")

    def _numbered(self, key: Key, instance: str) -> Identity:
        return Identity("process", self._scope, "", key[0], key[1], instance)


def machine_id() -> str:
    """What this machine is called wherever it is looked at from: a hash of its id, of this boot's where it has none."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id"):
        try:
            with open(path, "rb") as file:
                text = file.read(64).strip()
        except OSError:
            continue
        if text:
            return hashlib.sha256(b"cockpit " + text).hexdigest()[:16]
    return socket.gethostname()
