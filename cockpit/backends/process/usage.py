"""CPU and memory of processes with all that descend from them. Called in a thread."""

from collections.abc import Iterable

from cockpit.backends import procfs
from cockpit.backends.procfs import Stat


class Usage:
    """Remembers CPU ticks, so that per cent can be told."""

    def __init__(self) -> None:
        self._ticks: dict[tuple[int, int], int] = {}
        self._at = 0.0

    def read(self, roots: Iterable[Stat], now: float) -> dict[tuple[int, int], tuple[float | None, int]]:
        """(pid, start) of each root -> (CPU in % of one core, None at first; resident bytes, shared pages in each)."""
        passed = now - self._at
        last, self._ticks, self._at = self._ticks, {}, now
        result: dict[tuple[int, int], tuple[float | None, int]] = {}
        for root in roots:
            family = [one for pid in procfs.with_children(root.pid) if (one := procfs.stat(pid))]
            used, known = 0, False
            for one in family:
                key = (one.pid, one.started)
                self._ticks[key] = one.ticks
                known = known or (one.pid == root.pid and key in last)
                used += one.ticks - last.get(key, 0)
            cpu = round(used / procfs.TICKS / passed * 100, 1) if known and passed > 0 else None
            if family:
                result[root.pid, root.started] = (cpu, sum(one.memory for one in family))
        return result
