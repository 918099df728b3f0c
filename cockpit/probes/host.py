"""Watches this machine's resources and tells the board every two seconds."""

from collections import deque

from msgspec.structs import replace

from cockpit.backends.base import Emit
from cockpit.backends.pool import Pool
from cockpit.board.clock import Clock
from cockpit.board.machine import Disk, HostFacts, HostProcess
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.board.update import HostSeen
from cockpit.probes.host_disks import DiskWatch
from cockpit.probes.host_findings import findings
from cockpit.probes.host_meters import Busiest, Meters, Numbers
from cockpit.profile.schema import HostThresholds

INTERVAL = 2.0
SECOND = 0.5
"""Seconds to the second measurement: rates and CPU need two."""
DISKS_EVERY = 5
PROCESSES_EVERY = 3
CPU_MEAN = 8
"""Measurements (16 s) over which CPU is averaged before it is judged: a compile is not an incident."""


class HostWatch:
    """Emits `HostSeen`. All reading happens in threads of its own; a file system that hangs is shown as such."""

    def __init__(self, thresholds: HostThresholds, clock: Clock, emit: Emit, secrets: Secrets | None = None) -> None:
        self._thresholds, self._clock, self._emit = thresholds, clock, emit
        # One thread: psutil keeps the CPU's last times for each thread.
        self._pool = Pool("host", 1)
        self._meters, self._busiest = Meters(), Busiest(secrets or Secrets())
        self._disks = DiskWatch(clock)
        self._cpu: deque[float] = deque(maxlen=CPU_MEAN)

    async def run(self) -> None:
        """Watch until cancelled."""
        disks: tuple[Disk, ...] = ()
        busy: tuple[HostProcess, ...] = ()
        turn = 0
        try:
            while True:
                now = self._clock.monotonic()
                numbers = await self._pool.run(self._meters.read, now)
                if turn % DISKS_EVERY == 0:
                    disks = await self._disks.read()
                if turn < 2 or turn % PROCESSES_EVERY == 0:
                    busy = await self._pool.run(self._busiest.read, now)
                self._emit(HostSeen(at=self._clock.now(), facts=self._facts(numbers, disks, busy)))
                await self._clock.sleep(INTERVAL if turn else SECOND)
                turn += 1
        finally:
            self._pool.close()
            await self._disks.close()

    def _facts(self, numbers: Numbers, disks: tuple[Disk, ...], busy: tuple[HostProcess, ...]) -> HostFacts:
        if numbers.cpu is not None:
            self._cpu.append(numbers.cpu)
        facts = HostFacts(
            name=safe(numbers.name, 64),
            cores=numbers.cores,
            cpu=numbers.cpu,
            load=numbers.load,
            memory_total=numbers.memory_total,
            memory_used=numbers.memory_used,
            swap_total=numbers.swap_total,
            swap_used=numbers.swap_used,
            disks=disks,
            net_rx=numbers.net_rx,
            net_tx=numbers.net_tx,
            processes=busy,
        )
        mean = sum(self._cpu) / len(self._cpu) if self._cpu else None
        return replace(facts, findings=findings(facts, self._thresholds, mean))
