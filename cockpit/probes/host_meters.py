"""Measures this machine: CPU, memory, swap, load, network, and the busiest processes. Called in one thread."""

import pwd
import socket
from functools import lru_cache

from msgspec import Struct

from cockpit.backends import procfs
from cockpit.board.machine import HostProcess
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

TOP = 8
VIRTUAL = ("lo", "veth", "br-", "docker", "virbr", "cni", "flannel", "cali", "cilium", "lxc", "vnet")
"""Interfaces whose traffic is also counted on a real one, or never leaves the machine."""


class Numbers(Struct, frozen=True, kw_only=True):
    """One measurement. Rates in bytes a second and CPU (% of all cores) are None until there are two."""

    name: str
    cores: int
    cpu: float | None
    load: tuple[float, float, float]
    memory_total: int
    memory_used: int
    swap_total: int
    swap_used: int
    net_rx: float | None
    net_tx: float | None


class Meters:
    """Remembers the last counters, so that rates can be told."""

    def __init__(self) -> None:
        self._last: tuple[float, int, int] | None = None

    def read(self, now: float) -> Numbers:
        """Measure; `now` is monotonic seconds. Takes about 1 ms, the first time 20 ms (psutil is imported)."""
        import psutil

        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        first = self._last is None
        cpu = psutil.cpu_percent(None)
        rx, tx = self._network(now)
        return Numbers(
            name=socket.gethostname(),
            cores=psutil.cpu_count() or 1,
            cpu=None if first else cpu,
            load=psutil.getloadavg(),
            memory_total=memory.total,
            memory_used=memory.total - memory.available,
            swap_total=swap.total,
            swap_used=swap.used,
            net_rx=rx,
            net_tx=tx,
        )

    def _network(self, now: float) -> tuple[float | None, float | None]:
        import psutil

        before = self._last
        real = [
            counters
            for name, counters in psutil.net_io_counters(pernic=True).items()
            if not name.startswith(VIRTUAL)
        ]  # fmt: skip
        rx, tx = sum(one.bytes_recv for one in real), sum(one.bytes_sent for one in real)
        self._last = (now, rx, tx)
        if before is None or now <= before[0]:
            return None, None
        passed = now - before[0]
        # An interface that went away takes its count with it: no rate is negative.
        return max(0.0, (rx - before[1]) / passed), max(0.0, (tx - before[2]) / passed)


class Busiest:
    """The processes that use the most CPU. Only names are shown: arguments hold secrets."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._last: dict[tuple[int, int], int] = {}
        self._at = 0.0

    def read(self, now: float) -> tuple[HostProcess, ...]:
        """The top eight by CPU since the last call, then by memory; empty at the first call and without /proc."""
        if not procfs.available():
            return ()
        stats = [found for pid in procfs.pids() if (found := procfs.stat(pid))]
        last, passed = self._last, now - self._at
        self._last, self._at = {(one.pid, one.started): one.ticks for one in stats}, now
        if not last or passed <= 0:
            return ()

        def cpu(one: procfs.Stat) -> float:
            # A process that began in between used all it has since then.
            used = one.ticks - last.get((one.pid, one.started), 0)
            return used / procfs.TICKS / passed * 100

        ranked = sorted(((cpu(one), one.memory, one) for one in stats), key=lambda row: (-row[0], -row[1]))
        return tuple(self._row(one, used) for used, _, one in ranked[:TOP])

    def _row(self, one: procfs.Stat, cpu: float) -> HostProcess:
        name = safe(self._secrets.mask(safe(one.name, 64)), 32)
        return HostProcess(one.pid, name, safe(_user(procfs.owner(one.pid)), 32), round(cpu, 1), one.memory)


@lru_cache(maxsize=256)
def _user(uid: int | None) -> str:
    if uid is None:
        return "-"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
