"""Lines of several instances in order of time: each batch is held for a moment so that slower streams catch up.

While one instance's backlog pours in, the newer lines of others wait for it, but not for ever. A line that comes later
than that is not lost; it stands where it arrived.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from cockpit.logs.ring import Parsed, microseconds

HOLD = 0.25
"""Seconds for which a line waits for older ones of other streams."""
LONGEST = 2.0
"""Seconds that a line waits at most, however many older ones keep coming."""
BELONGS = timedelta(seconds=1)
"""A line without a time that comes so soon after its predecessor belongs to it (a stack trace)."""

MAX_HELD = 20_000
MAX_HELD_BYTES = 4 * 2**20
"""Lines and characters held at most: past that the oldest go on at once."""


_NEVER = -(2**63)


class Merge:
    """A heap by time. `put` with the time of arrival; `take` gives what has waited long enough, in order."""

    def __init__(self, hold: float = HOLD) -> None:
        self.hold = hold
        self._heap: list[tuple[int, int, Parsed]] = []
        self._numbers = count()
        self._size = 0
        # Batches in order of arrival: (arrived, number of its last line, latest time in it).
        self._young: deque[tuple[float, int, int]] = deque()
        self._waited: deque[tuple[float, int, int]] = deque()
        self._ripe = -1
        self._overdue = _NEVER
        self._last: dict[str, tuple[datetime, datetime]] = {}

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def full(self) -> bool:
        """Whether lines have to go on before more are put in."""
        return len(self._heap) > MAX_HELD or self._size > MAX_HELD_BYTES

    def put(self, lines: Sequence[Parsed], arrived: float, now: datetime) -> None:
        """Add lines of one instance, in their order; `arrived` is the monotonic time, `now` the moment.

        A line without a time stays behind its predecessor, or counts as written now.
        """
        if len(self._last) > MAX_HELD:
            self._last.clear()
        number = latest = _NEVER
        for line in lines:
            at = line.at or self._time_for(line.source, now)
            if line.at is not None:
                self._last[line.source] = (at, now)
            key, number = microseconds(at), next(self._numbers)
            latest = max(latest, key)
            self._size += len(line.text)
            heapq.heappush(self._heap, (key, number, line))
        if lines:
            self._young.append((arrived, number, latest))

    def take(self, now: float, most: int = MAX_HELD, *, everything: bool = False) -> list[Parsed]:
        """At most `most` lines in order of time, up to the first that has not waited for `hold` seconds yet."""
        self._ripen(now)
        heap, taken = self._heap, list[Parsed]()
        while heap and len(taken) < most:
            key, number, line = heap[0]
            if not (everything or number <= self._ripe or key <= self._overdue or self.full):
                break
            heapq.heappop(heap)
            self._size -= len(line.text)
            taken.append(line)
        if not heap:
            self._young.clear()
            self._waited.clear()
        if not heap or heap[0][0] > self._overdue:
            self._overdue = _NEVER
        return taken

    def _ripen(self, now: float) -> None:
        while self._young and self._young[0][0] + self.hold <= now:
            batch = self._young.popleft()
            self._ripe = batch[1]
            self._waited.append(batch)
        while self._waited and self._waited[0][0] + LONGEST <= now:
            self._overdue = max(self._overdue, self._waited.popleft()[2])

    def _time_for(self, source: str, now: datetime) -> datetime:
        at, came = self._last.get(source, (now, now))
        return at if now - came < BELONGS else now
