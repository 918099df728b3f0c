"""Which service needs which, both ways, and the dependency that failed first."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from cockpit.board.model import State
from cockpit.board.since import Onset

LAG = timedelta(seconds=30)
"""A fault is noticed so much later at most: probes ask every 10 s and believe the second bad answer."""

_FAILED = (State.DOWN, State.DEGRADED)


class Dependencies:
    """The graph of services by key. Names of services that do not exist are kept: they may come."""

    def __init__(self) -> None:
        self._needs: dict[str, tuple[str, ...]] = {}
        self._needed_by: dict[str, set[str]] = {}

    def declare(self, key: str, needs: Iterable[str]) -> set[str]:
        """Declare what a service needs; gives the services whose dependents changed by it."""
        new = tuple(name for name in dict.fromkeys(needs) if name != key)
        old = self._needs.get(key, ())
        if new == old:
            return set()
        self._needs[key] = new
        for name in old:
            self._needed_by[name].discard(key)
        for name in new:
            self._needed_by.setdefault(name, set()).add(key)
        return set(old) ^ set(new)

    def needs(self, key: str) -> tuple[str, ...]:
        """What a service needs itself."""
        return self._needs.get(key, ())

    def dependents(self, key: str) -> tuple[str, ...]:
        """The services that need this one themselves, by name."""
        return tuple(sorted(self._needed_by.get(key, ())))

    def all_dependents(self, key: str) -> set[str]:
        """The services that need this one, themselves or through others."""
        found: set[str] = set()
        todo = [key]
        while todo:
            for name in self._needed_by.get(todo.pop(), ()):
                if name not in found:
                    found.add(name)
                    todo.append(name)
        found.discard(key)
        return found

    def first_failed(self, key: str, onset_of: Callable[[str], Onset | None]) -> str:
        """The dependency, near or far, that failed first and before this service did; empty when none did.

        One that is down comes before any that is degraded. Of those that failed within LAG of each other the
        farthest away is named: the others stand on it.
        """
        own = onset_of(key)
        if own is None:
            return ""
        depth = self._depths(key)
        for state in _FAILED:
            failed = [
                (onset.at, name)
                for name in depth
                if (onset := onset_of(name)) is not None and onset.state is state and onset.at <= own.at + LAG
            ]
            if failed:
                first = min(failed)[0]
                near = [(-depth[name], at, name) for at, name in failed if at - first <= LAG]
                return min(near)[2]
        return ""

    def _depths(self, key: str) -> dict[str, int]:
        depths: dict[str, int] = {}
        level, distance = self.needs(key), 1
        while level:
            fresh = [name for name in dict.fromkeys(level) if name not in depths and name != key]
            depths.update(dict.fromkeys(fresh, distance))
            level = tuple(need for name in fresh for need in self.needs(name))
            distance += 1
        return depths
