"""Processor, memory and storage of the demo's instances: from the host's counters to numbers of the board."""

from collections.abc import Iterator

from cockpit.board.model import Identity, Sample
from cockpit.demo.told import StatsTold, UsageTold


class Meter:
    """Remembers the counters of each process, so that rates can be told."""

    def __init__(self) -> None:
        self._before: dict[Identity, tuple[int | None, float, UsageTold]] = {}

    def read(self, stats: StatsTold, wanted: dict[str, tuple[Identity, int | None]]) -> tuple[Sample, ...]:
        """The numbers of the instances in `wanted`: their identities and pids by name. Rates need two readings."""
        found: list[Sample] = []
        for name, (identity, pid) in wanted.items():
            used = stats.instances.get(name)
            if used is None:
                self._before.pop(identity, None)
                continue
            found += self._samples(identity, pid, stats.monotonic, used)
            self._before[identity] = (pid, stats.monotonic, used)
        return tuple(found)

    def forget(self, gone: set[Identity]) -> None:
        """Instances that are not there any more."""
        for identity in gone & self._before.keys():
            del self._before[identity]

    def _samples(self, identity: Identity, pid: int | None, now: float, used: UsageTold) -> Iterator[Sample]:
        yield Sample(identity, "memory", float(used.resident), "B")
        before = self._before.get(identity)
        if before is None or before[0] != pid or now <= before[1]:
            return
        passed, old = now - before[1], before[2]
        yield Sample(identity, "cpu", round(max(0.0, used.cpu - old.cpu) / passed * 100, 1), "%")
        for metric, after, earlier in (("disk read", used.read, old.read), ("disk write", used.written, old.written)):
            if after is not None and earlier is not None:
                yield Sample(identity, metric, max(0, after - earlier) / passed, "B/s")
