"""When a probe's state changes: only after several answers agree, so that one blip wakes nobody."""

from collections import deque

from cockpit.board.model import ReadingState

_RANK = {ReadingState.OK: 0, ReadingState.DEGRADED: 1, ReadingState.DOWN: 2}
_STATE = {rank: state for state, rank in _RANK.items()}


class Hysteresis:
    """Holds a state until `bad_after` answers in a row are worse, or `good_after` in a row are better.

    The first answer counts at once: there is nothing to hold to, and who has just been paged must not wait. Unknown
    counts at once too, so that nothing unknown is shown as healthy.
    """

    def __init__(self, bad_after: int, good_after: int) -> None:
        self._bad_after, self._good_after = bad_after, good_after
        self._ranks: deque[int] = deque(maxlen=max(bad_after, good_after))
        self.state = ReadingState.UNKNOWN
        self.waiting = ""
        """How far a change is ("1 of 2"); empty when the last answer and the state agree."""

    def take(self, answer: ReadingState) -> ReadingState:
        """The state after one more answer."""
        self.waiting = ""
        rank = _RANK.get(answer)
        if rank is None or self.state not in _RANK:
            self._ranks.clear()
            if rank is not None:
                self._ranks.append(rank)
            self.state = answer
            return answer
        self._ranks.append(rank)
        self.state = _STATE[self._next(_RANK[self.state])]
        if _RANK[self.state] != rank:
            self.waiting = self._progress(rank)
        return self.state

    def _next(self, shown: int) -> int:
        ranks = list(self._ranks)
        worse, better = ranks[-self._bad_after :], ranks[-self._good_after :]
        if len(worse) == self._bad_after and min(worse) > shown:
            return min(worse)
        if len(better) == self._good_after and max(better) < shown:
            return max(better)
        return shown

    def _progress(self, rank: int) -> str:
        shown = _RANK[self.state]
        count = 0
        for earlier in reversed(self._ranks):
            if (earlier > shown) != (rank > shown) or earlier == shown:
                break
            count += 1
        return f"{count} of {self._bad_after if rank > shown else self._good_after}"
