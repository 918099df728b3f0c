"""What is typed after `:` to list objects, in the words of k9s: `po shop /web`, `dp -A app=web`, `secret @prod`."""

from collections.abc import Sequence

from msgspec import Struct

from cockpit.board.snapshot import Snapshot
from cockpit.engine.port import ObjectKind, ObjectQuery

ALL = frozenset({"all", "-a", "--all-namespaces", "*"})
CLUSTERS = frozenset({"kubernetes"})
"""Kinds of sources that have objects to list."""


class Listing(Struct, frozen=True):
    """A list that is asked for. source: whose, empty for the first cluster; filter: what `/` leaves of it.

    select: the name of the object that the cursor is to stand on.
    """

    query: ObjectQuery
    source: str = ""
    filter: str = ""
    select: str = ""


def parsed(text: str) -> Listing:
    """KIND [NAMESPACE | all] [KEY=VALUE,...] [@SOURCE] [/FILTER | -f LETTERS]; of nothing an empty kind."""
    before, slash, after = text.strip().partition(" /")
    words, kept = before.split(), after.strip()
    if "-f" in words and not slash:
        place = words.index("-f")
        words, kept = words[:place], " ".join(words[place:])
    kind, space, labels, source = "", None, [], ""
    for word in words:
        if word.startswith("@"):
            source = word[1:]
        elif not kind:
            kind = word.lower()
        elif word.lower() in ALL:
            space = ""
        elif "=" in word:
            labels.append(word)
        elif word not in ("-n", "--namespace"):
            space = word
    return Listing(ObjectQuery(kind=kind, space=space, labels=",".join(labels)), source, kept)


def clusters(snapshot: Snapshot, near: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the sources whose objects can be listed; `near` (what is looked at) first."""
    names = [source.name for source in snapshot.sources if source.kind in CLUSTERS]
    return tuple(sorted(names, key=lambda name: name not in near))


def meant(kinds: Sequence[ObjectKind], word: str) -> list[ObjectKind]:
    """The kinds that a word may mean: those it names first, then those with a name that begins so."""
    named = [one for one in kinds if word in (*one.names, one.qualified)]
    begun = [one for one in kinds if one not in named and any(name.startswith(word) for name in one.names)]
    return [*named, *begun]
