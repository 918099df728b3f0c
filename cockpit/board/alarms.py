"""When time alone may change something: one due moment a key."""

import heapq
from datetime import datetime


class Alarms:
    """Due moments by key, the earliest first. Setting is O(log n), nothing is searched."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def set(self, key: str, at: datetime | None) -> None:
        """Set or clear (None) the moment of a key."""
        if at is None:
            self._due.pop(key, None)
            return
        if self._due.get(key) == at:
            return
        self._due[key] = at
        heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 64 + 4 * len(self._due):
            # Moments that were moved stay in the heap until they are due: thrown out when they outnumber the rest.
            self._heap = [(due, name) for name, due in self._due.items()]
            heapq.heapify(self._heap)

    def pop(self, now: datetime) -> list[str]:
        """Keys whose moment has come; each is given once and then has none."""
        ripe = []
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                ripe.append(key)
        return ripe
