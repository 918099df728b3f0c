"""What the journal tells of changes: mitigations with what came of them, and releases. Folded entry by entry."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from cockpit.backends.history import Ran
from cockpit.board import why
from cockpit.board.changes import KEPT_FOR
from cockpit.board.clock import Clock
from cockpit.board.model import Change, ChangeKind
from cockpit.board.text import safe
from cockpit.board.update import Noted, Update
from cockpit.incident import releases
from cockpit.incident.entry import Entry
from cockpit.incident.intents import fact, run_of

_LONGEST = 200
_ENDED = timedelta(days=2)
"""A run that has had no verdict for so long is forgotten."""


class Told:
    """A fold over entries as they are recorded, which tells the board. Of other profiles' services nothing is told."""

    def __init__(self, profile: str, clock: Clock, emit: Callable[[Update], None]) -> None:
        self._profile, self._clock, self._emit = profile, clock, emit
        self._begun: dict[str, datetime] = {}
        """When each run began: what came of it is told of that moment."""

    def hear(self, entries: Iterable[Entry]) -> None:
        """Tell of the changes of the last day that stand in these entries."""
        now = self._clock.now()
        found: dict[str, list[Change]] = {}
        for entry in entries:
            if now - entry.happened <= KEPT_FOR:
                for service, change in self._of(entry):
                    found.setdefault(service, []).append(change)
        self._begun = {run: at for run, at in self._begun.items() if now - at < _ENDED}
        for service, changes in found.items():
            self._emit(Noted(at=now, service=service, changes=tuple(changes)))

    def _of(self, entry: Entry) -> Iterator[tuple[str, Change]]:
        run, service = run_of(entry), fact(entry, "service")
        if entry.kind == "intent" and fact(entry, "profile") == self._profile and fact(entry, "target"):
            # Without a target it is attended: a shell, of which nobody knows what it changed.
            self._begun[run] = entry.happened
            words = f"{entry.text} by {entry.who}" if entry.who else str(entry.text)
            yield service, Change(entry.happened, ChangeKind.MITIGATION, safe(words, _LONGEST), run)
        elif entry.kind == "verdict" and run in self._begun:
            yield service, Change(self._begun[run], ChangeKind.MITIGATION, safe(entry.text, _LONGEST), run)
        elif entry.kind == releases.KIND and fact(entry, "profile") == self._profile and not releases.quiet(entry):
            old, new = _pair(entry)
            if old is not None and new is not None:
                words = why.rollout(old.name, new.name)
                yield service, Change(entry.happened, ChangeKind.ROLLOUT, safe(words, _LONGEST), service)


def _pair(entry: Entry) -> tuple[Ran | None, Ran | None]:
    """What ran before, and what runs since."""
    told = [one.ran for one in releases.releases_in(entry)]
    return (told[0], told[-1]) if len(told) > 1 else (None, None)
