"""The timeline as it goes on: entries come one by one, the rows that tell the story are at hand."""

from collections.abc import Iterable

from cockpit.incident.entry import Entry
from cockpit.incident.temporary import Changes, Temporary
from cockpit.incident.timeline import Row, Timeline, curated


class Rolling:
    """Folds what is new into what is there; an entry that is not saved yet stays shown until its saved one comes."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        entries = tuple(entries)
        self._timeline = Timeline(entries)
        self._changes = Changes(entries)
        self._unsaved: list[Entry] = []
        self.size = len(entries)
        """Entries that it is folded from; the owner renews it before they are too many."""
        self.rows: tuple[Row, ...] = curated(self._timeline.rows())

    def renew(self, entries: Iterable[Entry]) -> None:
        """Fold only these, the newest, from now on; changes that still stand are kept however old they are."""
        entries = tuple(entries)
        self.size = len(entries)
        self._timeline = Timeline((*entries, *self._unsaved))
        self.rows = curated(self._timeline.rows())

    @property
    def temporary(self) -> tuple[Temporary, ...]:
        """Changes that still stand and are meant to be taken back, oldest first."""
        return self._changes.open

    def hear(self, new: Iterable[Entry]) -> None:
        """Take in entries, in the order of their ids; those with id 0 were only set aside."""
        new = tuple(new)
        self.size += len(new)
        self._changes.hear(new)
        saved = {entry.unique for entry in new if entry.id and entry.unique}
        self._unsaved = [entry for entry in self._unsaved if entry.unique not in saved]
        self._unsaved += [entry for entry in new if not entry.id]
        self._timeline.forget_unsaved()
        self._timeline.add((*(entry for entry in new if entry.id), *self._unsaved))
        self.rows = curated(self._timeline.rows())
