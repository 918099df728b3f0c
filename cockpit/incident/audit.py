"""Does the journal still say what it said? Walks the whole chain and names every entry at which it does not.

It proves that no entry was changed, taken out or put in between. Whoever owns the file can rewrite all of it: that
shows only against a head that was exported before (`NUMBER:CHAIN`).
"""

from collections.abc import Iterable

from msgspec import Struct

from cockpit.incident import chain
from cockpit.incident.rows import Raw

MAX_PROBLEMS = 20


class Audit(Struct, frozen=True, kw_only=True):
    """What was found. head: "NUMBER:CHAIN" of the last entry; more: problems beyond the twenty that are listed."""

    entries: int
    redacted: int
    head: str
    problems: tuple[str, ...]
    more: int = 0

    @property
    def whole(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


class _Walk:
    """The state of one walk along the chain."""

    def __init__(self) -> None:
        self.before = chain.GENESIS
        self.expected = 1
        self.missing: set[int] = set()
        self.kept: set[int] = set()
        self.redactions: set[int] = set()
        self.problems: list[str] = []

    def step(self, row: Raw) -> None:
        """Take in the next row."""
        columns, digest, stored, salt, text = row[:9], row[9], row[10], row[11], row[12]
        number = columns[0]
        if number != self.expected:
            self.problems.append(f"entry {self.expected}: missing (the next one is {number})")
        if not chain.same(chain.link(self.before, columns, digest), stored):
            self.problems.append(f"entry {number}: changed, or does not follow the one before it")
        if text is None or salt is None:
            self.missing.add(number)
        else:
            self.kept.add(number)
            if not chain.same(chain.digest_of(salt, text), digest):
                self.problems.append(f"entry {number}: its text was changed")
        if columns[5] == "redact" and columns[6].isdecimal():
            self.redactions.add(int(columns[6]))
        # Go on from what is stored: one changed entry is one problem, not one for every entry after it.
        self.before, self.expected = stored, number + 1

    def finish(self) -> None:
        """What can be said only at the end."""
        for number in sorted(self.missing - self.redactions):
            self.problems.append(f"entry {number}: its text is gone, but no redaction points at it")
        for number in sorted(self.redactions & self.kept):
            self.problems.append(f"entry {number}: redacted, but its text is still there")


def audit(rows: Iterable[Raw], exported: str = "") -> Audit:
    """Walk the chain. exported: a head noted earlier, which must be on it."""
    walk = _Walk()
    wanted_number, _, wanted = exported.partition(":")
    met = not exported
    count = 0
    for row in rows:
        walk.step(row)
        count += 1
        if exported and str(row[0]) == wanted_number:
            met = row[10].hex() == wanted.lower()
    walk.finish()
    if not met:
        walk.problems.insert(0, f"the exported head {exported} is not on this chain: it was rewritten or cut short")
    return Audit(
        entries=count, redacted=len(walk.redactions & walk.missing),
        head=f"{walk.expected - 1}:{walk.before.hex()}" if count else "",
        problems=tuple(walk.problems[:MAX_PROBLEMS]), more=max(0, len(walk.problems) - MAX_PROBLEMS),
    )  # fmt: skip
