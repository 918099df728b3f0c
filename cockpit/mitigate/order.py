"""In which order several services are changed: what others need first, then by tier, the critical ones first. Pure."""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from cockpit.board.snapshot import ServiceStatus


def needed_first(services: Iterable[ServiceStatus]) -> tuple[ServiceStatus, ...]:
    """A service comes after what it depends on, so that it is never judged while that is exchanged; among those that
    may come next the lower tier number counts, then the name. Where they need each other in a circle, the tier decides.
    """
    left = {one.key: one for one in services}
    waits = {key: (set(one.depends_on) & left.keys()) - {key} for key, one in left.items()}
    wanted_by: dict[str, list[str]] = {key: [] for key in left}
    for key, needs in waits.items():
        for need in needs:
            wanted_by[need].append(key)
    free = [(one.tier, key) for key, one in left.items() if not waits[key]]
    heapify(free)
    ordered: list[ServiceStatus] = []
    while left:
        key = heappop(free)[1] if free else _of_a_circle(left, waits)
        ordered.append(left.pop(key))
        for other in wanted_by[key]:
            waits[other].discard(key)
            if not waits[other] and other in left:
                heappush(free, (left[other].tier, other))
    return tuple(ordered)


def _of_a_circle(left: Mapping[str, ServiceStatus], waits: Mapping[str, set[str]]) -> str:
    """The most critical of those that need each other and nothing else: who needs the fewest is on one."""

    def needed(start: str) -> int:
        seen, todo = {start}, [start]
        while todo:
            new = (waits[todo.pop()] & left.keys()) - seen
            seen |= new
            todo += new
        return len(seen)

    return min(left, key=lambda key: (needed(key), left[key].tier, key))
