"""Numbers of one container from two samples of it. Pure.

CPU is in per cent of one core. Memory is what `docker stats` shows: usage without the inactive part of the page cache,
which control groups v1 call total_inactive_file and v2 inactive_file.
"""

from msgspec import Struct

from cockpit.backends.docker.times import nanoseconds
from cockpit.backends.docker.wire import MemoryStats, Stats
from cockpit.board.model import Identity, Sample

_NS = 1e9
NEAREST = 0.2
"""Seconds: over a shorter time a rate is noise."""


class Totals(Struct, frozen=True):
    """What only ever grows while a container runs; at: the engine's time in nanoseconds."""

    at: int
    cpu: int
    rx: int | None
    tx: int | None
    read: int | None
    written: int | None


def totals(stats: Stats) -> Totals | None:
    """None: the container does not run."""
    at = nanoseconds(stats.read)
    if at is None:
        return None
    networks = None if stats.networks is None else tuple(stats.networks.values())
    entries = stats.blkio_stats.io_service_bytes_recursive
    blocks = None if entries is None else [(entry.op.lower(), entry.value) for entry in entries]
    return Totals(
        at=at,
        cpu=stats.cpu_stats.cpu_usage.total_usage,
        rx=None if networks is None else sum(one.rx_bytes for one in networks),
        tx=None if networks is None else sum(one.tx_bytes for one in networks),
        read=None if blocks is None else sum(value for op, value in blocks if op == "read"),
        written=None if blocks is None else sum(value for op, value in blocks if op == "write"),
    )


def memory_used(memory: MemoryStats) -> int | None:
    """Bytes as `docker stats` counts them; None when the engine gives none."""
    if memory.usage <= 0:
        return None
    stats = memory.stats or {}
    for name in ("total_inactive_file", "inactive_file"):
        inactive = stats.get(name)
        if inactive is not None and inactive < memory.usage:
            return memory.usage - inactive
    return memory.usage


def measure(target: Identity, before: Totals | None, now: Totals, memory: MemoryStats) -> tuple[Sample, ...]:
    """The samples of one container. before: of the same run, None when there was none: then only memory is known."""
    samples = []
    used = memory_used(memory)
    if used is not None:
        samples.append(Sample(target, "memory", float(used), "B"))
    if before is None or now.cpu < before.cpu or (now.at - before.at) / _NS < NEAREST:
        return tuple(samples)
    seconds = (now.at - before.at) / _NS
    samples.append(Sample(target, "cpu", round((now.cpu - before.cpu) / _NS / seconds * 100, 1), "%"))
    rates = (
        ("net rx", before.rx, now.rx),
        ("net tx", before.tx, now.tx),
        ("disk read", before.read, now.read),
        ("disk write", before.written, now.written),
    )
    for metric, old, new in rates:
        if old is not None and new is not None and new >= old:
            samples.append(Sample(target, metric, round((new - old) / seconds, 1), "B/s"))
    return tuple(samples)
