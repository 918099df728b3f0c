"""Remembers where a log was read up to, so that what is asked for again is not shown again."""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cockpit.logs.line import RawLine

REMEMBERED = 1_000
"""Lines of which time and hash are kept: 100 kB a stream."""
BACK = timedelta(seconds=1)
"""How far back a log is asked for again at most."""
DISORDER = timedelta(milliseconds=1)
"""Two writers of one log (stdout, stderr) may stamp their lines in another order than they write them, by so much."""


class Seen:
    """What one instance's stream has delivered.

    Engines give the time of a line, not a position. After a break the log is asked for from a little before the last
    time on (`since`), and each of those lines is left out as often as it was delivered. Lines without a time cannot be
    told apart and are let through.
    """

    def __init__(self) -> None:
        self.last: datetime | None = None
        self.broken = False
        """Its stream broke and is not read again yet, or was never read to its end."""
        self.untimed = False
        """Lines without a time came: nobody can say whether some are missing or twice."""
        self.overlaps = False
        """Since `resume` a line came again that had been delivered: so nothing is missing between."""
        self._recent: deque[tuple[datetime, int]] = deque(maxlen=REMEMBERED)
        self._since = self._until = datetime.min.replace(tzinfo=UTC)
        self._known: Counter[tuple[datetime, int]] = Counter()

    @property
    def since(self) -> datetime | None:
        """From when on to ask again; None when nothing with a time has come."""
        if self.last is None:
            return None
        oldest = self.last - BACK
        times = [at for at, _ in self._recent if at >= oldest]
        if len(self._recent) == REMEMBERED and self._recent[0][0] >= oldest:
            # Of the oldest time some lines may be forgotten already.
            return min((at for at in times if at > self._recent[0][0]), default=self.last)
        return min(times) - DISORDER

    def resume(self) -> None:
        """A new connection begins, from `since` on."""
        self.overlaps = False
        since = self.since
        if self.last is not None and since is not None:
            self._since, self._until = since, self.last + BACK
            self._known = Counter(one for one in self._recent if one[0] >= since)

    def fresh(self, batch: Sequence[RawLine]) -> Sequence[RawLine]:
        """The lines of a batch that have not been delivered."""
        if self._known:
            batch = [line for line in batch if not self._repeated(line)]
        for line in batch[-REMEMBERED:]:
            if line.at is None:
                self.untimed = True
                continue
            self._recent.append((line.at, hash((line.stream, line.part, line.data))))
            if self.last is None or line.at > self.last:
                self.last = line.at
        return batch

    def _repeated(self, line: RawLine) -> bool:
        if line.at is None:
            return False
        if line.at < self._since:
            # An engine that reads `since` as whole seconds gives older ones too.
            return True
        if line.at > self._until:
            self._known.clear()
            return False
        key = (line.at, hash((line.stream, line.part, line.data)))
        if self._known[key] <= 0:
            return False
        self._known[key] -= 1
        self.overlaps = True
        return True
