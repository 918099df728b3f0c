"""Which of this machine's resources are beyond the profile's limits, in words."""

from collections.abc import Iterator

from cockpit.board.machine import HostFacts
from cockpit.board.model import ReadingState, SafeText
from cockpit.board.text import safe
from cockpit.probes.threshold import crossed, limit
from cockpit.profile.probes import Threshold
from cockpit.profile.schema import HostThresholds

_ORDER = {ReadingState.DOWN: 0, ReadingState.DEGRADED: 1, ReadingState.UNKNOWN: 2}


def findings(
    facts: HostFacts, thresholds: HostThresholds, cpu: float | None
) -> tuple[tuple[ReadingState, SafeText], ...]:
    """(how bad, what) of each crossed limit, worst first. cpu: the mean that is judged, % of all cores."""
    found: list[tuple[ReadingState, SafeText]] = [
        (state, safe(f"{text} {limit(threshold, value)}", 160))
        for text, value, threshold in _judged(facts, thresholds, cpu)
        if (state := crossed(threshold, value)) in (ReadingState.DOWN, ReadingState.DEGRADED)
    ]
    found += [
        (ReadingState.UNKNOWN, safe(f"disk {disk.mount}: {disk.error}", 160)) for disk in facts.disks if disk.error
    ]
    found.sort(key=lambda one: _ORDER[one[0]])
    return tuple(found)


def _judged(facts: HostFacts, thresholds: HostThresholds, cpu: float | None) -> Iterator[tuple[str, float, Threshold]]:
    """(what it is called, its value, its limits) of everything that can be judged."""
    if cpu is not None:
        yield f"cpu {cpu:.0f} %", cpu, thresholds.cpu
    for name, used, total, threshold in (
        ("memory", facts.memory_used, facts.memory_total, thresholds.memory),
        ("swap", facts.swap_used, facts.swap_total, thresholds.swap),
    ):
        if total:
            yield f"{name} {used / total * 100:.0f} %", used / total * 100, threshold
    load = facts.load[0] / facts.cores
    yield f"load {facts.load[0]:.1f}, {load:.1f} a core", load, thresholds.load
    for disk in facts.disks:
        if disk.total:
            percent = disk.used / disk.total * 100
            yield f"disk {disk.mount} {percent:.0f} %", percent, thresholds.disk
        if disk.inodes and disk.inodes_used is not None:
            percent = disk.inodes_used / disk.inodes * 100
            yield f"inodes of {disk.mount} {percent:.0f} %", percent, thresholds.inodes
