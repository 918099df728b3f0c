"""One version of a workload that its platform keeps: what it ran, when it was made, and what differs between two."""

from collections.abc import Sequence
from datetime import datetime
from difflib import unified_diff

from msgspec import Struct

from cockpit.board.model import SafeText
from cockpit.board.text import safe

DIFF_LINES = 400
DEFINITION_LINES = 2_000
"""Lines of one definition that are kept: a pod template has 30 to 300."""


class Revision(Struct, frozen=True, kw_only=True):
    """One revision. name: what a roll back takes as `to`; number: 0 where the platform does not count them.

    images: of its containers; cause: why it was made, as whoever made it said, or where it is known from. replicas,
    ready: instances that it has now, None where that is not counted. current: what is wanted now. healthy: when its
    service was last seen well with it, None: not known. gone: it is known, and cannot be gone back to any more.
    definition: what instances are made from, in the shape of YAML, values of variables masked.
    """

    number: int = 0
    name: str
    images: tuple[SafeText, ...]
    cause: SafeText = SafeText("")
    created_at: datetime | None = None
    replicas: int | None = None
    ready: int | None = None
    current: bool = False
    healthy: datetime | None = None
    gone: bool = False
    definition: tuple[SafeText, ...] = ()

    @property
    def title(self) -> str:
        """As it is called: its number, else its image's tag."""
        return str(self.number) if self.number else self.name


def definition(text: str) -> tuple[SafeText, ...]:
    """A definition's lines as a revision keeps them: safe, their number bounded."""
    lines = text.splitlines()
    kept = [safe(line, 500) for line in lines[:DEFINITION_LINES]]
    if len(lines) > DEFINITION_LINES:
        kept.append(SafeText(f"... and {len(lines) - DEFINITION_LINES} lines more"))
    return tuple(kept)


def difference(old: Revision, new: Revision) -> tuple[SafeText, ...]:
    """What differs between the definitions of two revisions, as a unified diff without its head; empty: nothing."""
    lines = list(unified_diff(_lines(old.definition), _lines(new.definition), n=2, lineterm=""))[2:]
    if len(lines) > DIFF_LINES:
        lines = [*lines[:DIFF_LINES], f"... and {len(lines) - DIFF_LINES} lines more"]
    return tuple(safe(line) for line in lines)


def _lines(lines: Sequence[SafeText]) -> list[str]:
    return [str(line) for line in lines]
