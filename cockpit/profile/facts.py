"""What the rules that look at several values at once are given, and what they find."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from cockpit.profile.issue import Path
from cockpit.profile.reader import Reader
from cockpit.profile.schema import Profile


class Finding(Struct, frozen=True):
    """A mistake of the value at `path`; at_key: located at its key."""

    path: Path
    text: str
    at_key: bool = False


class Facts(Struct, frozen=True):
    """A profile of which everything unreadable is left out, and what the file held.

    services and backends have the names of those left out too; of backends the kind, "" when it could not be read.
    """

    profile: Profile
    reader: Reader
    services: frozenset[str]
    backends: Mapping[str, str]

    def item(self, path: Path, place: int) -> Path:
        """The place in the file of a list's value."""
        kept = self.reader.kept.get(path, ())
        return (*path, kept[place] if place < len(kept) else place)

    def whole(self, path: Path) -> bool:
        """Whether nothing at or under the path was found wrong, so that rules over it say something true."""
        return not self.reader.broken(path)

    def given(self, path: Path) -> bool:
        """Whether the file holds a value there."""
        return self.reader.given(path)


Rule = Callable[[Facts], Iterator[Finding]]
